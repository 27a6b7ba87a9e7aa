"""The letter of an outcome leaves, once its undo window has passed."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.jobs.context import Context, Effect
from api.services import concluding


def letter(context: Context, *, outcome: str) -> Effect:
    """Mail the letter, and do what cannot be taken back, if the outcome still stands."""

    def send(session: Session) -> None:
        concluding.settle(session, UUID(outcome), at=datetime.now(UTC), undo_window_seconds=context.settings.undo_window_seconds)

    return send
