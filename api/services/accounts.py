"""People, their roles and sign-ins, and the keys of machines: who somebody is."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from threading import BoundedSemaphore
from typing import Any
from uuid import UUID

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.orm import Session

from api.services.addresses import plain_address
from api.services.recording import record
from models.actors import Actor
from models.base import DomainError
from models.events import Event
from models.keys import ApiKey, KeyMadeBefore, Scope
from models.people import RENEWED_EVERY, Person, Role, RoleGrant, SignInSession
from models.queries import keys, links, people
from models.words import says_something

SHORTEST_PASSWORD, LONGEST_PASSWORD, LONGEST_NAME = 12, 256, 200
IDLE = timedelta(hours=2)
_KEY = re.compile(r"mk_([0-9a-f]{8})_([A-Za-z0-9_-]{43})")
_HASHING = BoundedSemaphore(2)  # a hash takes 64 MiB on purpose: many sign-ins at once must not take all memory


class NotSignedIn(DomainError):
    """The actor is nobody that the service knows."""


class SignInRefused(DomainError):
    """E-mail address and password do not open an account."""


class KeyRefused(DomainError):
    """The key is unknown, revoked or past its date."""


class ScopeMissing(DomainError):
    """The key was not made for that use."""


class CrossSiteRefused(DomainError):
    """A signed-in browser sent a change that did not come from one of our own pages."""


class EmailTaken(DomainError):
    """Another person has that e-mail address."""


class AccountInvalid(DomainError):
    """What was said of a person or a key does not hold together."""


class UnknownAccount(DomainError):
    """There is no such person or key."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that has just begun, or goes on under a new token, which the browser is given once and we keep as a hash."""

    token: str
    csrf_token: str
    person: Person
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is signed in, the token that their forms must carry, and whether `keep_alive` has something to write down.

    `held` are all their roles, of which the actor may have chosen one to act in.
    """

    actor: Actor
    csrf_token: str
    news: bool
    held: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that has just been made; `secret` is shown once and kept as a hash only."""

    row: ApiKey
    secret: str


def create_person(session: Session, *, email: str, name: str, password: str | None, at: datetime, actor: Actor) -> Person:
    """Add somebody who may sign in, without a password by links alone; the roles are granted apart. Raises EmailTaken or AccountInvalid."""
    address = plain_address(email)
    if address is None:
        raise AccountInvalid("That is no e-mail address. Give one like name@example.nhs.uk.", field="email")
    if not says_something(name) or len(name) > LONGEST_NAME:
        raise AccountInvalid("Give a name of 1 to 200 characters.", field="name")
    secret = nobodys_hash() if password is None else hashed(password)
    person = Person(email=address, name=name.strip(), password_hash=secret, active=True, created_at=at, grants=[])
    if people.by_email(session, address) is not None or not people.add(session, person):
        raise EmailTaken("Somebody has that e-mail address. Change that account, or use another address.", field="email")
    _record(session, "person.created", person.id, at=at, actor=actor)
    return person


def grant(
    session: Session,
    person: Person,
    role: Role,
    *,
    at: datetime,
    actor: Actor,
    place_id: UUID | None = None,
    organisation_id: UUID | None = None,
) -> RoleGrant:
    """Let a person act in a role; a place role names its place, an innovator role its organisation. Twice is once."""
    check_belonging(role, place_id, organisation_id)
    wanted = RoleGrant(role=role, place_id=place_id, organisation_id=organisation_id)
    if held := people.grant_of(session, person.id, wanted):
        return held
    person.grants.append(wanted)
    session.flush()
    people.renew_sessions_of(session, person.id, at=at)
    _record(session, "person.role_granted", person.id, at=at, actor=actor, role=role.value)
    return wanted


def revoke(session: Session, person: Person, role: Role, *, at: datetime, actor: Actor) -> int:
    """Take a role from a person, wherever they held it; returns how many grants that were."""
    held = [row for row in person.grants if row.role is role]
    for row in held:
        person.grants.remove(row)
    session.flush()
    if held:
        people.renew_sessions_of(session, person.id, at=at)
        _record(session, "person.role_revoked", person.id, at=at, actor=actor, role=role.value)
    return len(held)


def set_password(session: Session, person: Person, password: str, *, at: datetime, actor: Actor) -> None:
    """Change a password; everybody who was signed in with the old one is signed out, and has to prove anew where from."""
    person.password_hash = hashed(password)
    people.end_sessions_of(session, person.id)
    people.forget_devices_of(session, person.id)
    session.flush()
    _record(session, "person.password_set", person.id, at=at, actor=actor)


def deactivate(session: Session, person: Person, *, at: datetime, actor: Actor) -> None:
    """Close an account: its sessions end, its links and keys open nothing any more; what the person did stays on record."""
    person.active = False
    links.take_back_of_person(session, person.id, at=at)
    people.end_sessions_of(session, person.id)
    people.forget_devices_of(session, person.id)
    session.flush()
    _record(session, "person.deactivated", person.id, at=at, actor=actor)


