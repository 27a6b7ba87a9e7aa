"""The front door before an address is given: answers that somebody has begun, known by a token in their browser alone."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, DomainError, Key


class DraftGone(DomainError):
    """The answers are kept no longer: they were deleted, or are past their date."""


class FrontDoorDraft(Base):
    """The five answers as somebody without an account has typed them so far; nobody but their browser reads them.

    Beside them stands the id of the `need` that they were begun for, where somebody came from a need or a call.
    Only the hash of the browser's token is kept. `sends` counts how often they were sent to be claimed by mail: they stay
    until they are claimed here or deleted, so that a mistyped address costs nobody their words.
    """

    __tablename__ = "front_door_draft"
    __table_args__ = (
        CheckConstraint("expires_at > kept_at", name="expires_after_kept"),
        CheckConstraint("sends >= 0", name="sends_not_negative"),
    )

    id: Mapped[Key]
    token_hash: Mapped[str] = mapped_column(unique=True)
    answers: Mapped[dict[str, Any]]
    kept_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    sends: Mapped[int] = mapped_column(default=0)

    def keep(self, answers: dict[str, Any], *, at: datetime, expires_at: datetime) -> None:
        """Say something else, and be kept for as long again."""
        self.answers, self.kept_at, self.expires_at = answers, at, expires_at
