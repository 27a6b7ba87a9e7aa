"""The event chain as the database holds it: read as text and hashed anew, so that a value nobody can read is told too."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from models.events import HASHED, ChainHead, Event, hash_of_written

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Link:
    """One sealed event as it is stored; `computed` is the hash that its columns give, None when one of them cannot be read."""

    position: Any
    previous_hash: Any
    hash: Any
    computed: str | None


def head(session: Session) -> ChainHead | None:
    """Where the sealer left the chain, as the database has it now; None before the first event was sealed."""
    return session.get(ChainHead, 1, populate_existing=True)


def move_head(session: Session, *, position: int, hash: str, at: datetime) -> None:
    """Let the chain end here; for the sealer only."""
    session.merge(ChainHead(id=1, position=position, hash=hash, sealed_at=at))


def hash_at(session: Session, position: int) -> str | None:
    """The hash of the event at a position; None where there is none."""
    return session.scalar(select(Event.hash).where(Event.position == position))


def links(session: Session) -> Iterator[Link]:
    """Every sealed event in the order of positions, read in batches from one state of the database."""
    query = select(*_stored(session)).where(Event.position.is_not(None)).order_by(Event.position, Event.id)
    with session.execute(query, execution_options={"yield_per": BATCH}) as found:
        for *values, stored_hash in found:
            yield Link(values[_POSITION], values[_PREVIOUS], stored_hash, _computed(values))


def unsealed(session: Session, before: datetime) -> tuple[int, int]:
    """How many events have no place in the chain yet, and how many of them were written before a time."""
    late = func.count().filter(Event.recorded_at < before)
    found = session.execute(select(func.count(), late).where(Event.position.is_(None))).one()
    return found[0], found[1]


def _stored(session: Session) -> list[ColumnElement[Any]]:
    """The hashed columns and the hash, as numbers and text: the types of the models, and of the driver, fail on what they do not know."""
    columns: dict[str, ColumnElement[Any]] = {name: type_coerce(getattr(Event, name), NullType()) for name in (*HASHED, "hash")}
    if session.get_bind().dialect.name == "postgresql":
        columns |= {name: cast(getattr(Event, name), String) for name in ("id", "subject_id", "data")}
        columns["recorded_at"] = func.to_char(func.timezone("UTC", Event.recorded_at), "YYYY-MM-DD HH24:MI:SS.US")
    return list(columns.values())


def _computed(values: list[Any]) -> str | None:
    """The hash of what is stored, in its one written form: an id in lower case, a time to the microsecond, no name twice in an object."""
    written = values.copy()
    try:
        for place in _IDS:
            written[place] = "-".join(_parts(_ID, values[place]))
        written[_TIME] = "T".join(_parts(_WHEN, values[_TIME])) + "+00:00"
        written[_DATA] = _decoded(values[_DATA])
        return hash_of_written(written)
    except (ValueError, TypeError, RecursionError):
        return None


def _parts(form: re.Pattern[str], stored: str) -> tuple[str, ...]:
    if (found := form.fullmatch(stored)) is None:
        raise ValueError("A value is written in another form than ours.")
    return found.groups()


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a name that JSON says twice, readers take one or the other."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("An object says a name twice.")
    return found


_POSITION, _PREVIOUS, _TIME, _DATA = (HASHED.index(name) for name in ("position", "previous_hash", "recorded_at", "data"))
_IDS = (HASHED.index("id"), HASHED.index("subject_id"))
_ID = re.compile("-?".join(f"([0-9a-f]{{{length}}})" for length in (8, 4, 4, 4, 12)))  # SQLite keeps 32 digits, PostgreSQL tells groups
_WHEN = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{6})")
_decoded = json.JSONDecoder(object_pairs_hook=_once_each).decode
