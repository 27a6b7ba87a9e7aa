"""Mails in the state that a test asks for: plain makers on top of the factories."""

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from api.services import mailing
from models.mail import Message, MessageState, Subscription
from models.people import Person
from tests import factories
from tests.factories import NOW


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
