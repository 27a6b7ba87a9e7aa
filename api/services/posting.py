"""queued -> sending -> sent: a mail is marked before a word is spoken and told after, so that none leaves twice by itself.

Whoever dies in between leaves it *sending*. Nobody can know then whether the mail server took it, and after a while it
is *unsure*: staff see it and may send it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.services import envelopes, mailing
from api.services.envelopes import Letter, Sender, Unmailable
from api.services.recording import record
from api.services.transports import Outcome, Transport, Verdict
from models.actors import Actor
from models.events import Event
from models.mail import MailNotSendable, Message, MessageState
from models.queries import mail

PATIENCE: Final = timedelta(minutes=10)
"""Longer than any conversation with a mail server takes."""
_UNWANTED: Final = "Its receiver wants no such mail any more."
_DOUBTFUL: Final = "The database was restored from a backup, and the mail may have left since. Ask before you send it again."


@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt that has been written down, and what is to leave."""

    message_id: UUID
    attempt: int
    letter: Letter


def begin(session: Session, message_id: UUID, sender: Sender, *, at: datetime) -> Begun | None:
    """Write down that it is being sent, which is committed before anything is; None when nothing is to be sent now."""
    row = mail.to_change(session, message_id)
    if row.state is MessageState.SENDING and row.sending_since is not None and row.sending_since + PATIENCE <= at:
        row.unsure()
    if row.state is not MessageState.QUEUED or row.due_at > at or _held_back(session, row):
        session.flush()
        return None
    token = mailing.token_of(session, row.person_id, row.subscription) if row.person_id and row.subscription else ""
    try:
        letter = envelopes.compose(row, sender, at=at, token=token)
    except Unmailable as error:
        row.refused(str(error), bounced=False)
        session.flush()
        return None
    begun = Begun(row.id, row.begin(at=at), letter)
    session.flush()
    return begun


def finish(session: Session, begun: Begun, outcome: Outcome, *, at: datetime) -> None:
    """Write down what became of an attempt; one of which somebody has told meanwhile is left as it is.

    It is news also for a mail that was taken for *unsure*, because whoever sent it was only slow.
    """
    row = mail.to_change(session, begun.message_id)
    if not row.awaits(begun.attempt):
        return
    match outcome.verdict:
        case Verdict.SENT:
            row.sent(at=at)
        case Verdict.LATER:
            row.put_off(outcome.said, at=at)
        case Verdict.REFUSED:
            row.refused(outcome.said, bounced=False)
        case Verdict.NOBODY:
            bounce(session, row, outcome.said, nobody=True, at=at)
        case _:
            row.unsure(outcome.said)
    if row.state is MessageState.QUEUED:
        mailing.owe(session, row, at=at)
    session.flush()


def hold(session: Session, message_id: UUID, *, seconds: float, at: datetime) -> None:
    """Let a mail wait, because the mail server was away a moment ago; it does not count as tried."""
    row = mail.to_change(session, message_id)
    if row.state is MessageState.QUEUED and row.due_at <= at:
        row.hold("The mail server cannot be reached.", due_at=at + timedelta(seconds=seconds))
        mailing.owe(session, row, at=at)
        session.flush()


def give_up(session: Session, message_id: UUID) -> None:
    """End a mail that failed by a fault of ours; one of which an attempt had begun may have left."""
    row = mail.to_change(session, message_id)
    if row.state is MessageState.SENDING:
        row.unsure()
    elif row.state is MessageState.QUEUED:
        row.refused("The service could not write this mail. Its log says why.", bounced=False)
    session.flush()


def deliver_due(session: Session, transport: Transport, sender: Sender, *, at: datetime, limit: int = 500) -> int:
    """Send what is due in the one transaction of the caller, for one process alone, such as a simulation; returns how many."""
    due = mail.due(session, at, stuck_since=at - PATIENCE, limit=limit)
    for message_id in due:
        if (begun := begin(session, message_id, sender, at=at)) is not None:
            finish(session, begun, transport.send(begun.letter), at=at)
    return len(due)


def to_send(session: Session, *, at: datetime, limit: int) -> Sequence[UUID]:
    """The mails that are due, or that somebody left half-way; for the sweep."""
    return mail.due(session, at, stuck_since=at - PATIENCE, limit=limit)


def bounce(session: Session, row: Message, said: str, *, nobody: bool, at: datetime) -> None:
    """It came back; `nobody`: because of its address, at which from now on nothing else is tried."""
    row.refused(said, bounced=True)
    if nobody and row.address:
        mail.suppress(session, mailing.hashed(row.address), at=at)


def send_again(session: Session, message_id: UUID, *, actor: Actor, at: datetime) -> Message:
    """Owe a mail that was not delivered anew, under the same Message-ID; its address counts as good again.

    Raises NotFound, or MailNotSendable for one that was delivered, or is on its way, forgotten or not wanted.
    """
    row = mail.to_change(session, message_id)
    row.send_again(at=at)
    if row.subscription and not mailing.wants(session, row.person_id):
        raise MailNotSendable(_UNWANTED, state=row.state.value)
    mail.unsuppress(session, mailing.hashed(row.address))
    mailing.owe(session, row, at=at)
    told = Event.of("mail.sent_again", subject_kind="message", subject_id=row.id, actor=actor.name, at=at, template=row.template)
    record(session, told, at=at)
    session.flush()
    return row


def doubt(session: Session) -> int:
    """After a restore: what was still to leave may have left since the backup was made; returns how many those are."""
    waiting = mail.waiting(session)
    for row in waiting:
        row.unsure(_DOUBTFUL)
    session.flush()
    return len(waiting)


def _held_back(session: Session, row: Message) -> bool:
    """Whether a queued mail is not to be sent after all, which is written down."""
    if row.is_forgotten:
        row.suppress("Its receiver was deleted.")
    elif row.subscription and not mailing.wants(session, row.person_id):
        row.suppress(_UNWANTED)
    elif mail.suppressed(session, mailing.hashed(row.address)) is not None:
        row.suppress(mailing.NOBODY_THERE)
    return row.state is not MessageState.QUEUED
