"""What an organisation is that somebody named at the front door: a new one, or one that the Hub knows, which its people then join."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.services.recording import record
from models.actors import Actor
from models.documents import TransitionRefused
from models.events import Event
from models.grants import Subject
from models.organisations import CompanySize, Organisation, Origin
from models.policies import ORGANISATION_CONFIRM, ORGANISATION_DESCRIBE
from models.queries import organisations, people
from models.queries.documents import NotFound


def waiting(session: Session, actor: Actor) -> Sequence[Organisation]:
    """The organisations that wait for the Hub's word, by name."""
    ORGANISATION_CONFIRM.check(actor)
    return organisations.unconfirmed(session)


def one(session: Session, organisation_id: UUID, actor: Actor) -> Organisation:
    """One organisation, confirmed or not; raises NotFound."""
    ORGANISATION_CONFIRM.check(actor)
    return _there(people.organisation(session, organisation_id))


def confirm(session: Session, organisation_id: UUID, *, actor: Actor, at: datetime, same_as: UUID | None = None) -> Organisation:
    """Say that it is a new organisation, or `same_as` one that is confirmed: then its people and offers are that one's.

    Raises NotFound, or TransitionRefused when it is confirmed already or the other is not.
    """
    ORGANISATION_CONFIRM.check(actor)
    named, known = _one(session, organisation_id), _one(session, same_as) if same_as is not None else None
    if named.confirmed or (known is not None and not known.confirmed):
        raise TransitionRefused("Only one that waits is confirmed, and only as one that does not wait.", status="confirmed")
    if known is None:
        named.confirmed = True
        found, data = named, {}
    else:
        known.size, known.origin = known.size or named.size, known.origin or named.origin
        organisations.become(session, named.id, known.id)
        for offer in organisations.offers_of(session, known.id):
            offer.refresh_search_text()
        found, data = known, {"same_as": str(known.id)}
    event = Event.of("organisation.confirmed", subject_kind="organisation", subject_id=organisation_id, actor=actor.name, at=at, **data)
    record(session, event, at=at)
    session.flush()
    return found


def describe(
    session: Session, organisation_id: UUID, *, size: CompanySize | None, origin: Origin | None, actor: Actor, at: datetime
) -> Organisation:
    """Say how large it is and where it is at home, for reports alone; None takes it back. Raises NotFound, or NotAllowed."""
    row = _one(session, organisation_id)
    ORGANISATION_DESCRIBE.check(actor, Subject(owners=frozenset({row.id})))
    row.size, row.origin = size, origin
    data = {"size": size.value if size else None, "origin": origin.value if origin else None}
    event = Event.of("organisation.described", subject_kind="organisation", subject_id=row.id, actor=actor.name, at=at, **data)
    record(session, event, at=at)
    session.flush()
    return row


def _one(session: Session, organisation_id: UUID) -> Organisation:
    return _there(organisations.to_change(session, organisation_id))


def _there(found: Organisation | None) -> Organisation:
    if found is None:
        raise NotFound("There is no organisation of that id. List those that wait.")
    return found
