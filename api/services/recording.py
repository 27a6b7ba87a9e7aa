"""What happened is written down: an event in the transaction of the change, and the job that will seal it."""

from datetime import datetime

from sqlalchemy.orm import Session

from api.db import before_commit
from api.queue import Job, enqueue
from models.events import Event


def record(session: Session, event: Event, *, at: datetime) -> Event:
    """Add an event; it gets its place in the chain as soon as the transaction has been committed.

    The sealing is owed at the end of the transaction: all writers share its one row, and would else wait for each
    other's whole transactions, or in a ring.
    """
    session.add(event)
    before_commit(session, Job.SEAL, lambda ending: enqueue(ending, Job.SEAL, at=at))
    return event
