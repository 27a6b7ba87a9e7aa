"""staged -> stored: apply an import chunk by chunk."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.jobs.context import Context, Effect
from api.queue import Job, enqueue
from api.services import importing


def apply_import(_context: Context, *, id: str) -> Effect:
    """Apply the next rows; while there are more, the job is owed again."""

    def apply(session: Session) -> None:
        at = datetime.now(UTC)
        if importing.apply_next(session, UUID(id), at=at):
            enqueue(session, Job.APPLY_IMPORT, at=at, bulk=True, id=id)

    return apply
