"""Answers kept for a while, so that a request that is sent again is answered again and done once."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key


class AnswerState(StrEnum):
    """Whether the request is being worked on, or was answered."""

    IN_FLIGHT = "in_flight"
    KEPT = "kept"


class KeptAnswer(Base):
    """An Idempotency-Key of one actor: first a claim on it, then the answer to the request that it came with.

    Who claimed it holds `token` until `leased_until`; the answer is written with the effect, and only by that
    token. `payload_hash` is SHA-256 of what was sent, so that one key cannot stand for two requests.
    """

    __tablename__ = "kept_answer"
    __table_args__ = (
        UniqueConstraint("actor", "key"),
        CheckConstraint("(state = 'kept') = (status IS NOT NULL)", name="kept_with_status"),
        CheckConstraint("(state = 'kept') = (body IS NOT NULL)", name="kept_with_body"),
        Index("ix_kept_answer_expires_at", "expires_at"),
    )

    id: Mapped[Key]
    actor: Mapped[str]
    key: Mapped[str]
    route: Mapped[str]
    payload_hash: Mapped[str]
    token: Mapped[UUID]
    state: Mapped[AnswerState]
    claimed_at: Mapped[datetime]
    leased_until: Mapped[datetime]
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime]

    def is_free(self, at: datetime) -> bool:
        """Whether the key may stand for a new request: its day is over, or who claimed it is gone."""
        return self.expires_at <= at or (self.state is AnswerState.IN_FLIGHT and self.leased_until <= at)
