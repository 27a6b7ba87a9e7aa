"""People and their signed-in sessions."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, Result, Row, and_, delete, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.organisations import Organisation
from models.people import KnownDevice, Person, Role, RoleGrant, SignInSession
from models.places import Place
from models.queries.pages import Page, page_of


def add(session: Session, person: Person) -> bool:
    """Keep somebody new; False when another has their address, which of two at once is known only then. That ends the transaction."""
    session.add(person)
    try:
        session.flush()
    except IntegrityError:
        return False
    return True


def by_email(session: Session, email: str) -> Person | None:
    """The person of an e-mail address, in any case; None when there is none."""
    return session.scalars(select(Person).where(Person.email == email.strip().lower())).first()


def by_id(session: Session, person_id: UUID) -> Person | None:
    """The person of an id; None when there is none."""
    return session.get(Person, person_id)


def address_of(session: Session, person_id: UUID) -> str:
    """The e-mail address of a person that there is."""
    return session.get_one(Person, person_id).email


def everybody(session: Session) -> Sequence[Person]:
    """All people, active or not, by e-mail address."""
    return session.scalars(select(Person).order_by(Person.email)).all()


def page(
    session: Session, *, after: str | None, limit: int, words: str = "", role: Role | None = None, active: bool | None = None
) -> Page[Person]:
    """People but those whose account was erased, latest first; by words of name or address, a role, an account open or closed."""
    query = select(Person).where(Person.erased_at.is_(None), _named_like(words))
    if role is not None:
        query = query.where(Person.grants.any(RoleGrant.role == role))
    if active is not None:
        query = query.where(Person.active.is_(active))
    return page_of(session, query.order_by(Person.created_at.desc(), Person.id), after=after, limit=limit, kinds=(datetime, UUID))


def _named_like(words: str) -> ColumnElement[bool]:
    parts = [Person.name.icontains(word, autoescape=True) | Person.email.icontains(word, autoescape=True) for word in words.split()]
    return and_(true(), *parts)


def ids_named_like(session: Session, words: str, *, limit: int) -> Sequence[UUID]:
    """The ids of people whose name or address holds these words, some at a time."""
    return session.scalars(select(Person.id).where(_named_like(words)).order_by(Person.name, Person.id).limit(limit)).all()


def names_by_id(session: Session, ids: Collection[UUID]) -> dict[UUID, str]:
    """The names of people, of those that there are."""
    return {row.id: row.name for row in session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))} if ids else {}


def of_organisation(session: Session, organisation_id: UUID) -> Sequence[Person]:
    """The people who act for an organisation, by name."""
    query = select(Person).where(Person.grants.any(RoleGrant.organisation_id == organisation_id))
    return session.scalars(query.order_by(Person.name, Person.id)).all()


def names(session: Session, ids: Collection[UUID]) -> dict[UUID, str]:
    """The names of places and organisations, of those that there are."""
    if not ids:
        return {}
    found = [session.execute(select(kind.id, kind.name).where(kind.id.in_(ids))) for kind in (Place, Organisation)]
    return {row.id: row.name for rows in found for row in rows}


def grant_of(session: Session, person_id: UUID, grant: RoleGrant) -> RoleGrant | None:
    """The grant that a person holds already and that says the same; None when there is none."""
    same = select(RoleGrant).where(
        RoleGrant.person_id == person_id,
        RoleGrant.role == grant.role,
        RoleGrant.place_id.is_not_distinct_from(grant.place_id),
        RoleGrant.organisation_id.is_not_distinct_from(grant.organisation_id),
    )
    return session.scalars(same).first()


def organisation(session: Session, organisation_id: UUID | None) -> Organisation | None:
    """The organisation of an id; None when there is none."""
    return session.get(Organisation, organisation_id) if organisation_id is not None else None


def place(session: Session, place_id: UUID | None) -> Place | None:
    """The place of an id; None when there is none."""
    return session.get(Place, place_id) if place_id is not None else None


def secret_of(session: Session, email: str) -> Row[UUID, str, bool] | None:
    """Id, password hash and whether the account is open; one query, so that it takes as long for an address that there is not."""
    found = select(Person.id, Person.password_hash, Person.active).where(Person.email == email.strip().lower())
    return session.execute(found).first()


def signed_in(session: Session, token_hash: str, *, to_change: bool = False) -> SignInSession | None:
    """The session of a token's hash, its present one or the one before; None when there is none."""
    either = (SignInSession.token_hash == token_hash) | (SignInSession.previous_token_hash == token_hash)
    found = select(SignInSession).where(either)
    if to_change:
        found = found.with_for_update(of=SignInSession).execution_options(populate_existing=True)
    return session.scalars(found).first()


def renew_sessions_of(session: Session, person_id: UUID, *, at: datetime) -> None:
    """Make every session of a person go on under a new token."""
    session.execute(update(SignInSession).where(SignInSession.person_id == person_id).values(renew_at=at))


def end_sessions_of(session: Session, person_id: UUID) -> int:
    """Forget every session of a person; returns how many there were."""
    return _rows(session.execute(delete(SignInSession).where(SignInSession.person_id == person_id)))


def forget_expired(session: Session, *, at: datetime) -> int:
    """Forget sessions and devices past their date; returns how many there were."""
    return sum(_rows(session.execute(delete(kind).where(kind.expires_at <= at))) for kind in (SignInSession, KnownDevice))


def knows_device(session: Session, email: str, token_hash: str, *, at: datetime) -> bool:
    """Whether the owner of an account has signed in with a device before."""
    found = (
        select(KnownDevice.token_hash)
        .join(Person, Person.id == KnownDevice.person_id)
        .where(KnownDevice.token_hash == token_hash, KnownDevice.expires_at > at, Person.email == email.strip().lower())
    )
    return session.scalars(found).first() is not None


def rename_device(session: Session, token_hash: str, new_hash: str) -> None:
    """Know a device by another token from now on, for everybody who uses it."""
    session.execute(update(KnownDevice).where(KnownDevice.token_hash == token_hash).values(token_hash=new_hash))


def devices_of(session: Session, person_id: UUID) -> Sequence[KnownDevice]:
    """The devices of a person, last used first."""
    found = select(KnownDevice).where(KnownDevice.person_id == person_id).order_by(KnownDevice.seen_at.desc(), KnownDevice.token_hash)
    return session.scalars(found).all()


def forget_devices_of(session: Session, person_id: UUID) -> None:
    """Forget every device of a person."""
    session.execute(delete(KnownDevice).where(KnownDevice.person_id == person_id))


def _rows(result: Result[Any]) -> int:
    return cast(CursorResult[Any], result).rowcount
