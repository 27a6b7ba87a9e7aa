"""Mails in the state that a test asks for: plain makers on top of the factories."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.services import mailing, posting
from api.services.envelopes import Sender
from api.services.mailing import Recipient, to_person
from api.services.posting import Begun
from api.services.transports import Outcome, Verdict
from models.events import Event
from models.mail import GIVEN_UP_AFTER, Message, MessageState, Subscription
from models.people import Person
from tests import factories
from tests.factories import NOW
from tests.services.mail_examples import EXAMPLES

SENDER = Sender("Needs and innovations", "matching@example.org", "https://hub.example.org", "help@example.org")
STRANGER = Recipient("founder@example.org", "Founder")
LETTER = EXAMPLES["sign_in_link"]


def make_mail(session: Session, person: Person | None = None, **values: Any) -> Message:
    """A letter that failed, to somebody new."""
    person = person or factories.make_person(session)
    said: dict[str, Any] = {
        "once_key": f"once:{factories.uuid4()}",
        "template": "outcome",
        "subscription": None,
        "person_id": person.id,
        "address": person.email,
        "name": person.name,
        "subject": "Your innovation",
        "body": "Hello.\n",
        "state": MessageState.FAILED,
        "attempts": 1,
        "due_at": NOW,
        "give_up_at": NOW + timedelta(days=5),
        "sent_at": NOW if values.get("state") is MessageState.SENT else None,
        "sending_since": NOW,
        "last_error": "",
        "created_at": NOW,
    }
    row = Message(**said | values)
    session.add(row)
    session.flush()
    return row


def stop_token(session: Session, person: Person | None = None) -> str:
    """What ends somebody's digests."""
    return mailing.token_of(session, (person or factories.make_person(session)).id, Subscription.DIGEST)


def letter(session: Session, to: Recipient = STRANGER, *, once: str = "once", at: datetime = NOW, template: str = "outcome") -> Message:
    """A letter that is owed, of which the text is kept after it has left."""
    said = {"person_id": to.person_id, "address": to.address, "name": to.name, "state": MessageState.QUEUED, "attempts": 0}
    times = {"due_at": at, "created_at": at, "give_up_at": at + GIVEN_UP_AFTER, "sending_since": None}
    row = make_mail(session, None, once_key=once, template=template, **said, **times)
    mailing.owe(session, row, at=at)
    return row


def digest(session: Session, person: Person, *, once: str = "digest", at: datetime = NOW) -> Message | None:
    """A digest that is posted."""
    return mailing.post(session, "digest", to_person(person), once_key=once, at=at, **EXAMPLES["digest"])


def begin(session: Session, row: Message, *, at: datetime = NOW) -> Begun | None:
    """Begin to send a mail."""
    return posting.begin(session, row.id, SENDER, at=at)


def end(session: Session, row: Message, verdict: Verdict, *, at: datetime = NOW, said: str = "The mail server said so") -> MessageState:
    """Send a mail, with this outcome; returns its state."""
    posting.finish(session, begin(session, row, at=at), Outcome(verdict, said), at=at)
    return row.state


def events(session: Session) -> list[tuple[str, str]]:
    """Kind and actor of every event, in order."""
    return [(each.kind, each.actor) for each in session.scalars(select(Event).order_by(Event.recorded_at, Event.ordinal))]
