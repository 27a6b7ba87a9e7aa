"""Organisations that somebody named at the front door, for the Hub to say what they are."""

from uuid import UUID

from fastapi import APIRouter

from api.errors import ASKING, READING, SENDING, problems
from api.requests import Now, Reading, StrictRoute, Transaction
from api.schemas.organisations import ConfirmIn, NamedOrganisationOut, ProfileIn, ProfileOut
from api.security import OrganisationConfirmer, OrganisationDescriber
from api.services import confirming
from models.documents import TransitionRefused

router = APIRouter(prefix="/organisations", tags=["places"], route_class=StrictRoute)


@router.get("/unconfirmed", response_model=list[NamedOrganisationOut], responses=problems(*ASKING))
def list_unconfirmed(hub: OrganisationConfirmer, session: Reading) -> list[NamedOrganisationOut]:
    """List the organisations that only their own people have named."""
    return [NamedOrganisationOut.model_validate(row) for row in confirming.waiting(session, hub)]


@router.post("/{organisation_id}/confirm", response_model=NamedOrganisationOut, responses=problems(*READING, *SENDING, TransitionRefused))
def confirm_organisation(
    organisation_id: UUID, body: ConfirmIn, hub: OrganisationConfirmer, now: Now, session: Transaction
) -> NamedOrganisationOut:
    """Say that it is a new organisation, or one that is known, which its people and offers then belong to."""
    return NamedOrganisationOut.model_validate(confirming.confirm(session, organisation_id, actor=hub, at=now, same_as=body.same_as))


@router.put("/{organisation_id}/profile", response_model=ProfileOut, responses=problems(*READING, *SENDING))
def describe_organisation(
    organisation_id: UUID, body: ProfileIn, actor: OrganisationDescriber, now: Now, session: Transaction
) -> ProfileOut:
    """Say how large an organisation is and where it is at home: reports tell groups apart by it, and matching never does."""
    row = confirming.describe(session, organisation_id, size=body.size, origin=body.origin, actor=actor, at=now)
    return ProfileOut.model_validate(row)
