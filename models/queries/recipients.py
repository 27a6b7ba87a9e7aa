"""Who is written to, by what they are to a thing; only people whose account is open."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from models.innovations import Innovation
from models.people import Person, Role, RoleGrant

_AUTHOR = "person:"  # as events name people


def hub_staff(session: Session) -> Sequence[Person]:
    """Hub staff, the leads among them."""
    return _holding(session, RoleGrant.role.in_((Role.HUB, Role.LEAD)))


def leads(session: Session) -> Sequence[Person]:
    """The Hub leads."""
    return _holding(session, RoleGrant.role == Role.LEAD)


def of_place(session: Session, place_id: UUID) -> Sequence[Person]:
    """The team of a place."""
    return _holding(session, (RoleGrant.role == Role.PLACE) & (RoleGrant.place_id == place_id))


def of_organisation(session: Session, organisation_id: UUID) -> Sequence[Person]:
    """The innovators of an organisation."""
    return _holding(session, (RoleGrant.role == Role.INNOVATOR) & (RoleGrant.organisation_id == organisation_id))


def of_innovation(session: Session, innovation: Innovation) -> Sequence[Person]:
    """The innovators of its supplier, else whoever brought it in; nobody where a machine did, or the account is closed."""
    if innovation.supplier_id is not None and (found := of_organisation(session, innovation.supplier_id)):
        return found
    author = _author_of(innovation)
    return session.scalars(select(Person).where(Person.id == author, Person.active)).all() if author else []


def _author_of(innovation: Innovation) -> UUID | None:
    said = innovation.created_by
    return UUID(said.removeprefix(_AUTHOR)) if said.startswith(_AUTHOR) else None


def _holding(session: Session, role: ColumnElement[bool]) -> Sequence[Person]:
    return session.scalars(select(Person).where(Person.active, Person.grants.any(role)).order_by(Person.email)).all()
