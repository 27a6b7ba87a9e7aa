"""The event chain as the database holds it: read as text and hashed anew, so that a value nobody can read is told too."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, func, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from models.events import HASHED, ChainHead, Event, hash_of

BATCH = 1000
_PLAIN = ("position", "kind", "subject_kind", "actor", "ordinal", "correlation_id", "once_key", "previous_hash", "hash")


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
        for row in found.mappings():
            yield Link(row["position"], row["previous_hash"], row["hash"], _computed({str(name): value for name, value in row.items()}))


def unsealed(session: Session, before: datetime) -> tuple[int, int]:
    """How many events have no place in the chain yet, and how many of them were written before a time."""
    late = func.count().filter(Event.recorded_at < before)
    found = session.execute(select(func.count(), late).where(Event.position.is_(None))).one()
    return found[0], found[1]


def _stored(session: Session) -> list[ColumnElement[Any]]:
    """The columns of a link as numbers and text: the types of the models, and of the driver, fail on what they do not know."""
    if session.get_bind().dialect.name == "sqlite":
        return [type_coerce(getattr(Event, name), NullType()).label(name) for name in (*HASHED, "hash")]
    time = func.to_char(func.timezone("UTC", Event.recorded_at), "YYYY-MM-DD HH24:MI:SS.US")
    texts = [cast(getattr(Event, name), String).label(name) for name in ("id", "subject_id", "data")]
    return [*(getattr(Event, name) for name in _PLAIN), time.label("recorded_at"), *texts]


def _computed(row: Mapping[str, Any]) -> str | None:
    try:
        said = {
            "id": _id(row["id"]),
            "subject_id": _id(row["subject_id"]),
            "recorded_at": _time(row["recorded_at"]),
            "data": json.loads(row["data"], object_pairs_hook=_once_each),
        }
        return hash_of({name: row[name] for name in HASHED if name not in said} | said)
    except (ValueError, TypeError, RecursionError):
        return None


def _id(stored: str) -> str:
    """An id in its one written form: SQLite keeps 32 hex digits, PostgreSQL tells groups of them."""
    found = UUID(hex=stored)
    if stored not in {found.hex, str(found)}:
        raise ValueError("An id is written in another form than ours.")
    return str(found)


def _time(stored: str) -> datetime:
    """A time in its one written form, in UTC."""
    found = datetime.fromisoformat(stored)
    if stored != found.isoformat(sep=" ", timespec="microseconds"):
        raise ValueError("A time is written in another form than ours.")
    return found.replace(tzinfo=UTC)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a name that JSON says twice, readers take one or the other."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("An object says a name twice.")
    return found
