"""handed on -> answered -> introduced: places are asked when their day comes, and who will meet are told of each other."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.jobs.context import Context, Effect
from api.services import introducing, place_answers


def ask_place(_context: Context, *, answer: str) -> Effect:
    """Put a question to a place whose day has come."""

    def ask(session: Session) -> None:
        place_answers.ask_what_waits(session, UUID(answer), at=datetime.now(UTC))

    return ask


def introduce(context: Context, *, answer: str) -> Effect:
    """Introduce both sides once the undo window of a *meet* has passed."""

    def tell(session: Session) -> None:
        introducing.introduce(session, UUID(answer), at=datetime.now(UTC), undo_window_seconds=context.settings.undo_window_seconds)

    return tell
