"""What happened is written down: an event in the transaction of the change, and the job that will seal it."""

from datetime import datetime

from sqlalchemy.orm import Session

from api.queue import Job, enqueue
from models.events import Event


def record(session: Session, event: Event, *, at: datetime) -> Event:
    """Add an event; it gets its place in the chain as soon as the transaction has been committed."""
    session.add(event)
    enqueue(session, Job.SEAL, at=at)
    return event
