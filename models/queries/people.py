"""People and their signed-in sessions."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models.people import Person, RoleGrant, SignInSession


def by_email(session: Session, email: str) -> Person | None:
    """The person of an e-mail address, in any case; None when there is none."""
    return session.scalars(select(Person).where(Person.email == email.strip().lower())).first()


def by_id(session: Session, person_id: UUID) -> Person | None:
    """The person of an id; None when there is none."""
    return session.get(Person, person_id)


def everybody(session: Session) -> Sequence[Person]:
    """All people, active or not, by e-mail address."""
    return session.scalars(select(Person).order_by(Person.email)).all()


def grant_of(session: Session, person_id: UUID, grant: RoleGrant) -> RoleGrant | None:
    """The grant that a person holds already and that says the same; None when there is none."""
    same = select(RoleGrant).where(
        RoleGrant.person_id == person_id,
        RoleGrant.role == grant.role,
        RoleGrant.place_id.is_not_distinct_from(grant.place_id),
        RoleGrant.organisation_id.is_not_distinct_from(grant.organisation_id),
    )
    return session.scalars(same).first()


def signed_in(session: Session, token_hash: str) -> SignInSession | None:
    """The session of a token's hash, with its person and their roles; None when there is none."""
    return session.get(SignInSession, token_hash)


def end_session(session: Session, token_hash: str) -> None:
    """Forget one signed-in session."""
    session.execute(delete(SignInSession).where(SignInSession.token_hash == token_hash))


def end_sessions_of(session: Session, person_id: UUID) -> None:
    """Forget every session of a person."""
    session.execute(delete(SignInSession).where(SignInSession.person_id == person_id))
