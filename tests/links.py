"""Links in mails, for tests: the token that the last mail to an address holds."""

import re
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.mail import Message

FIVE_ANSWERS: dict[str, Any] = {
    "name": "Attention test",
    "problems_tackled": "Assessment for ADHD takes many appointments and people wait long for a decision.",
    "how_it_works": "A computer test of attention, impulsivity and movement that supports ADHD assessment of adults.",
    "care_settings": ["MENTAL_HEALTH"],
    "stage": "ADOPTION",
}
CONSENT = {"consent_by": "Managing director", "consent_scope": "matching"}
SENDER = {"email": "new@example.org", "organisation": "New firm", "consent_by": "Managing director"}


def mails(session: Session, address: str = "new@example.org") -> list[Message]:
    """The mails to an address, the oldest first."""
    return list(session.scalars(select(Message).where(Message.address == address).order_by(Message.created_at, Message.template)))


def token_in(message: Message) -> str:
    """The token of the link in a mail."""
    found = re.search(r"/links/([A-Za-z0-9_-]{43})$", message.body, re.MULTILINE)
    assert found is not None, message.body
    return found[1]


def last_token(session: Session, address: str = "new@example.org") -> str:
    """The token of the link in the last mail to an address."""
    return token_in(mails(session, address)[-1])