def person_of(session: Session, email: str) -> Person:
    """The person of an e-mail address; raises UnknownAccount."""
    found = people.by_email(session, email)
    if found is None:
        raise UnknownAccount("Nobody has that e-mail address. `matching users list` shows who there is.")
    return found


def everybody(session: Session) -> Sequence[Person]:
    """All people, by e-mail address."""
    return people.everybody(session)


def create_key(
    session: Session,
    *,
    name: str,
    role: Role,
    scopes: Collection[Scope],
    at: datetime,
    actor: Actor,
    expires_at: datetime | None = None,
    place_id: UUID | None = None,
    organisation_id: UUID | None = None,
    person_id: UUID | None = None,
    prefix: str | None = None,
) -> NewKey:
    """Make a key `mk_<prefix>_<secret>` for a machine; only one that names a person decides. A prefix used before raises KeyMadeBefore."""
    check_belonging(role, place_id, organisation_id)
    if not says_something(name) or len(name) > LONGEST_NAME:
        raise AccountInvalid("Give a name of 1 to 200 characters that says who uses the key.", field="name")
    if not scopes:
        raise AccountInvalid("Give at least one scope of " + ", ".join(Scope) + ".", field="scopes")
    if Scope.DECIDE in scopes and person_id is None:
        raise AccountInvalid("A decision is somebody's. Name the person on whose behalf the key decides.", field="person")
    prefix, secret = prefix or secrets.token_hex(4), secrets.token_urlsafe(32)
    row = ApiKey(
        name=name.strip(),
        prefix=prefix,
        secret_hash=digest(secret),
        role=role,
        scopes=sorted(scope.value for scope in set(scopes)),
        place_id=place_id,
        organisation_id=organisation_id,
        person_id=person_id,
        created_at=at,
        expires_at=expires_at,
    )
    if not keys.add(session, row):
        raise KeyMadeBefore("This form was sent before. The secret was shown then, and is never shown again.")
    _record(session, "key.created", row.id, at=at, actor=actor, subject_kind="key", role=role.value, scopes=row.scopes)
    return NewKey(row=row, secret=f"mk_{prefix}_{secret}")


def revoke_key(session: Session, prefix: str, *, at: datetime, actor: Actor) -> ApiKey:
    """End a key at once; raises UnknownAccount. Twice is once."""
    row = keys.by_prefix(session, prefix)
    if row is None:
        raise UnknownAccount("There is no key of that prefix. `matching keys list` shows which there are.")
    if row.revoked_at is None:
        row.revoked_at = at
        session.flush()
        _record(session, "key.revoked", row.id, at=at, actor=actor, subject_kind="key")
    return row


def every_key(session: Session) -> Sequence[ApiKey]:
    """All keys, latest first."""
    return keys.every_key(session)


def proven(session: Session, email: str, password: str) -> Person:
    """Who e-mail address and password belong to; raises SignInRefused, the same in words and time for every cause."""
    found = people.secret_of(session, email)
    with _HASHING:
        right = _hasher().verify(password[: LONGEST_PASSWORD + 1], found.password_hash if found else nobodys_hash())
    person = people.by_id(session, found.id) if found and found.active and right else None
    if person is None:
        raise SignInRefused("E-mail address or password is wrong. Try again, or ask the Hub lead to set a new password.")
    return person


def start_session(session: Session, person_id: UUID, *, at: datetime, hours: float, replacing: str | None = None) -> SignedIn:
    """Sign a proven person in under a new token; the token that the browser brought, if any, ends."""
    person = people.by_id(session, person_id)
    if person is None or not person.active:
        raise SignInRefused("This account is closed. Ask the Hub lead to open it again.")
    actor = actor_of_person(person)
    if replacing:
        end_session(session, replacing, at=at, actor=actor)
    token = secrets.token_urlsafe(32)
    row = SignInSession(
        token_hash=digest(token),
        person_id=person_id,
        csrf_token=secrets.token_urlsafe(32),
        created_at=at,
        last_seen_at=at,
        expires_at=at + timedelta(hours=hours),
        renewed_at=at,
        renew_at=at + RENEWED_EVERY,
    )
    session.add(row)
    session.flush()
    _record(session, "session.begun", person_id, at=at, actor=actor)
    return SignedIn(token=token, csrf_token=row.csrf_token, person=person, expires_at=row.expires_at)


def end_session(session: Session, token: str, *, at: datetime, actor: Actor) -> None:
    """Sign out: the token opens nothing any more."""
    if (row := people.signed_in(session, digest(token), to_change=True)) is not None:
        session.delete(row)
        session.flush()
        _record(session, "session.ended", row.person_id, at=at, actor=actor)


