"""Saved views: lists with their filters, kept by a person under a name of their own."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, DomainError, Key

MOST_VIEWS: Final = 50
"""Views of one person, over all lists."""


class ViewRefused(DomainError):
    """The person has a view of that name already, or too many."""


class SavedView(Base):
    """A list as a person wants to see it again: `path` is its address, `query` the filters as the address has them."""

    __tablename__ = "saved_view"
    __table_args__ = (
        UniqueConstraint("person_id", "path", "name"),
        CheckConstraint("length(name) >= 1", name="has_a_name"),
    )

    id: Mapped[Key]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    path: Mapped[str]
    name: Mapped[str]
    query: Mapped[str] = mapped_column(Text, default="")
    saved_at: Mapped[datetime]

    @property
    def address(self) -> str:
        """Where the list stands with these filters; it says the same to everybody who may read the list."""
        return f"{self.path}?{self.query}" if self.query else self.path
