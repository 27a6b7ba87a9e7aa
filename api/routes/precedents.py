"""What answered a similar need before."""

from uuid import UUID

from fastapi import APIRouter

from api.errors import RANKING, READING, problems
from api.requests import Limit, Reading, SharedLibraries, StrictRoute
from api.schemas.precedents import PrecedentsOut
from api.security import PrecedentReader
from api.services import precedents

router = APIRouter(prefix="/needs", tags=["needs"], route_class=StrictRoute)


@router.get("/{need_id}/precedents", response_model=PrecedentsOut, responses=problems(*READING, *RANKING))
def find_precedents(
    need_id: UUID, asker: PrecedentReader, session: Reading, libraries: SharedLibraries, limit: Limit = 10
) -> PrecedentsOut:
    """Find what places adopted for needs like this one, with place, stage, since when, and the result if it met that need."""
    return PrecedentsOut.of(precedents.of_need(session, libraries, need_id, actor=asker, limit=limit))
