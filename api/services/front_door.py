"""The front door: five answers show the open needs that they may meet; to keep them takes an address, and no account before.

Nothing is said of whether an address has an account: saving does the same for every address, and the link that it is
sent decides. What is kept is in no list before the owner of the address has claimed it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.services import accounts, intake, links, mailing, proposing
from api.services.accounts import SignInRefused
from api.services.content import InnovationContent
from api.services.library import Libraries
from api.services.mailing import Recipient
from api.services.proposing import Matches
from api.services.recording import record
from api.services.signing_in import address_said, may_be_sent
from models.actors import ANONYMOUS, Actor
from models.calls import Call
from models.clocks import OVERDUE_AFTER
from models.documents import Side, Visibility
from models.events import Event
from models.grants import Policy, Subject
from models.innovations import Innovation, InnovationStatus
from models.links import Link, LinkPurpose, SavedAnswers
from models.organisations import Organisation, OrganisationKind
from models.people import Person, Role
from models.policies import INNOVATION_READ, INNOVATION_READ_CONSENT
from models.queries import calls, people, places
from models.queries import front_door as drafts
from models.queries import links as link_rows
from models.working_days import add_working_days, day_of

YOURSELVES: Final = "you and your colleagues with an account"
WHO_MEETS: Final = "the team of a place that wants to meet you"
_READERS: Final = {
    Role.HUB: "staff of the Hub",
    Role.PLACE: "the teams of the five places",
    Role.PIPELINE: "the innovation pipeline of Health Innovation Yorkshire & Humber",
    Role.BOARD: "the board",
    Role.INNOVATOR: "other innovators",
}
_OFFER: Final = ("name", "problems_tackled", "how_it_works", "care_settings", "stage", "organisation")


@dataclass(frozen=True, slots=True)
class Hearing:
    """When whoever hands in today hears at the latest: after so many working days, and on which day."""

    working_days: int
    by: date


def matches(session: Session, libraries: Libraries, content: InnovationContent, *, limit: int) -> Matches:
    """The public open needs that the answers may meet; keeps nothing."""
    return proposing.matches_of_text(session, libraries, Side.INNOVATION, content, actor=ANONYMOUS, limit=limit)


def calls_on(session: Session, found: Matches) -> Mapping[UUID, Call]:
    """The open calls for answers to the needs that were found, by the id of the need."""
    return calls.open_for(session, [match.document.id for match in found.matches])


def readers(visibility: Visibility) -> dict[str, list[str]]:
    """Who will read each answer, by the same rules that let people in; field -> readers in words."""
    handed_in = Subject(state=InnovationStatus.SUBMITTED, visibility=visibility, created_by=YOURSELVES)
    of_the_offer = [YOURSELVES, *_admitted(INNOVATION_READ, handed_in)]
    of_consent = [YOURSELVES, *_admitted(INNOVATION_READ_CONSENT, handed_in)]
    of_the_address = of_consent if visibility is Visibility.HUB_ONLY else [*of_consent, WHO_MEETS]
    return {**dict.fromkeys(_OFFER, of_the_offer), "consent_by": of_consent, "email": of_the_address}


def hearing(at: datetime) -> Hearing:
    """When whoever hands in now hears where it stands."""
    return Hearing(OVERDUE_AFTER, add_working_days(day_of(at), OVERDUE_AFTER))


def save(
    session: Session,
    content: InnovationContent,
    *,
    organisation: str,
    email: str,
    hand_in: bool,
    at: datetime,
    keep_for: timedelta,
) -> None:
    """Keep the answers for the owner of an address, who is sent a link to claim them; raises AccountInvalid for what is no address.

    An address that was sent enough links is sent no more for a while, and what is said to it then is not kept.
    """
    address = address_said(email)
    if not may_be_sent(session, address, at=at):
        return
    row = SavedAnswers(
        address=address,
        organisation=organisation,
        content=content.model_dump(mode="json"),
        hand_in=hand_in,
        saved_at=at,
        expires_at=at + keep_for,
    )
    session.add(row)
    session.flush()
    token = links.make(session, LinkPurpose.SAVE, subject_id=row.id, at=at, valid_for=keep_for, address=address)
    told = {"token": token, "days": keep_for.days, "hand_in": hand_in, "working_days": OVERDUE_AFTER}
    mailing.post(session, "save_link", Recipient(address), once_key=f"save_link:{row.id}", at=at, **told)
    record(session, Event.of("front_door.saved", subject_kind="saved_answers", subject_id=row.id, actor=ANONYMOUS.name, at=at), at=at)
    session.flush()


def waits(session: Session, content: InnovationContent, *, organisation: str, email: str, hand_in: bool) -> bool:
    """Whether the same answers wait for the owner of the address already; raises AccountInvalid for what is no address."""
    same = (organisation, content.model_dump(mode="json"), hand_in)
    return any((row.organisation, row.content, row.hand_in) == same for row in link_rows.saved_for(session, address_said(email)))


def claim(session: Session, link: Link, *, at: datetime) -> tuple[Person, Innovation]:
    """Make the answers an innovation of the address's owner, who gets an account if they have none, and hand it in if they said so.

    Their organisation is a new one of the name that they gave, unless they are of one of that name already: to join
    another's takes an invitation, or the Hub. Raises SignInRefused when the account is closed.
    """
    saved = link_rows.saved_answers(session, link.subject_id)
    content = InnovationContent.model_validate(saved.content)
    person = people.by_email(session, saved.address)
    if person is None:
        name = content.consent_by[: accounts.LONGEST_NAME] or saved.address
        person = accounts.create_person(session, email=saved.address, name=name, password=None, at=at, actor=ANONYMOUS)
    if not person.active:
        raise SignInRefused("This account is closed. Ask the Hub lead to open it again.")
    actor = _for_organisation(session, person, saved.organisation, at=at)
    innovation: Innovation = intake.create(session, Side.INNOVATION, content, actor=actor, at=at, submit_too=saved.hand_in)
    session.delete(saved)
    session.flush()
    return person, innovation


def purge(session: Session, *, at: datetime) -> None:
    """Delete answers that nobody has claimed or come back to in time, and links and asks of long ago."""
    drafts.forget_before(session, at)
    link_rows.forget_unclaimed(session, at=at)
    links.purge(session, at=at)


def _for_organisation(session: Session, person: Person, name: str, *, at: datetime) -> Actor:
    """The person as an innovator of their organisation of that name and in no other role, so that what they claim is its own."""
    actor = accounts.actor_of_person(person)
    own = places.own_named(session, actor.organisation_ids, name)
    if own is None:
        organisation = Organisation(name=name, kind=OrganisationKind.SUPPLIER, places=[], confirmed=False)
        session.add(organisation)
        session.flush()
        own = organisation.id
        accounts.grant(session, person, Role.INNOVATOR, at=at, actor=actor, organisation_id=own)
    return replace(actor, roles=frozenset({Role.INNOVATOR}), place_ids=frozenset(), organisation_ids=frozenset({own}))


def _admitted(policy: Policy, handed_in: Subject) -> list[str]:
    """Who is let in at once, and who when a match of it was handed on to them."""
    found = []
    for role, words in _READERS.items():
        reader = Actor(name="", shown_as="", roles=frozenset({role}))
        if policy.allows(reader, handed_in):
            found.append(words)
        elif policy.allows(reader, replace(handed_in, handed_on=True)):
            found.append(f"{words} once a match is confirmed")
    return found
