"""Merges: two innovations were found to be one; each keeps its rows, and the kept one stands for both."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, DomainError, Key
from models.working_days import in_london


class MergeRefused(DomainError):
    """The two may not be merged, or no longer parted."""


class Merge(Base):
    """That one innovation was merged into another, and whether it was parted again; a row is never deleted.

    While the merge stands, `Innovation.merged_into_id` of the merged one names the kept one.
    """

    __tablename__ = "merge"
    __table_args__ = (
        CheckConstraint("kept_id <> merged_id", name="of_two"),
        CheckConstraint("(undone_at IS NULL) = (undone_by_name IS NULL)", name="undone_whole"),
        Index(
            "ix_merge_standing",
            "merged_id",
            unique=True,
            sqlite_where=text("undone_at IS NULL"),
            postgresql_where=text("undone_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    kept_id: Mapped[UUID] = mapped_column(ForeignKey("innovation.id"), index=True)
    merged_id: Mapped[UUID] = mapped_column(ForeignKey("innovation.id"), index=True)
    merged_at: Mapped[datetime]
    merged_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    merged_by_name: Mapped[str]
    note: Mapped[str] = mapped_column(Text, default="")
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    undone_by_name: Mapped[str | None]

    @property
    def in_words(self) -> str:
        """Who merged, and when, as a sentence for those who came after."""
        return f"{self.merged_by_name} merged it at {in_london(self.merged_at)}."

    def must_stand(self) -> None:
        """Refuse when the two were parted already; raises MergeRefused, which tells by whom and when."""
        if self.undone_at is not None:
            raise MergeRefused(f"{self.undone_by_name} parted the two at {in_london(self.undone_at)}.", state="apart")

    def undo(self, *, by: UUID | None, by_name: str, at: datetime) -> None:
        """Write down that the two were parted again, by nobody where the service itself did; raises MergeRefused the second time."""
        self.must_stand()
        self.undone_at, self.undone_by, self.undone_by_name = at, by, by_name
