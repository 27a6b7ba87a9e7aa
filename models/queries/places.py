"""Places and organisations."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from models.base import DomainError
from models.organisations import Organisation, OrganisationKind
from models.places import Place


class UnknownPlace(DomainError):
    """There is no place of that key."""


class UnknownOrganisation(DomainError):
    """There is no organisation of that ODS code."""


def all_places(session: Session) -> Sequence[Place]:
    """The places, by name."""
    return session.scalars(select(Place).options(selectinload(Place.ods_codes)).order_by(Place.name)).all()


def by_keys(session: Session, keys: Collection[str]) -> list[Place]:
    """The places of these keys; raises UnknownPlace."""
    found = {place.key: place for place in session.scalars(select(Place).where(Place.key.in_(keys)))}
    if unknown := sorted(set(keys) - set(found)):
        known = ", ".join(place.key for place in all_places(session))
        raise UnknownPlace(f"Use place keys among {known}.", field="places", count=len(unknown))
    return [found[key] for key in keys]


def organisation_of(session: Session, ods_code: str) -> Organisation:
    """The organisation of an ODS code; raises UnknownOrganisation."""
    found = session.scalars(select(Organisation).where(Organisation.ods_code == ods_code)).first()
    if found is None:
        raise UnknownOrganisation("Use the ODS code of a known organisation; see GET /api/v1/places.", field="owning_organisation")
    return found


def supplier_named(session: Session, name: str) -> Organisation:
    """The supplier of that name, added when it is new; never one that only its own people have named."""
    confirmed = select(Organisation).where(Organisation.name == name, Organisation.confirmed)
    found = session.scalars(confirmed.order_by(Organisation.id)).first()
    if found is None:
        found = Organisation(name=name, kind=OrganisationKind.SUPPLIER, places=[])
        session.add(found)
        session.flush()
    return found


def own_named(session: Session, ids: Collection[UUID], name: str) -> UUID | None:
    """Which of these organisations has that name, in any case; None when none has."""
    found = session.scalars(select(Organisation).where(Organisation.id.in_(ids)).order_by(Organisation.id))
    return next((each.id for each in found if each.name.casefold().split() == name.casefold().split()), None)


def organisations(session: Session) -> Sequence[Organisation]:
    """Organisations that own or run services, suppliers left out, by name."""
    query = select(Organisation).where(Organisation.kind != OrganisationKind.SUPPLIER).options(selectinload(Organisation.places))
    return session.scalars(query.order_by(Organisation.name)).all()
