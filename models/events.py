"""The one append-only table: audit, outbox, activity view and feed."""

import hashlib
import json
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key

GENESIS = "0" * 64
_written = count()

PIPELINE_KINDS = frozenset(
    {"submission.received", "submission.withdrawn", "need.opened", "need.closed", "match.confirmed", "match.reversed"}
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
        said = [
            self.position,
            self.previous_hash,
            str(self.id),
            self.kind,
            self.subject_kind,
            str(self.subject_id),
            self.actor,
            self.recorded_at.isoformat(),
            self.correlation_id,
            self.data,
        ]
        return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
