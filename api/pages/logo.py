"""The logo in the header of every page, from this service alone."""

from fastapi import APIRouter, Response
from starlette import status as http

from api.logos import logo_of
from api.requests import CurrentSettings, StrictRoute
from api.security import Nobody

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
KEPT_SECONDS = 24 * 3600


@router.get("/logo", response_class=Response)
def logo(_: Nobody, settings: CurrentSettings, v: str = "") -> Response:
    """The picture, or nothing where none is set. `v` is its version, so that a browser that kept another asks again."""
    found = logo_of(settings.logo)
    if found is None:
        return Response(status_code=http.HTTP_204_NO_CONTENT)
    return Response(found.body, media_type=found.media_type, headers={"Cache-Control": f"public, max-age={KEPT_SECONDS}"})
