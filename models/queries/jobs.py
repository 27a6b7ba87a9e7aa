"""What work is owed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.jobs import JobRow, JobState


def queue_up(
    session: Session,
    name: str,
    work: Mapping[str, dict[str, Any]],
    *,
    due_at: datetime,
    at: datetime,
    correlation_id: str,
    priority: int = 0,
) -> None:
    """Add a queued job for each piece of work (its key -> arguments), unless one of the same name and key is queued already."""
    if not work:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(JobRow).on_conflict_do_nothing(index_elements=["name", "dedupe_key"], index_where=text("state = 'queued'"))
    common = {"name": name, "state": JobState.QUEUED, "due_at": due_at, "priority": priority, "attempts": 0, "last_error": ""}
    common |= {"correlation_id": correlation_id, "created_at": at}
    session.execute(row, [{"id": uuid4(), "dedupe_key": key, "arguments": arguments, **common} for key, arguments in work.items()])


def next_due(session: Session, at: datetime) -> JobRow | None:
    """The job that has been due longest, locked; a running one whose lease has ended is due again."""
    due = or_(
        (JobRow.state == JobState.QUEUED) & (JobRow.due_at <= at),
        (JobRow.state == JobState.RUNNING) & (JobRow.leased_until.is_(None) | (JobRow.leased_until < at)),
    )
    return session.scalars(
        select(JobRow).where(due).order_by(JobRow.priority, JobRow.due_at, JobRow.id).limit(1).with_for_update(skip_locked=True)
    ).first()


def has_queued_twin(session: Session, job: JobRow) -> bool:
    """Whether another row owes the same piece of work, so that this one may go."""
    same = (JobRow.name == job.name) & (JobRow.dedupe_key == job.dedupe_key) & (JobRow.state == JobState.QUEUED)
    return session.scalars(select(JobRow.id).where(same, JobRow.id != job.id)).first() is not None


def drop_dead_twins(session: Session, job: JobRow) -> None:
    """Remove the dead rows of the same piece of work: it has been done since, or a younger row says why it cannot be."""
    same = (JobRow.name == job.name) & (JobRow.dedupe_key == job.dedupe_key) & (JobRow.state == JobState.DEAD)
    session.execute(delete(JobRow).where(same, JobRow.id != job.id))


def dead_work(session: Session) -> set[tuple[str, str]]:
    """Name and key of every piece of work that waits for a person."""
    return {
        (row.name, row.dedupe_key) for row in session.execute(select(JobRow.name, JobRow.dedupe_key).where(JobRow.state == JobState.DEAD))
    }


def held(session: Session, job_id: UUID) -> JobRow | None:
    """A job that somebody works on, locked; None when it is gone."""
    return session.scalars(select(JobRow).where(JobRow.id == job_id).with_for_update()).first()


def release_all(session: Session) -> int:
    """Make every running job due again: for the start of the one process that runs them."""
    ended = update(JobRow).where(JobRow.state == JobState.RUNNING).values(leased_until=None, due_at=JobRow.created_at)
    released = session.scalars(select(JobRow.id).where(JobRow.state == JobState.RUNNING)).all()
    session.execute(ended)
    return len(released)


def next_due_at(session: Session) -> datetime | None:
    """When the next queued job falls due."""
    return session.scalar(select(func.min(JobRow.due_at)).where(JobRow.state == JobState.QUEUED))


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
