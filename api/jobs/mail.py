"""Mails are sent, and digests put together, when they are due."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.jobs.context import Context, Effect, nothing
from api.services import digesting, posting
from api.services.envelopes import Sender
from api.services.transports import transport_of


def send(context: Context, *, message: str) -> Effect:
    """Send one mail; that it begins, and what became of it, are transactions of their own, which the job's end is not part of.

    Were they part of it, another process that takes the job over would not know that this one was about to send.
    """
    message_id, transport = UUID(message), transport_of(context.settings)
    if seconds := transport.away_seconds():

        def wait(session: Session) -> None:
            posting.hold(session, message_id, seconds=seconds, at=datetime.now(UTC))

        return wait
    with context.database.transaction() as session:
        begun = posting.begin(session, message_id, Sender.of(context.settings), at=datetime.now(UTC))
    if begun is not None:
        outcome = transport.send(begun.letter)
        with context.database.transaction() as session:
            posting.finish(session, begun, outcome, at=datetime.now(UTC))
    return nothing


def abandon(session: Session, *, message: str) -> None:
    """Show staff a mail whose job failed too often."""
    posting.give_up(session, UUID(message))


def digest(_context: Context, *, person: str) -> Effect:
    """Post somebody's digest, when there is anything new."""

    def write(session: Session) -> None:
        digesting.send(session, UUID(person), at=datetime.now(UTC))

    return write
