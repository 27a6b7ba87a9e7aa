"""staged -> stored: apply an import chunk by chunk."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.jobs.context import Context, Effect, nothing
from api.queue import Job, enqueue
from api.services import importing


def apply_import(context: Context, *, id: str) -> Effect:
    """Work out the next documents outside any transaction, then store them; while there are more, the job is owed again."""
    with context.database.reading() as session:
        step = importing.next_step(session, UUID(id), at=datetime.now(UTC))
    if step is None:
        return nothing

    def apply(session: Session) -> None:
        at = datetime.now(UTC)
        if importing.take(session, step, at=at):
            enqueue(session, Job.APPLY_IMPORT, at=at, bulk=True, id=id)

    return apply


def abandon_import(session: Session, *, id: str) -> None:
    """Refuse an import whose rows could not be applied in any attempt, so that its file may be brought again."""
    importing.abandon(session, UUID(id), at=datetime.now(UTC))
