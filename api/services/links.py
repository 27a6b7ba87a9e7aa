"""A link in a mail: made, looked at, spent once; only the hash of its token is kept."""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.services.accounts import digest
from models.links import Link, LinkPurpose, LinkSpent
from models.queries import links, sign_offs

KEPT_AFTER: Final = timedelta(days=30)
"""How long a link past its date is still known, so that whoever comes late is told why it does not work."""
_LONGEST_TOKEN: Final = 200


def make(
    session: Session,
    purpose: LinkPurpose,
    *,
    subject_id: UUID,
    at: datetime,
    valid_for: timedelta,
    person_id: UUID | None = None,
    address: str = "",
) -> str:
    """A new link; returns its token of 256 random bits, which is told in one mail and kept nowhere."""
    token = secrets.token_urlsafe(32)
    row = Link(
        token_hash=digest(token),
        purpose=purpose,
        subject_id=subject_id,
        person_id=person_id,
        address=address.strip().lower(),
        made_at=at,
        expires_at=at + valid_for,
    )
    session.add(row)
    session.flush()
    return token


def peek(session: Session, token: str, purpose: LinkPurpose, *, at: datetime) -> Link:
    """The link of a token, when it still works for that purpose; raises LinkSpent. Looking spends nothing."""
    return peek_any(session, token, (purpose,), at=at)


def spend(session: Session, token: str, purpose: LinkPurpose, *, at: datetime) -> Link:
    """Use a link up; of two at once one wins. Raises LinkSpent. If the transaction fails, the link is as it was."""
    return spend_any(session, token, (purpose,), at=at)


def peek_any(session: Session, token: str, purposes: Collection[LinkPurpose], *, at: datetime) -> Link:
    """The same for any of some purposes."""
    return _good(session, token, purposes, at=at)


def spend_any(session: Session, token: str, purposes: Collection[LinkPurpose], *, at: datetime) -> Link:
    """The same for any of some purposes."""
    row = _good(session, token, purposes, at=at, to_spend=True)
    row.spent_at = at
    session.flush()
    return row


def take_back(session: Session, purpose: LinkPurpose, subject_id: UUID, *, at: datetime) -> int:
    """Let no link of a purpose and a subject work any more; returns how many that were."""
    return links.take_back(session, purpose, subject_id, at=at)


def purge(session: Session, *, at: datetime) -> None:
    """Forget links, asks and invitations of long ago, and whom they were mailed to when nobody came."""
    links.forget_before(session, at - KEPT_AFTER)
    sign_offs.forget_shares_before(session, at - KEPT_AFTER)
    for message in links.mails_to_strangers(session):
        message.forget()
    session.flush()


def _good(session: Session, token: str, purposes: Collection[LinkPurpose], *, at: datetime, to_spend: bool = False) -> Link:
    row = links.by_hash(session, digest(token), to_spend=to_spend) if len(token) <= _LONGEST_TOKEN else None
    if row is None or row.purpose not in purposes:
        raise LinkSpent("This is no link of ours, or it is not whole. Copy all of it from the mail, or ask for a new one.", why="unknown")
    row.must_be_good(at)
    return row
