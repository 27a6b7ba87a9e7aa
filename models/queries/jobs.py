"""What work is owed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import func, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.jobs import JobRow, JobState


def queue_up(
    session: Session, name: str, *, dedupe_key: str, arguments: dict[str, Any], due_at: datetime, at: datetime, correlation_id: str
) -> None:
    """Add a queued job unless one of the same name and key is queued already."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(JobRow).values(
        id=uuid4(),
        name=name,
        dedupe_key=dedupe_key,
        arguments=arguments,
        state=JobState.QUEUED,
        due_at=due_at,
        attempts=0,
        last_error="",
        correlation_id=correlation_id,
        created_at=at,
    )
    session.execute(row.on_conflict_do_nothing(index_elements=["name", "dedupe_key"], index_where=text("state = 'queued'")))


def next_due(session: Session, at: datetime) -> JobRow | None:
    """The job that has been due longest, locked; a running one whose lease has ended is due again."""
    due = or_(
        (JobRow.state == JobState.QUEUED) & (JobRow.due_at <= at),
        (JobRow.state == JobState.RUNNING) & (JobRow.leased_until < at),
    )
    return session.scalars(select(JobRow).where(due).order_by(JobRow.due_at, JobRow.id).limit(1).with_for_update(skip_locked=True)).first()


def queued_twin(session: Session, job: JobRow) -> JobRow | None:
    """Another queued row of the same piece of work."""
    same = (JobRow.name == job.name) & (JobRow.dedupe_key == job.dedupe_key) & (JobRow.state == JobState.QUEUED)
    return session.scalars(select(JobRow).where(same, JobRow.id != job.id)).first()


def counts(session: Session) -> dict[str, dict[str, int]]:
    """How many jobs of each name are in each state."""
    found: dict[str, dict[str, int]] = {}
    for name, state, count in session.execute(select(JobRow.name, JobRow.state, func.count()).group_by(JobRow.name, JobRow.state)):
        found.setdefault(name, {})[state.value] = count
    return found


def dead(session: Session) -> Sequence[JobRow]:
    """Jobs that failed too often and wait for a person."""
    return session.scalars(select(JobRow).where(JobRow.state == JobState.DEAD).order_by(JobRow.finished_at)).all()


def pending_count(session: Session, at: datetime) -> int:
    """How many jobs are due or running."""
    owed = or_((JobRow.state == JobState.QUEUED) & (JobRow.due_at <= at), JobRow.state == JobState.RUNNING)
    return session.scalar(select(func.count()).select_from(JobRow).where(owed)) or 0
