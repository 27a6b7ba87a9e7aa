"""Jobs that failed too often wait for a person, who looks at them and has them tried again."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.queue import Owed, tell
from api.services.recording import record
from models.actors import Actor
from models.base import DomainError
from models.events import Event
from models.jobs import JobRow
from models.queries import jobs
from models.queries.documents import NotFound


class NotDead(DomainError):
    """The job has not failed too often: it waits, or somebody works on it."""


def retry(session: Session, job_id: UUID, *, actor: Actor, at: datetime) -> JobRow:
    """Queue a job that failed too often once more; raises NotFound or NotDead.

    Where a younger row owes the same work already, that one is queued and this one gone.
    """
    row = jobs.one(session, job_id)
    if row is None:
        raise NotFound("There is no job of that id; one that is done is kept no longer. List those that failed.")
    if not row.is_dead:
        raise NotDead("This job has not failed: it waits for its turn or is being done. Nothing was changed.", state=row.state.value)
    return _again(session, [row], actor=actor, at=at)[0]


def retry_all(session: Session, *, actor: Actor, at: datetime) -> int:
    """Queue every job that failed too often once more; returns how many there were."""
    return len(_again(session, jobs.dead(session), actor=actor, at=at))


def _again(session: Session, rows: Sequence[JobRow], *, actor: Actor, at: datetime) -> list[JobRow]:
    queued = []
    for row in rows:
        told = Event.of("job.retried", subject_kind="job", subject_id=row.id, actor=actor.name, at=at, job=row.name)
        record(session, told, at=at)
        if (twin := jobs.queued_twin(session, row)) is not None:
            session.delete(row)
            queued.append(twin)
        else:
            row.retry(at=at)
            queued.append(row)
        session.flush()
    tell(session, [Owed(id=row.id, name=row.name, bulk=bool(row.priority), due=row.due_at <= at) for row in queued])
    return queued
