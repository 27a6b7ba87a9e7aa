"""People, their roles and the keys of machines, as the lead of the Hub keeps them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.services import accounts, erasing
from api.services.accounts import AccountInvalid, NewKey, UnknownAccount
from api.services.recording import record
from models.actors import Actor
from models.documents import TransitionRefused
from models.events import Event
from models.keys import ApiKey, Scope
from models.people import Person, Role, RoleGrant
from models.policies import ACCOUNT_MANAGE, ACCOUNT_READ, KEY_MANAGE, KEY_READ
from models.queries import erasing as rows
from models.queries import keys, people, places
from models.queries.pages import Page


def page(
    session: Session,
    actor: Actor,
    *,
    after: str | None = None,
    limit: int = 50,
    words: str = "",
    role: Role | None = None,
    active: bool | None = None,
) -> Page[Person]:
    """People with their roles, the latest first, by words, role and whether the account is open; erased accounts are left out."""
    ACCOUNT_READ.check(actor)
    return people.page(session, after=after, limit=limit, words=words, role=role, active=active)


def one(session: Session, person_id: UUID, actor: Actor) -> Person:
    """One person with their roles; raises UnknownAccount."""
    ACCOUNT_READ.check(actor)
    return _there(people.by_id(session, person_id))


def add(session: Session, *, email: str, name: str, actor: Actor, at: datetime) -> Person:
    """Add somebody, who signs in by a mailed link; raises EmailTaken or AccountInvalid."""
    ACCOUNT_MANAGE.check(actor)
    return accounts.create_person(session, email=email, name=name, password=None, at=at, actor=actor)


def grant(
    session: Session, person_id: UUID, role: Role, *, place: str | None, organisation_id: UUID | None, actor: Actor, at: datetime
) -> RoleGrant:
    """Give somebody a role beside those that they hold; raises UnknownAccount, AccountInvalid or UnknownPlace. Twice is once."""
    person = _person(session, person_id, actor)
    return accounts.grant(session, person, role, at=at, actor=actor, **belonging(session, place, organisation_id))


def revoke(session: Session, person_id: UUID, grant_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Take one role from somebody; raises UnknownAccount, or TransitionRefused for the last lead."""
    person = _person(session, person_id, actor)
    held = next((each for each in person.grants if each.id == grant_id), None)
    if held is None:
        raise UnknownAccount("This person does not hold that role. Read their roles again.")
    if held.role is Role.LEAD:
        _must_not_be_last(session, person)
    person.grants.remove(held)
    session.flush()
    people.renew_sessions_of(session, person.id, at=at)
    _record(session, "person.role_revoked", person, actor, at, role=held.role.value)


def deactivate(session: Session, person_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Close an account; raises UnknownAccount, or TransitionRefused for the last lead. Twice is once."""
    person = _person(session, person_id, actor)
    _must_not_be_last(session, person)
    if person.active:
        accounts.deactivate(session, person, at=at, actor=actor)


def reopen(session: Session, person_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Open a closed account again, with the roles that it had; raises UnknownAccount. Twice is once."""
    person = _person(session, person_id, actor)
    if not person.active:
        person.active = True
        _record(session, "person.reopened", person, actor, at)
    session.flush()


def erase(session: Session, person_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Erase an account because its owner asked for it; raises as `erasing.erase_person` does."""
    ACCOUNT_MANAGE.check(actor)
    erasing.erase_person(session, person_id, actor=actor, at=at)


def every_key(session: Session, actor: Actor) -> Sequence[ApiKey]:
    """All keys, in force or not, latest first."""
    KEY_READ.check(actor)
    return keys.every_key(session)


def add_key(
    session: Session,
    *,
    name: str,
    role: Role,
    scopes: Collection[Scope],
    actor: Actor,
    at: datetime,
    expires_at: datetime | None = None,
    place: str | None = None,
    organisation_id: UUID | None = None,
    person_id: UUID | None = None,
    prefix: str | None = None,
) -> NewKey:
    """Make a key for a machine; raises AccountInvalid, UnknownPlace or UnknownAccount, and KeyMadeBefore for a prefix that there is."""
    KEY_MANAGE.check(actor)
    if expires_at is not None and expires_at <= at:
        raise AccountInvalid("That day is over. Give a time to come, or leave it out.", field="expires_at")
    if person_id is not None and not _person(session, person_id, actor).active:
        raise AccountInvalid("The account of that person is closed. Name another.", field="person")
    where = belonging(session, place, organisation_id)
    return accounts.create_key(
        session,
        name=name,
        role=role,
        scopes=scopes,
        at=at,
        actor=actor,
        expires_at=expires_at,
        person_id=person_id,
        prefix=prefix,
        **where,
    )


def end_key(session: Session, key_id: UUID, *, actor: Actor, at: datetime) -> None:
    """End a key at once; raises UnknownAccount. Twice is once."""
    KEY_MANAGE.check(actor)
    row = keys.by_id(session, key_id)
    if row is None:
        raise UnknownAccount("There is no key of that id. List the keys.")
    accounts.revoke_key(session, row.prefix, at=at, actor=actor)


def belonging(session: Session, place: str | None, organisation_id: UUID | None) -> dict[str, UUID | None]:
    """The place and the organisation of a role or key; raises UnknownPlace or AccountInvalid."""
    if organisation_id is not None and people.organisation(session, organisation_id) is None:
        raise AccountInvalid("There is no organisation of that id.", field="organisation")
    return {"place_id": places.by_keys(session, [place])[0].id if place else None, "organisation_id": organisation_id}


def _person(session: Session, person_id: UUID, actor: Actor) -> Person:
    ACCOUNT_MANAGE.check(actor)
    return _there(people.by_id(session, person_id))


def _there(person: Person | None) -> Person:
    if person is None or person.erased_at is not None:
        raise UnknownAccount("There is no account of that id. List the people.")
    return person


def _must_not_be_last(session: Session, person: Person) -> None:
    leads = any(each.role is Role.LEAD for each in person.grants) and person.active
    if leads and not rows.other_leads(session, person.id):
        raise TransitionRefused("This is the only lead of the Hub. Make somebody else a lead first.", status="last_lead")


def _record(session: Session, kind: str, person: Person, actor: Actor, at: datetime, **data: str) -> None:
    record(session, Event.of(kind, subject_kind="person", subject_id=person.id, actor=actor.name, at=at, **data), at=at)
