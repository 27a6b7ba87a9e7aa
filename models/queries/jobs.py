"""What work is owed."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, bindparam, delete, func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from models.jobs import JobRow, JobState
from models.queries.pages import Page, page_of


def queue_up(
    session: Session,
    name: str,
    work: Mapping[str, dict[str, Any]],
    *,
    due_at: datetime,
    at: datetime,
    correlation_id: str,
    priority: int = 0,
) -> Sequence[UUID]:
    """Add a queued job for each piece of work (its key -> arguments), unless one of the same name and key is queued already.

    Returns the ids of those that were added.
    """
    if not work:
        return []
    common = {"name": name, "state": JobState.QUEUED, "due_at": due_at, "priority": priority, "attempts": 0, "last_error": ""}
    common |= {"correlation_id": correlation_id, "created_at": at, "sent_at": at if due_at <= at else None}
    # In one order for everybody, so that two writers of the same work wait for each other and never in a ring.
    rows = [{"id": uuid4(), "dedupe_key": key, "arguments": work[key], **common} for key in sorted(work)]
    added = session.connection().execute(_insert(session.get_bind().dialect.name), rows)
    return [row.id for row in added]


@cache
def _insert(dialect: str) -> ReturningInsert[tuple[UUID]]:
    """Written once a dialect, and past the mapping of rows, because whatever happens puts jobs in the queue."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    row = insert(JobRow).on_conflict_do_nothing(index_elements=["name", "dedupe_key"], index_where=text("state = 'queued'"))
    return row.returning(JobRow.id)


def _is_due(at: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Queued and due, or in the hands of a process whose lease has ended."""
    return or_(
        (JobRow.state == JobState.QUEUED) & (JobRow.due_at <= at),
        (JobRow.state == JobState.RUNNING) & (JobRow.leased_until.is_(None) | (JobRow.leased_until < at)),
    )


# Written once: every job asks for these, and to put them together takes longer than SQLite takes to answer.
_NEXT_DUE = (
    select(JobRow)
    .where(_is_due(bindparam("at", type_=JobRow.due_at.type)))
    .order_by(JobRow.priority, JobRow.due_at, JobRow.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_HELD = (
    select(JobRow)
    .where(JobRow.id == bindparam("job_id"), JobRow.state == JobState.RUNNING, JobRow.attempts == bindparam("attempt"))
    .with_for_update()
    .execution_options(populate_existing=True)
)

_END = (
    delete(JobRow)
    .where(
        or_(
            JobRow.id.in_(bindparam("done", expanding=True)),
            (JobRow.name == bindparam("job_name"))
            & (JobRow.state == JobState.DEAD)
            & JobRow.dedupe_key.in_(bindparam("keys", expanding=True)),
        )
    )
    .execution_options(synchronize_session=False)
)


def next_due(session: Session, at: datetime) -> JobRow | None:
    """The job that has been due longest, locked."""
    return session.scalars(_NEXT_DUE, {"at": at}).first()


def due(session: Session, job_id: UUID, at: datetime) -> JobRow | None:
    """That job, locked; None when it is done, not due or in somebody's hands."""
    return session.scalars(select(JobRow).where(JobRow.id == job_id, _is_due(at)).with_for_update(skip_locked=True)).first()


def like(session: Session, job: JobRow, at: datetime, *, limit: int) -> Sequence[JobRow]:
    """Queued jobs of the same name and priority that are due and were never tried, locked, those due longest first."""
    same = (JobRow.name == job.name) & (JobRow.priority == job.priority) & (JobRow.state == JobState.QUEUED)
    query = select(JobRow).where(same, JobRow.due_at <= at, JobRow.attempts == 0, JobRow.id != job.id)
    return session.scalars(query.order_by(JobRow.due_at, JobRow.id).limit(limit).with_for_update(skip_locked=True)).all()


def unsent(session: Session, at: datetime, *, told_before: datetime, limit: int) -> Sequence[JobRow]:
    """Due jobs of which the broker was not told since then, locked."""
    silent = or_(JobRow.sent_at.is_(None), JobRow.sent_at < told_before)
    query = select(JobRow).where(_is_due(at), silent).order_by(JobRow.priority, JobRow.due_at, JobRow.id)
    return session.scalars(query.limit(limit).with_for_update(skip_locked=True)).all()


def renew(session: Session, ids: Collection[UUID], *, leased_until: datetime) -> None:
    """Lengthen the leases of running jobs."""
    session.execute(update(JobRow).where(JobRow.id.in_(ids), JobRow.state == JobState.RUNNING).values(leased_until=leased_until))


def queued_twin(session: Session, job: JobRow) -> JobRow | None:
    """Another row that owes the same piece of work, so that this one may go."""
    same = (JobRow.name == job.name) & (JobRow.dedupe_key == job.dedupe_key) & (JobRow.state == JobState.QUEUED)
    return session.scalars(select(JobRow).where(same, JobRow.id != job.id)).first()


def end(session: Session, ended: Sequence[JobRow]) -> None:
    """Remove jobs of one name that are done, and the dead rows of the same pieces of work."""
    [name] = {job.name for job in ended}
    done = {"done": [job.id for job in ended], "job_name": name, "keys": [job.dedupe_key for job in ended]}
    session.execute(_END, done)


def drop_dead_twins(session: Session, job: JobRow) -> None:
    """Remove the dead rows of the same piece of work: it has been done since, or a younger row says why it cannot be."""
    same = (JobRow.name == job.name) & (JobRow.dedupe_key == job.dedupe_key) & (JobRow.state == JobState.DEAD)
    session.execute(delete(JobRow).where(same, JobRow.id != job.id))


def dead_work(session: Session) -> set[tuple[str, str]]:
    """Name and key of every piece of work that waits for a person."""
    return {
        (row.name, row.dedupe_key) for row in session.execute(select(JobRow.name, JobRow.dedupe_key).where(JobRow.state == JobState.DEAD))
    }


def held(session: Session, job_id: UUID, attempt: int) -> JobRow | None:
    """A job in its so-manieth attempt, locked; None when it is gone or another process has taken it meanwhile."""
    return session.scalars(_HELD, {"job_id": job_id, "attempt": attempt}).first()


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


def one(session: Session, job_id: UUID) -> JobRow | None:
    """A job, locked; None when there is none of that id."""
    return session.scalars(select(JobRow).where(JobRow.id == job_id).with_for_update()).first()


def page(session: Session, *, state: JobState | None, name: str | None, after: str | None, limit: int) -> Page[JobRow]:
    """Jobs of that state and name, all without, those due first at the top."""
    query = select(JobRow)
    if state is not None:
        query = query.where(JobRow.state == state)
    if name is not None:
        query = query.where(JobRow.name == name)
    return page_of(session, query.order_by(JobRow.due_at, JobRow.id), after=after, limit=limit, kinds=(datetime, UUID))


def dead(session: Session) -> Sequence[JobRow]:
    """Jobs that failed too often and wait for a person."""
    return session.scalars(select(JobRow).where(JobRow.state == JobState.DEAD).order_by(JobRow.finished_at)).all()


def pending_count(session: Session, at: datetime) -> int:
    """How many jobs are due or running."""
    owed = or_((JobRow.state == JobState.QUEUED) & (JobRow.due_at <= at), JobRow.state == JobState.RUNNING)
    return session.scalar(select(func.count()).select_from(JobRow).where(owed)) or 0
