"""Browsers in which somebody has signed in before: a stranger's guesses elsewhere never lock them out.

Source:
    OWASP, "Slow down online guessing attacks with device cookies".
"""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from api.services.accounts import digest
from models.people import KnownDevice
from models.queries import people

REMEMBERED = timedelta(days=180)
MOST_A_PERSON = 10


def known(session: Session, email: str, token: str, *, at: datetime) -> str:
    """The name under which tries of this device are counted; empty when nobody has signed in to that account with it."""
    name = digest(token)
    return name if token and people.knows_device(session, email, name, at=at) else ""


def remember(session: Session, person_id: UUID, *, at: datetime, replacing: str = "") -> str:
    """Know a browser by a new token from now on; of each person, only the last few are kept.

    Others who have signed in with the same browser stay known there: on a ward, a computer has many users.
    """
    token = secrets.token_urlsafe(32)
    if replacing:
        people.rename_device(session, digest(replacing), digest(token))
    session.merge(KnownDevice(token_hash=digest(token), person_id=person_id, seen_at=at, expires_at=at + REMEMBERED))
    session.flush()
    for row in people.devices_of(session, person_id)[MOST_A_PERSON:]:
        session.delete(row)
    session.flush()
    return token
