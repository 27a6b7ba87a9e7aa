"""The logo in the header of every page, from this service alone."""

from fastapi import APIRouter, Response

from api.logos import logo_of
from api.requests import CurrentSettings, StrictRoute
from api.security import Nobody
from models.queries.documents import NotFound

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
KEPT_SECONDS = 24 * 3600


@router.get("/logo", response_class=Response)
def logo(_: Nobody, settings: CurrentSettings, v: str = "") -> Response:
    """The picture; raises NotFound where none is set. `v` is its version, so that a browser that kept another asks again."""
    found = logo_of(settings.logo)
    if found is None:
        raise NotFound("This service shows no logo.")
    return Response(found.body, media_type=found.media_type, headers={"Cache-Control": f"public, max-age={KEPT_SECONDS}"})
