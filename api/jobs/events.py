"""decided -> handed on: announce what stands, seal what happened."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.jobs.context import Context, Effect
from api.services import delivering


def deliver(context: Context, *, decision: str) -> Effect:
    """Announce a confirmed match once its undo window has passed."""

    def announce(session: Session) -> None:
        delivering.announce(session, UUID(decision), at=datetime.now(UTC), undo_window_seconds=context.settings.undo_window_seconds)

    return announce


def seal(_context: Context) -> Effect:
    """Give every unsealed event its place in the chain."""

    def close(session: Session) -> None:
        delivering.seal(session, at=datetime.now(UTC))

    return close
