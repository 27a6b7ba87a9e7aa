"""Notes of Hub staff on a submission: what a colleague should know, and no innovator reads."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key


class SubmissionNote(Base):
    """What somebody of the Hub wrote down about a submission; it is added or deleted, never changed."""

    __tablename__ = "submission_note"
    __table_args__ = (
        CheckConstraint("length(text) >= 1", name="says_something"),
        Index("ix_submission_note_submission_id", "submission_id", "written_at"),
    )

    id: Mapped[Key]
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submission.id"))
    text: Mapped[str] = mapped_column(Text)
    written_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    written_by_name: Mapped[str]
    written_at: Mapped[datetime]
