"""Work that is owed: one row a job, so that a killed process forgets nothing."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key

MAX_ATTEMPTS = 5


class JobState(StrEnum):
    """Where a job stands; one that is done is no row any more, a *dead* one failed five times."""

    QUEUED = "queued"
    RUNNING = "running"
    DEAD = "dead"


class JobRow(Base):
    """One job: its name, the ids that it works on, when it is due and how often it was tried.

    `dedupe_key` holds one queued row a piece of work; a job that is running may be queued again, because the
    row that it read may have changed since.
    """

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        Index("ix_job_due", "state", "priority", "due_at"),
        Index(
            "ix_job_dedupe",
            "name",
            "dedupe_key",
            unique=True,
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
    )

    id: Mapped[Key]
    name: Mapped[str]
    dedupe_key: Mapped[str]
    arguments: Mapped[dict[str, Any]]
    state: Mapped[JobState] = mapped_column(default=JobState.QUEUED)
    due_at: Mapped[datetime]
    priority: Mapped[int] = mapped_column(default=0)  # 0 for what somebody waits for, 1 for bulk
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]  # when the broker was last told; only the service mode has one
    last_error: Mapped[str] = mapped_column(Text, default="")
    correlation_id: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    @property
    def is_dead(self) -> bool:
        """Whether it failed too often and waits for a person."""
        return self.state is JobState.DEAD

    def start(self, *, at: datetime, lease_seconds: float) -> None:
        """Take the job; whoever dies with it in hand loses it when the lease ends."""
        self.state, self.attempts, self.leased_until = JobState.RUNNING, self.attempts + 1, at + timedelta(seconds=lease_seconds)

    def put_back(self, error: str, *, due_at: datetime) -> None:
        """Wait for something outside the job, which is not its failure."""
        self.state, self.due_at, self.leased_until, self.last_error, self.attempts = JobState.QUEUED, due_at, None, error, self.attempts - 1

    def put_aside(self, error: str, *, due_at: datetime) -> None:
        """Try again later; the attempt counts."""
        self.state, self.due_at, self.leased_until, self.last_error = JobState.QUEUED, due_at, None, error

    def give_up(self, error: str, *, at: datetime) -> None:
        """Wait for a person."""
        self.state, self.finished_at, self.leased_until, self.last_error = JobState.DEAD, at, None, error

    def retry(self, *, at: datetime) -> None:
        """Begin anew, because a person says so."""
        self.state, self.attempts, self.due_at, self.finished_at, self.sent_at = JobState.QUEUED, 0, at, None, at

    def fail(self, error: str, *, at: datetime) -> None:
        """Try again later, each time after twice as long; after the last attempt wait for a person."""
        if self.attempts >= MAX_ATTEMPTS:
            self.give_up(error, at=at)
        else:
            self.put_aside(error, due_at=at + timedelta(seconds=2.0**self.attempts))
