"""The one append-only table: audit, outbox, activity view and feed; and the end of its chain."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any, cast
from uuid import UUID, uuid4

from sqlalchemy import DDL, CheckConstraint, Index, Table, event
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, in_utc

GENESIS = "0" * 64
FORM = "event-2"
"""What is hashed, and how; another word for another list of columns, so that neither is taken for the other."""
ACCESS_REFUSED = "access.refused"
_written = count()

PIPELINE_KINDS = frozenset(
    {
        "submission.received",
        "submission.withdrawn",
        "need.opened",
        "need.closed",
        "need.joined",
        "need.met",
        "place.answered",
        "stage.changed",
        "match.confirmed",
        "referral.offered",
        "referral.accepted",
        "referral.declined",
        "referral.closed",
        "match.reversed",
    }
)


class Event(Base):
    """Something that happened; it carries ids and hashes, never e-mail addresses or free text.

    Written unsealed in the transaction of the change; the one sealer gives `position` (1, 2, 3 …) and the
    hash chain, so that no writer waits for another and no reader skips a late commit.
    """

    __tablename__ = "event"
    __table_args__ = (
        CheckConstraint("(position IS NULL) = (hash IS NULL)", name="sealed_whole"),
        Index("ix_event_subject", "subject_kind", "subject_id", "position"),
        Index("ix_event_unsealed", "recorded_at", "id"),
    )

    id: Mapped[Key]
    position: Mapped[int | None] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(index=True)
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID]
    actor: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    recorded_at: Mapped[datetime]
    ordinal: Mapped[int] = mapped_column(default=lambda: next(_written))  # the order of writing within one moment
    correlation_id: Mapped[str] = mapped_column(default="")
    once_key: Mapped[str | None] = mapped_column(unique=True)
    previous_hash: Mapped[str | None]
    hash: Mapped[str | None]

    @classmethod
    def of(
        cls,
        kind: str,
        *,
        subject_kind: str,
        subject_id: UUID,
        actor: str,
        at: datetime,
        once_key: str | None = None,
        **data: Any,  # noqa: ANN401 -- JSON values
    ) -> "Event":
        """A new unsealed event; `once_key` makes a second one of the same meaning impossible."""
        return cls(
            id=uuid4(),
            kind=kind,
            subject_kind=subject_kind,
            subject_id=subject_id,
            actor=actor,
            recorded_at=at,
            once_key=once_key,
            data=data,
        )

    def seal(self, *, position: int, previous_hash: str) -> str:
        """Take a place in the chain; returns the hash that the next event is sealed with."""
        self.position, self.previous_hash = position, previous_hash
        self.hash = self.chain_hash()
        return self.hash

    def chain_hash(self) -> str:
        """SHA-256 over the place in the chain and everything that the event says."""
        return hash_of({name: getattr(self, name) for name in HASHED})


class ChainHead(Base):
    """Where the chain ends: one row, moved by the sealer, so that a tail that was cut off is missed."""

    __tablename__ = "chain_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    position: Mapped[int]
    hash: Mapped[str]
    sealed_at: Mapped[datetime]


SAID = ("id", "kind", "subject_kind", "subject_id", "actor", "data", "recorded_at", "ordinal", "correlation_id", "once_key")
"""The columns that are written once; the others are the place in the chain, which the sealer writes once."""
HASHED = ("position", "previous_hash", *SAID)


_DATA = 1 + HASHED.index("data")  # after the word for the form
_encoded = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def hash_of(values: Mapping[str, Any]) -> str:
    """SHA-256 in hex over the columns HASHED."""
    said = {
        **values,
        "id": str(values["id"]),
        "subject_id": str(values["subject_id"]),
        "recorded_at": in_utc(values["recorded_at"]).isoformat(timespec="microseconds"),
    }
    return hash_of_written([said[name] for name in HASHED])


def hash_of_written(values: Sequence[Any]) -> str:
    """The same over values in the order of HASHED, of which ids and times are written out: `…-…`, `…T…+00:00`."""
    listed = [FORM, *values]
    listed[_DATA] = _by_value(listed[_DATA])
    return hashlib.sha256(_encoded(listed).encode()).hexdigest()


def _by_value(data: Any) -> Any:  # noqa: ANN401 -- JSON values
    """A whole number is whole however it was written: PostgreSQL gives back some that were floats as integers."""
    if isinstance(data, dict):
        return {name: _by_value(value) for name, value in data.items()}
    if isinstance(data, list):
        return [_by_value(value) for value in data]
    return int(data) if isinstance(data, float) and data.is_integer() else data


_NOT_CHANGED = "A sealed event is never changed."
_NOT_REWORDED = "What an event says is never changed; it is only sealed."
_NOT_DELETED = "An event is never deleted."
GUARDS: Mapping[str, tuple[str, ...]] = {
    "sqlite": (
        f"CREATE TRIGGER event_not_changed BEFORE UPDATE ON event WHEN OLD.position IS NOT NULL "
        f"BEGIN SELECT RAISE(ABORT, '{_NOT_CHANGED}'); END",
        f"CREATE TRIGGER event_not_reworded BEFORE UPDATE OF {', '.join(SAID)} ON event WHEN OLD.position IS NULL "
        f"BEGIN SELECT RAISE(ABORT, '{_NOT_REWORDED}'); END",
        f"CREATE TRIGGER event_not_deleted BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, '{_NOT_DELETED}'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION event_is_kept() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'restrict_violation'; END $$",
        f"CREATE TRIGGER event_not_changed BEFORE UPDATE ON event FOR EACH ROW WHEN (OLD.position IS NOT NULL) "
        f"EXECUTE FUNCTION event_is_kept('{_NOT_CHANGED}')",
        f"CREATE TRIGGER event_not_reworded BEFORE UPDATE OF {', '.join(SAID)} ON event FOR EACH ROW WHEN (OLD.position IS NULL) "
        f"EXECUTE FUNCTION event_is_kept('{_NOT_REWORDED}')",
        f"CREATE TRIGGER event_not_deleted BEFORE DELETE ON event FOR EACH ROW EXECUTE FUNCTION event_is_kept('{_NOT_DELETED}')",
        f"CREATE TRIGGER event_not_emptied BEFORE TRUNCATE ON event EXECUTE FUNCTION event_is_kept('{_NOT_DELETED}')",
    ),
}
"""What the database itself refuses, by its kind. A mistake is stopped by it; who may drop a trigger is found by the chain."""


def _when(change: str, statement: str, dialect: str) -> None:
    """Run a statement whenever the table is made, or dropped, in a database of that kind."""
    ddl = DDL(statement)  # type: ignore[no-untyped-call]
    event.listen(cast(Table, Event.__table__), change, ddl.execute_if(dialect=dialect))


for _kind, _statements in GUARDS.items():
    for _statement in _statements:
        _when("after_create", _statement, _kind)
_when("after_drop", "DROP FUNCTION IF EXISTS event_is_kept()", "postgresql")
