"""Calls: an open need that nothing answers yet, published under a reference so that anybody may answer it."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, DomainError, Key
from models.documents import Visibility
from models.needs import Need, NeedStatus
from models.working_days import day_of


class CallRefused(DomainError):
    """Only an open need that everybody may read and nothing answers is published, and only once at a time."""


class CallEnded(DomainError):
    """The call was closed before."""


class CallDatePassed(DomainError):
    """A call cannot close before the day on which it is published."""


class CallClosure(StrEnum):
    """Why a call ended; *withdrawn* with its need, *taken back* by who published it or because the need is for everybody no more."""

    ANSWERED = "answered"
    MET = "met"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    TAKEN_BACK = "taken_back"


_ENDED_WITH: dict[NeedStatus, CallClosure] = {
    NeedStatus.MET: CallClosure.MET,
    NeedStatus.CLOSED: CallClosure.WITHDRAWN,
    NeedStatus.WITHDRAWN: CallClosure.WITHDRAWN,
}


class Call(Base):
    """The call for answers to one need; what it says is the need's own words, as they now stand, and an introduction.

    `closes_on` is the last day, in London, on which it is open. A need has one open call at a time.
    """

    __tablename__ = "call"
    __table_args__ = (
        CheckConstraint("(closed_at IS NULL) = (closed_reason IS NULL)", name="closed_with_reason"),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
        Index(
            "ix_call_open_of_need",
            "need_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_call_need_id", "need_id"),
        Index("ix_call_published_at_id", "published_at", "id"),
    )

    id: Mapped[Key]
    reference: Mapped[str] = mapped_column(unique=True)
    need_id: Mapped[UUID] = mapped_column(ForeignKey("need.id"))
    introduction: Mapped[str] = mapped_column(Text, default="")
    published_by: Mapped[str]  # as events name actors
    published_at: Mapped[datetime]
    closes_on: Mapped[date | None]
    closed_at: Mapped[datetime | None]
    closed_reason: Mapped[CallClosure | None]
    version: Mapped[int] = mapped_column(default=1)

    need: Mapped[Need] = relationship(lazy="joined")

    @property
    def is_closed(self) -> bool:
        """Whether it ended."""
        return self.closed_at is not None

    def ending(self, *, at: datetime) -> CallClosure | None:
        """Why it is to end now by itself: its need ended or is for everybody no more, or its last day is over; None while it goes on."""
        if self.is_closed:
            return None
        if closure := _ENDED_WITH.get(self.need.status):
            return closure
        if not publishable(self.need):
            return CallClosure.TAKEN_BACK
        return CallClosure.EXPIRED if self.closes_on is not None and self.closes_on < day_of(at) else None

    def close(self, reason: CallClosure, *, at: datetime) -> None:
        """End it, once; raises CallEnded, which tells when and why it ended."""
        if self.closed_at is not None and self.closed_reason is not None:
            why = self.closed_reason.replace("_", " ")
            said = f"The call {self.reference} was closed on {day_of(self.closed_at):%d %B %Y} ({why})."
            raise CallEnded(said, closed_at=self.closed_at.isoformat(), closed_reason=self.closed_reason.value)
        self.closed_at, self.closed_reason = at, reason
        self.version += 1


class CallCount(Base):
    """How many references of a year were given; the row that two who publish at once wait for."""

    __tablename__ = "call_count"
    __table_args__ = (CheckConstraint("given >= 1", name="given_counts_from_one"),)

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    given: Mapped[int]


def publishable(need: Need) -> bool:
    """Whether a call for answers to it may stand: it is open, and everybody may read it."""
    return need.live and need.status is NeedStatus.OPEN and need.visibility is Visibility.PUBLIC


def reference_of(year: int, number: int) -> str:
    """The reference that people quote."""
    return f"WYC-{year}-{number:04d}"
