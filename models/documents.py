"""What needs and innovations have in common as texts that are read, searched and shown."""

import unicodedata
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, DomainError, Key


class Side(StrEnum):
    """Which of the two kinds of document it is."""

    NEED = "need"
    INNOVATION = "innovation"

    @property
    def other(self) -> "Side":
        """The side that answers."""
        return Side.INNOVATION if self is Side.NEED else Side.NEED


class Visibility(StrEnum):
    """Who may read a document beyond its owner and the Hub."""

    PUBLIC = "public"
    PARTNERS = "partners"
    HUB_ONLY = "hub_only"


class Readability(StrEnum):
    """Whether the text says something that the matching can read."""

    UNREAD = "unread"
    READABLE = "readable"
    EMPTY = "empty"
    UNREADABLE = "unreadable"
    FOREIGN_LANGUAGE = "foreign_language"


class TransitionRefused(DomainError):
    """The document is not in a state from which that step may be taken."""


class StaleVersion(DomainError):
    """Somebody else changed the row after it was read."""


class Walking:
    """The columns by which a document walks: what was read, embedded and proposed of which revision.

    `live` is false while the import that brought the row is not complete; `revision` counts changes of content.
    """

    created_by: Mapped[str] = mapped_column(default="")  # as events name actors
    readability: Mapped[Readability] = mapped_column(default=Readability.UNREAD)
    revision: Mapped[int] = mapped_column(default=1)
    embedded_revision: Mapped[int | None]
    embedded_encoder: Mapped[str | None]
    cut_characters: Mapped[int] = mapped_column(default=0)
    proposed_revision: Mapped[int | None]
    import_id: Mapped[UUID | None] = mapped_column(ForeignKey("import_batch.id"))
    import_line: Mapped[int | None]
    live: Mapped[bool] = mapped_column(default=True)
    search_text: Mapped[str] = mapped_column(Text, default="")


class Revision(Base):
    """One version of a document's content, kept so that a proposal can be explained later."""

    __tablename__ = "revision"
    __table_args__ = (
        CheckConstraint("(need_id IS NULL) <> (innovation_id IS NULL)", name="one_document"),
        UniqueConstraint("need_id", "number"),
        UniqueConstraint("innovation_id", "number"),
        Index("ix_revision_content_hash", "content_hash"),
    )

    id: Mapped[Key]
    need_id: Mapped[UUID | None] = mapped_column(ForeignKey("need.id"))
    innovation_id: Mapped[UUID | None] = mapped_column(ForeignKey("innovation.id"))
    number: Mapped[int]
    content: Mapped[dict[str, Any]]
    content_hash: Mapped[str]
    saved_at: Mapped[datetime]


def searchable_text(*texts: str | None) -> str:
    """Fold texts for the full-text filter of lists: no case, no accents, words parted by one space."""
    joined = unicodedata.normalize("NFKD", " ".join(text for text in texts if text)).casefold()
    kept = "".join(c if c.isalnum() else " " for c in joined if not unicodedata.combining(c))
    return " ".join(kept.split())
