"""Clocks: how long somebody has been waited for, in working days, and whether they were told."""

from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key
from models.working_days import add_working_days, day_of, working_days_between

REMINDER_AFTER: Final = 4
OVERDUE_AFTER: Final = 6
"""Working days that somebody is waited for before a reminder, and before it is overdue."""


class ClockKind(StrEnum):
    """What is waited for."""

    TRIAGE = "triage"
    ASK = "ask"
    PLACE_ANSWER = "place_answer"
    REFERRAL = "referral"


class Due(StrEnum):
    """What a clock is due for."""

    REMINDER = "reminder"
    OVERDUE = "overdue"


class Clock(Base):
    """A clock of one thing that somebody is waited for; paused while it is somebody else's turn, stopped when it is done.

    `counted` are the working days before the last pause. A clock that runs has `running_since` and the days on which
    it is due; one that is paused or stopped has neither.
    """

    __tablename__ = "clock"
    __table_args__ = (
        UniqueConstraint("kind", "subject_id"),
        CheckConstraint("counted >= 0", name="counted_not_negative"),
        CheckConstraint("(running_since IS NULL) = (reminder_on IS NULL)", name="runs_with_reminder_day"),
        CheckConstraint("(running_since IS NULL) = (overdue_on IS NULL)", name="runs_with_overdue_day"),
        CheckConstraint("stopped_at IS NULL OR running_since IS NULL", name="stopped_or_running"),
        Index("ix_clock_reminder", "reminder_on", "reminded_at"),
        Index("ix_clock_overdue", "overdue_on", "overdue_told_at"),
    )

    id: Mapped[Key]
    kind: Mapped[ClockKind]
    subject_id: Mapped[UUID]
    started_at: Mapped[datetime]
    running_since: Mapped[datetime | None]
    counted: Mapped[int] = mapped_column(default=0)
    reminder_on: Mapped[date | None]
    overdue_on: Mapped[date | None]
    reminded_at: Mapped[datetime | None]
    overdue_told_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]

    @classmethod
    def started(cls, kind: ClockKind, subject_id: UUID, *, at: datetime) -> "Clock":
        """A clock that begins to run; the day on which it starts is day 0."""
        row = cls(kind=kind, subject_id=subject_id, started_at=at, counted=0)
        row._run(at)
        return row

    @property
    def is_running(self) -> bool:
        """Whether it counts now."""
        return self.running_since is not None

    @property
    def is_paused(self) -> bool:
        """Whether it waits to go on."""
        return self.running_since is None and self.stopped_at is None

    def working_days(self, at: datetime) -> int:
        """How many working days have been counted until a moment, pauses left out."""
        return self.counted + (working_days_between(day_of(self.running_since), day_of(at)) if self.running_since else 0)

    def due(self, at: datetime) -> Due | None:
        """What it is due for and has not been told; overdue before a reminder that was missed."""
        today = day_of(at)
        if self.overdue_on is not None and self.overdue_on <= today and self.overdue_told_at is None:
            return Due.OVERDUE
        if self.reminder_on is not None and self.reminder_on <= today and self.reminded_at is None and self.overdue_told_at is None:
            return Due.REMINDER
        return None

    def is_overdue(self, at: datetime) -> bool:
        """Whether it runs and has run longer than it should."""
        return self.overdue_on is not None and self.overdue_on <= day_of(at)

    def told(self, due: Due, *, at: datetime) -> None:
        """Write down that somebody was told; each is told once, however often a clock is paused."""
        if due is Due.OVERDUE:
            self.overdue_told_at = at
        else:
            self.reminded_at = at

    def pause(self, *, at: datetime) -> None:
        """Count no more until it is resumed; twice is once."""
        self.counted = self.working_days(at)
        self.running_since = self.reminder_on = self.overdue_on = None

    def resume(self, *, at: datetime) -> None:
        """Count on from where it was paused, or from where it was stopped; one that runs goes on."""
        if self.running_since is None:
            self.stopped_at = None
            self._run(at)

    def stop(self, *, at: datetime) -> None:
        """End it: what was waited for is there. Twice is once."""
        if self.stopped_at is None:
            self.pause(at=at)
            self.stopped_at = at

    def _run(self, at: datetime) -> None:
        self.running_since = at
        day = day_of(at)
        self.reminder_on, self.overdue_on = (self._day_of(after, day) for after in (REMINDER_AFTER, OVERDUE_AFTER))

    def _day_of(self, after: int, day: date) -> date:
        left = after - self.counted
        return add_working_days(day, left) if left > 0 else day
