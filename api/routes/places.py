"""Places, organisations and the code lists of coded fields."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter

from api.requests import Reading, StrictRoute
from api.schemas.places import CodeLists, OrganisationOut, PlaceOut
from api.security import Anyone
from api.services.codes import code_lists
from models.organisations import Organisation
from models.places import Place
from models.queries import places

router = APIRouter(tags=["places"], route_class=StrictRoute)


@router.get("/places", response_model=list[PlaceOut])
def list_places(_: Anyone, session: Reading) -> Sequence[Place]:
    """List the five places with the ODS codes that they have had."""
    return places.all_places(session)


@router.get("/organisations", response_model=list[OrganisationOut])
def list_organisations(_: Anyone, session: Reading) -> Sequence[Organisation]:
    """List the bodies that may own needs; suppliers are left out."""
    return places.organisations(session)


@router.get("/codes", response_model=CodeLists)
def list_codes(_: Anyone) -> Mapping[str, Any]:
    """List the values of every coded field, with their English labels."""
    return code_lists()
