"""Colleagues by invitation: into one's own organisation or place, by the lead into any role; accepted by a link in a mail."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.services import accounts, links, mailing
from api.services.accounts import AccountInvalid, SignInRefused
from api.services.limiting import TooManyRequests
from api.services.mailing import Recipient
from api.services.recording import record
from api.services.signing_in import address_said, may_be_sent
from models.actors import Actor
from models.documents import TransitionRefused
from models.events import Event
from models.grants import Subject
from models.links import Invitation, Link, LinkPurpose, LinkSpent
from models.people import Person, Role
from models.policies import INVITATION_CREATE, INVITATION_TAKE_BACK
from models.queries import invitations, people, places
from models.queries.pages import Page
from models.subjects import subject_of

VALID_FOR: Final = timedelta(days=14)
MOST_A_DAY: Final = 20
"""How many people one person may invite within a day, so that nobody mails the world in our name; the lead any number."""
TWICE_IS_ONCE: Final = timedelta(minutes=1)
ROLES: Final = {
    Role.INNOVATOR: "an innovator of {where}",
    Role.PLACE: "a member of the team of {where}",
    Role.HUB: "a member of the Hub's staff",
    Role.LEAD: "a lead of the Hub",
    Role.PIPELINE: "somebody who reads what the innovation pipeline reads",
    Role.BOARD: "a member of the board",
}
UNKNOWN: Final = "an organisation that the Hub does not know yet"


def invite(
    session: Session,
    *,
    email: str,
    role: Role,
    actor: Actor,
    at: datetime,
    place: str | None = None,
    organisation_id: UUID | None = None,
) -> Invitation:
    """Mail somebody a link by which they come into a role; of an innovator's own organisation or a place's own, it need not be named.

    The same twice within a minute, as by two clicks, is one invitation and one mail.
    Raises AccountInvalid, UnknownPlace, NotAllowed, or TooManyRequests when enough were sent.
    """
    place_id = places.by_keys(session, [place])[0].id if place else _only_one(actor.place_ids, role is Role.PLACE)
    organisation_id = organisation_id or _only_one(actor.organisation_ids, role is Role.INNOVATOR)
    accounts.check_belonging(role, place_id, organisation_id)
    into = frozenset(each for each in (place_id, organisation_id) if each is not None)
    inviter = INVITATION_CREATE.person(actor, Subject(owners=into))
    if organisation_id is not None and people.organisation(session, organisation_id) is None:
        raise AccountInvalid("There is no organisation of that id.", field="organisation")
    row = Invitation(
        address=address_said(email),
        role=role,
        place_id=place_id,
        organisation_id=organisation_id,
        invited_by=inviter,
        made_at=at,
        expires_at=at + VALID_FOR,
    )
    if (same := invitations.same_since(session, row, at - TWICE_IS_ONCE)) is not None:
        return same
    if not actor.is_lead and invitations.made_since(session, inviter, at - timedelta(days=1)) >= MOST_A_DAY:
        raise TooManyRequests(f"You may invite {MOST_A_DAY} people a day. Invite the others tomorrow, or ask the Hub lead.")
    if not may_be_sent(session, row.address, at=at):
        raise TooManyRequests("Enough mails with links were sent to this address within the hour. Invite them again in an hour.")
    session.add(row)
    session.flush()
    _mail(session, row, by=actor.shown_as, at=at)
    _record(session, "person.invited", row, actor, at)
    session.flush()
    return row


def page(session: Session, actor: Actor, *, after: str | None = None, limit: int = 50) -> Page[Invitation]:
    """The invitations that an actor may see, latest first."""
    return invitations.page(session, actor, after=after, limit=limit)


def take_back(session: Session, invitation_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Let an invitation count no more; one that was accepted cannot be taken back. Twice is once."""
    INVITATION_TAKE_BACK.check(actor, subject_of(invitations.get(session, invitation_id, actor)))
    links.take_back(session, LinkPurpose.INVITATION, invitation_id, at=at)  # first, as whoever accepts holds the link before the row
    row = invitations.get(session, invitation_id, actor, lock=True)
    if row.accepted_at is not None:
        raise TransitionRefused("This invitation was accepted. Ask the Hub lead to take the role back.", status="accepted")
    if row.taken_back_at is None:
        row.taken_back_at = at
        _record(session, "person.uninvited", row, actor, at)
    session.flush()


def in_words(session: Session, row: Invitation) -> str:
    """What somebody is invited to be; an organisation is named once the Hub has confirmed it, so that nobody mails words of their own."""
    place, organisation = people.place(session, row.place_id), people.organisation(session, row.organisation_id)
    where = next((each.name for each in (place, organisation) if each is not None), "")
    return ROLES[row.role].format(where=where if _is_vouched_for(session, row) else UNKNOWN)


def accept(session: Session, link: Link, *, name: str, at: datetime) -> Person:
    """Come into the role: with the account of the address, or with a new one of this name.

    Raises LinkSpent when whoever invited may no longer do so, and SignInRefused when the account is closed.
    """
    row = invitations.of_link(session, link.subject_id)
    inviter = people.by_id(session, row.invited_by)
    if inviter is None or not inviter.active or not INVITATION_CREATE.allows(accounts.actor_of_person(inviter), subject_of(row)):
        raise LinkSpent("Whoever invited you may no longer do so. Ask a colleague, or the Hub lead, to invite you again.", why="taken_back")
    person = people.by_email(session, row.address)
    if person is None:
        said = name.strip()[: accounts.LONGEST_NAME] or row.address
        person = accounts.create_person(
            session, email=row.address, name=said, password=None, at=at, actor=accounts.actor_of_person(inviter)
        )
    if not person.active:
        raise SignInRefused("This account is closed. Ask the Hub lead to open it again.")
    by = accounts.actor_of_person(inviter)
    accounts.grant(session, person, row.role, at=at, actor=by, place_id=row.place_id, organisation_id=row.organisation_id)
    row.accepted_at, row.accepted_by = at, person.id
    session.flush()
    return person


def _only_one(own: frozenset[UUID], wanted: bool) -> UUID | None:
    return next(iter(own)) if wanted and len(own) == 1 else None


def _is_vouched_for(session: Session, row: Invitation) -> bool:
    """Whether somebody but its own people said who invites: not of an organisation that only they have named."""
    organisation = people.organisation(session, row.organisation_id)
    return organisation is None or organisation.confirmed


def _mail(session: Session, row: Invitation, *, by: str, at: datetime) -> None:
    by = by if _is_vouched_for(session, row) else people.address_of(session, row.invited_by)
    token = links.make(session, LinkPurpose.INVITATION, subject_id=row.id, at=at, valid_for=VALID_FOR, address=row.address)
    told = {"token": token, "by": by, "as_what": in_words(session, row), "days": VALID_FOR.days}
    mailing.post(session, "invitation_link", Recipient(row.address), once_key=f"invitation_link:{row.id}", at=at, **told)


def _record(session: Session, kind: str, row: Invitation, actor: Actor, at: datetime) -> None:
    event = Event.of(kind, subject_kind="invitation", subject_id=row.id, actor=actor.name, at=at, role=row.role.value)
    record(session, event, at=at)
