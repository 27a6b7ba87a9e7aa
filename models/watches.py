"""Watches: what somebody wants to be told of, what was found for it, and what has been looked at."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, DomainError, Key
from models.documents import searchable_text

MOST_WATCHES: Final = 50
"""Watches of one person; who wants to be told of everything has the lists."""
_ONE_SUBJECT: Final = (
    "(CASE WHEN need_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN call_id IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN innovation_id IS NULL THEN 0 ELSE 1 END) = 1"
)


class WatchRefused(DomainError):
    """The watch is there already, or there are too many."""


class WatchEmpty(DomainError):
    """The watch says nothing."""


class WatchKind(StrEnum):
    """By what it is found."""

    THEME = "theme"
    PLACE = "place"
    TEXT = "text"


class Watched(StrEnum):
    """What is looked for: needs with the calls for answers to them, or innovations."""

    NEEDS = "needs"
    INNOVATIONS = "innovations"


class SubjectKind(StrEnum):
    """What was found."""

    NEED = "need"
    CALL = "call"
    INNOVATION = "innovation"


class Watch(Base):
    """That a person wants to be told of new things; `folded` is the value without case and accents, one watch of a kind each."""

    __tablename__ = "watch"
    __table_args__ = (
        UniqueConstraint("person_id", "kind", "what", "folded"),
        CheckConstraint("folded <> ''", name="says_something"),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
        Index("ix_watch_kind_what", "kind", "what", "folded"),
        Index("ix_watch_created_at_id", "created_at", "id"),
    )

    id: Mapped[Key]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[WatchKind]
    what: Mapped[Watched]
    value: Mapped[str] = mapped_column(Text)
    folded: Mapped[str] = mapped_column(Text)
    muted: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    def mute(self, muted: bool) -> bool:
        """Look no more, or again; returns whether that is a change."""
        changed = self.muted != muted
        if changed:
            self.muted, self.version = muted, self.version + 1
        return changed


class WatchHit(Base):
    """That something was found for a watch, once each; `told_at` is when it went out in a mail."""

    __tablename__ = "watch_hit"
    __table_args__ = (
        CheckConstraint(_ONE_SUBJECT, name="one_subject"),
        UniqueConstraint("watch_id", "need_id"),
        UniqueConstraint("watch_id", "call_id"),
        UniqueConstraint("watch_id", "innovation_id"),
        Index("ix_watch_hit_told_at", "told_at", "found_at"),
    )

    id: Mapped[Key]
    watch_id: Mapped[UUID] = mapped_column(ForeignKey("watch.id", ondelete="CASCADE"))
    need_id: Mapped[UUID | None] = mapped_column(ForeignKey("need.id"))
    call_id: Mapped[UUID | None] = mapped_column(ForeignKey("call.id"))
    innovation_id: Mapped[UUID | None] = mapped_column(ForeignKey("innovation.id"))
    found_at: Mapped[datetime]
    told_at: Mapped[datetime | None]

    watch: Mapped[Watch] = relationship(lazy="joined")

    @property
    def subject(self) -> tuple[SubjectKind, UUID]:
        """What was found."""
        named = ((SubjectKind.NEED, self.need_id), (SubjectKind.CALL, self.call_id), (SubjectKind.INNOVATION, self.innovation_id))
        return next((kind, found) for kind, found in named if found is not None)


class Looked(Base):
    """Which version of a thing the watches have been held against; a younger one is looked at again."""

    __tablename__ = "looked"

    kind: Mapped[SubjectKind] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    looked_at: Mapped[datetime]


def folded(value: str) -> str:
    """A value as it is compared: no case, no accents, words parted by one space."""
    return searchable_text(value)
