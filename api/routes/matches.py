"""Matches of a text that is not stored, and is not stored by asking."""

from typing import Annotated

from fastapi import APIRouter, Body

from api.errors import ASKING, RANKING, SENDING, problems
from api.requests import Reading, SharedLibraries, StrictRoute
from api.schemas.matches import MATCHES_IN_EXAMPLES, MatchesIn, MatchesOut
from api.security import Matcher
from api.services import proposing
from models.documents import Side

router = APIRouter(prefix="/matches", tags=["matches"], route_class=StrictRoute)


@router.post("", response_model=MatchesOut, responses=problems(*ASKING, *SENDING, *RANKING))
def match_text(
    body: Annotated[MatchesIn, Body(examples=MATCHES_IN_EXAMPLES)], asker: Matcher, session: Reading, libraries: SharedLibraries
) -> MatchesOut:
    """Rank the other side for a text, so that a need or an innovation can be tried before it is stored."""
    found = proposing.matches_of_text(session, libraries, Side(body.side), body.content, actor=asker, limit=body.limit)
    return MatchesOut.of(found, asker)