def end_sessions(session: Session, person_id: UUID, *, at: datetime, actor: Actor) -> int:
    """Sign a person out everywhere; returns in how many browsers that was."""
    if browsers := people.end_sessions_of(session, person_id):
        _record(session, "session.ended", person_id, at=at, actor=actor, browsers=browsers)
    return browsers


def purge_sessions(session: Session, *, at: datetime) -> int:
    """Forget sign-ins and devices past their date; returns how many there were."""
    return people.forget_expired(session, at=at)


def actor_of_session(session: Session, token: str, *, at: datetime, idle: timedelta = IDLE) -> Visitor | None:
    """The person behind a session's token; None when it is over or has not been used for `idle`."""
    presented = digest(token)
    row = people.signed_in(session, presented)
    if row is None or not row.in_force(presented, at=at, idle=idle):
        return None
    actor = actor_of_person(row.person)
    return Visitor(actor.acting_as(row.acting_as), row.csrf_token, news=row.news(presented, at=at), held=actor.roles)


def keep_alive(session: Session, token: str, *, at: datetime) -> SignedIn | None:
    """Write down that a session is in use; its new token when the old one has been in use for long, or rights have changed."""
    presented = digest(token)
    row = people.signed_in(session, presented, to_change=True)
    if row is None:  # signed out by another request, meanwhile
        return None
    row.used(presented, at=at)
    if not row.renewal_due(presented, at=at):
        return None
    fresh = secrets.token_urlsafe(32)
    row.renew(presented, digest(fresh), at=at)
    session.flush()
    return SignedIn(token=fresh, csrf_token=row.csrf_token, person=row.person, expires_at=row.expires_at)


def check_csrf_token(expected: str, sent: str) -> None:
    """Refuse a change of a signed-in browser that does not carry its session's token; raises CrossSiteRefused."""
    if not hmac.compare_digest(expected.encode(), sent.encode("utf-8", "surrogatepass")):
        said = "The page has expired or was not ours. Open it again and send it once more."
        raise CrossSiteRefused(said, header="X-CSRF-Token")  # so that a program knows what was missing


def actor_of_person(person: Person) -> Actor:
    """A person with all the roles that they hold."""
    return Actor(
        name=f"person:{person.id}",
        shown_as=person.name,
        roles=frozenset(row.role for row in person.grants),
        scopes=frozenset(Scope),
        person_id=person.id,
        place_ids=frozenset(row.place_id for row in person.grants if row.place_id is not None),
        organisation_ids=frozenset(row.organisation_id for row in person.grants if row.organisation_id is not None),
    )


def actor_of_key(session: Session, presented: str, *, at: datetime) -> Actor:
    """The machine behind a key; raises KeyRefused, the same for every cause."""
    parts = _KEY.fullmatch(presented)
    row = keys.by_prefix(session, parts[1]) if parts else None
    right = hmac.compare_digest(row.secret_hash if row else "", digest(parts[2] if parts else ""))
    person = people.by_id(session, row.person_id) if row and row.person_id else None
    if row is None or not right or not row.in_force(at) or (person is not None and not person.active):
        raise KeyRefused("The key is unknown, revoked or past its date. Ask the Hub lead for a new one.")
    return Actor(
        name=f"key:{row.prefix}",
        shown_as=person.name if person else row.name,
        roles=frozenset({row.role}),
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        person_id=row.person_id,
        key_id=row.id,
        place_ids=frozenset({row.place_id} if row.place_id else ()),
        organisation_ids=frozenset({row.organisation_id} if row.organisation_id else ()),
    )


def digest(secret: str) -> str:
    """SHA-256 in hex; enough for secrets of 256 random bits, which nobody can guess."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def hashed(password: str) -> str:
    """The argon2 hash of a password; raises AccountInvalid for one that is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise AccountInvalid(f"Use a password of {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.", field="password")
    with _HASHING:
        return _hasher().hash(password)


def check_belonging(role: Role, place_id: UUID | None, organisation_id: UUID | None) -> None:
    """Refuse a role without its place or organisation, or with one that is not its; raises AccountInvalid."""
    if (role is Role.PLACE) != (place_id is not None):
        raise AccountInvalid("The role 'place' names its place, and no other role does.", field="place")
    if (role is Role.INNOVATOR) != (organisation_id is not None):
        raise AccountInvalid("The role 'innovator' names its organisation, and no other role does.", field="organisation")


@cache
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(),))


@cache
def nobodys_hash() -> str:
    """A hash that no password opens, so that an unknown address takes as long as a known one."""
    return _hasher().hash(secrets.token_urlsafe(32))


def _record(
    session: Session,
    kind: str,
    subject_id: UUID,
    *,
    at: datetime,
    actor: Actor,
    subject_kind: str = "person",
    **data: Any,  # noqa: ANN401 -- JSON values
) -> None:
    record(session, Event.of(kind, subject_kind=subject_kind, subject_id=subject_id, actor=actor.name, at=at, **data), at=at)
