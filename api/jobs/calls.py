"""published -> closed when it is over; and what is new is held against what people watch."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.jobs.context import Context, Effect, nothing
from api.services import calling, watching
from models.watches import SubjectKind


def close_call(_context: Context, *, call: str) -> Effect:
    """Close a call whose last day, or whose need, is over."""

    def end(session: Session) -> None:
        calling.end(session, UUID(call), at=datetime.now(UTC))

    return end


def notice(context: Context, *, kind: str, id: str) -> Effect:
    """Find outside any transaction for which watches a thing is, then keep it."""
    with context.database.reading() as session:
        found = watching.find(session, context.libraries, SubjectKind(kind), UUID(id))
    if found is None:
        return nothing

    def keep(session: Session) -> None:
        watching.keep(session, found, at=datetime.now(UTC))

    return keep
