"""Bodies that help innovators: list, read, add, change."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.errors import CHANGING, CREATING, LISTING, READING, problems
from api.requests import Creation, ExpectedVersion, Now, Reading, StrictRoute, Transaction, tag
from api.schemas.bodies import BodiesQuery, BodyIn, BodyOut, BodyPatch
from api.schemas.pages import PageOut
from api.security import BodyKeeper, BodyReader
from api.services import supporting
from api.services.mailing import AddressRefused
from models.queries import referrals
from models.queries.places import UnknownPlace
from models.referrals import BodyIncomplete

router = APIRouter(prefix="/bodies", tags=["referrals"], route_class=StrictRoute)
_REFUSED = (UnknownPlace, AddressRefused, BodyIncomplete)


@router.get("", response_model=PageOut[BodyOut], responses=problems(*LISTING))
def list_bodies(wanted: Annotated[BodiesQuery, Query()], reader: BodyReader, session: Reading) -> PageOut[BodyOut]:
    """List the bodies that help innovators, by name."""
    page = referrals.bodies(session, **wanted.model_dump())
    return PageOut(items=[BodyOut.of(row, reader) for row in page.rows], next=page.following)


@router.get("/{body_id}", response_model=BodyOut, responses=problems(*READING))
def read_body(body_id: UUID, reader: BodyReader, session: Reading, response: Response) -> BodyOut:
    """Read one body: what it helps with, whom, and how it is reached."""
    return tag(response, BodyOut.of(referrals.body(session, body_id), reader))


@router.post("", status_code=201, response_model=BodyOut, responses=problems(*CREATING, *_REFUSED))
def add_body(body: BodyIn, lead: BodyKeeper, now: Now, session: Creation, response: Response) -> BodyOut:
    """Add a body that helps innovators."""
    row = supporting.add(session, body.model_dump(), actor=lead, at=now)
    response.headers["Location"] = f"/api/v1/bodies/{row.id}"
    return tag(response, BodyOut.of(row, lead))


@router.patch("/{body_id}", response_model=BodyOut, responses=problems(*CHANGING, *_REFUSED))
def change_body(
    body_id: UUID, *, body: BodyPatch, lead: BodyKeeper, version: ExpectedVersion, now: Now, session: Transaction, response: Response
) -> BodyOut:
    """Change what is said of a body, or put it out of use; fields that are left out stay as they are."""
    row = supporting.change(session, body_id, body.model_dump(exclude_unset=True), actor=lead, at=now, version=version)
    return tag(response, BodyOut.of(row, lead))
