"""Who writes a need together: co-authors by a link in a mail, and the place leads who are asked to sign it off."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, DomainError, Key
from models.needs import Need, NeedStatus
from models.people import Person
from models.words import says_something
from models.working_days import in_london

MOST_SHARES: Final = 10
"""Co-authors of one need at a time; who wants more holds a workshop and writes down what came of it."""


class ShareRefused(DomainError):
    """The need cannot be shared with somebody, or not as things stand."""


class SignOffRefused(DomainError):
    """That person cannot be asked, or the answer lacks what it needs."""


class SignOffGiven(DomainError):
    """Whoever was asked has answered before."""


class SignOffVerdict(StrEnum):
    """What a place lead says of a need."""

    SIGNED = "signed"
    SENT_BACK = "sent_back"


class NeedShare(Base):
    """That the words of a need may be changed by whoever holds a mailed link, until it is taken back or too old."""

    __tablename__ = "need_share"
    __table_args__ = (
        CheckConstraint("expires_at > made_at", name="expires_after_made"),
        Index("ix_need_share_need_id", "need_id", "made_at"),
    )

    id: Mapped[Key]
    need_id: Mapped[UUID] = mapped_column(ForeignKey("need.id"))
    address: Mapped[str] = mapped_column(index=True)
    made_at: Mapped[datetime]
    made_by: Mapped[str]  # as events name actors
    made_by_name: Mapped[str]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]  # when its holder last changed the words

    need: Mapped[Need] = relationship(lazy="joined")

    def works(self, at: datetime) -> bool:
        """Whether its holder may still change the words."""
        return self.ended_at is None and at < self.expires_at and self.need.status in {NeedStatus.DRAFT, NeedStatus.OPEN}


class SignOff(Base):
    """That a place lead was asked to sign a need off, and the answer; `revision` is that of the text which they read."""

    __tablename__ = "sign_off"
    __table_args__ = (
        CheckConstraint("version >= 1", name="version_counts_from_one"),
        CheckConstraint("(verdict IS NULL) = (answered_at IS NULL)", name="answered_when"),
        CheckConstraint("(verdict IS NULL) = (revision IS NULL)", name="answered_to_what"),
        Index(
            "ix_sign_off_waits",
            "need_id",
            "person_id",
            unique=True,
            sqlite_where=text("answered_at IS NULL"),
            postgresql_where=text("answered_at IS NULL"),
        ),
        Index("ix_sign_off_person_id", "person_id"),
    )

    id: Mapped[Key]
    need_id: Mapped[UUID] = mapped_column(ForeignKey("need.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    asked_by: Mapped[str]  # as events name actors
    asked_by_name: Mapped[str]
    verdict: Mapped[SignOffVerdict | None]
    answered_at: Mapped[datetime | None]
    revision: Mapped[int | None]
    note: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)

    need: Mapped[Need] = relationship(lazy="joined")
    person: Mapped[Person] = relationship(lazy="joined")

    @property
    def is_of_this_text(self) -> bool:
        """Whether the answer is about the words as they stand."""
        return self.revision == self.need.revision

    def give(self, verdict: SignOffVerdict, note: str, *, at: datetime) -> None:
        """Take the answer; raises SignOffGiven when there is one, SignOffRefused when what is sent back says not why."""
        if self.answered_at is not None:
            said = "signed it off" if self.verdict is SignOffVerdict.SIGNED else "sent it back"
            raise SignOffGiven(f"{self.person.name} {said} at {in_london(self.answered_at)}.", verdict=self.verdict)
        if verdict is SignOffVerdict.SENT_BACK and not says_something(note):
            raise SignOffRefused("Say what has to change before you sign it off.", field="note")
        self.verdict, self.note, self.answered_at, self.revision = verdict, note, at, self.need.revision
        self.version += 1
