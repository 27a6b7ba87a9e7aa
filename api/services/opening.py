"""What a link in a mail opens: a look spends nothing; to open it signs in, claims what was saved, or accepts an invitation."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.services import accounts, front_door, inviting, links, signing_in
from api.services.accounts import EmailTaken, SignedIn, SignInRefused
from models.innovations import Innovation
from models.links import Link, LinkPurpose
from models.queries import invitations, people
from models.queries import links as link_rows

OPENED_HERE: Final = (LinkPurpose.SIGN_IN, LinkPurpose.SAVE, LinkPurpose.INVITATION)


@dataclass(frozen=True, slots=True)
class Looked:
    """What a link is for, as its receiver is told before they use it; `about` names what they saved, or what they are to be."""

    purpose: LinkPurpose
    expires_at: datetime
    about: str
    hands_in: bool
    asks_name: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """What came of it: whoever opened it is signed in, and may have an innovation more."""

    purpose: LinkPurpose
    signed_in: SignedIn
    innovation: Innovation | None


def look(session: Session, token: str, *, at: datetime) -> Looked:
    """What a link is for; raises LinkSpent."""
    link = links.peek_any(session, token, OPENED_HERE, at=at)
    about, hands_in = _about(session, link)
    asks_name = link.purpose is LinkPurpose.INVITATION and people.by_email(session, link.address) is None
    return Looked(link.purpose, link.expires_at, about, hands_in, asks_name)


def open_link(
    session: Session,
    token: str,
    *,
    at: datetime,
    hours: float,
    name: str = "",
    replacing: str | None = None,
    visitor: UUID | None = None,
    staff_too: bool = True,
) -> Opened:
    """Use a link, once: sign its receiver in, and do first what it is for. `name` is for a new account.

    Where links do not sign staff in (`staff_too`), they open one as the `visitor` who is signed in already.
    Raises LinkSpent, or SignInRefused when the account is closed or needs its password; then the link is as it was.
    """
    link = links.spend_any(session, token, OPENED_HERE, at=at)
    owner = people.by_email(session, link.address)
    if owner is not None and owner.id != visitor and not (staff_too or signing_in.offers_only(owner)):
        raise SignInRefused("This account signs in with its password. Sign in, then open the link again.")
    try:
        person_id, innovation = _done(session, link, name=name, at=at)
    except EmailTaken as error:
        raise SignInRefused("Another link makes your account at this moment. Open this link again.") from error
    signed_in = accounts.start_session(session, person_id, at=at, hours=hours, replacing=replacing)
    return Opened(link.purpose, signed_in, innovation)


def _about(session: Session, link: Link) -> tuple[str, bool]:
    if link.purpose is LinkPurpose.SAVE:
        saved = link_rows.saved_answers(session, link.subject_id)
        return str(saved.content["name"]), saved.hand_in
    if link.purpose is LinkPurpose.INVITATION:
        return inviting.in_words(session, invitations.of_link(session, link.subject_id)), False
    return "", False


def _done(session: Session, link: Link, *, name: str, at: datetime) -> tuple[UUID, Innovation | None]:
    if link.purpose is LinkPurpose.SAVE:
        person, innovation = front_door.claim(session, link, at=at)
        return person.id, innovation
    if link.purpose is LinkPurpose.INVITATION:
        return inviting.accept(session, link, name=name, at=at).id, None
    return link.subject_id, None
