"""The front door: what the system needs of what one has, before there is an account."""

from datetime import timedelta

from fastapi import APIRouter, Request

from api.errors import ASKING, CREATING, RANKING, SENDING, problems
from api.requests import Creation, CurrentSettings, Now, Reading, SharedLibraries, StrictRoute
from api.schemas.front_door import CallRef, FrontDoorMatchesIn, FrontDoorMatchesOut, HearingOut, SavedOut, SaveIn
from api.schemas.matches import MatchesOut
from api.security import FrontDoorSaver, FrontDoorVisitor
from api.services import front_door
from api.services.accounts import AccountInvalid
from models.actors import ANONYMOUS
from models.documents import Visibility

SAVED = (
    "We have sent a link to that address. Open it to keep what you said, and to hand it in if you chose so. "
    "If no mail comes within a few minutes, look among unwanted mail, or send this again in an hour."
)
router = APIRouter(prefix="/front-door", tags=["front door"], route_class=StrictRoute)


@router.post("/matches", response_model=FrontDoorMatchesOut, responses=problems(*ASKING, *SENDING, *RANKING))
def front_door_matches(
    body: FrontDoorMatchesIn, _: FrontDoorVisitor, now: Now, session: Reading, libraries: SharedLibraries
) -> FrontDoorMatchesOut:
    """Tell at once which public open needs the five answers may meet, who would read them, and when one would hear; keeps nothing."""
    matches = front_door.matches(session, libraries, body.content(), limit=body.limit)
    found = MatchesOut.of(matches, ANONYMOUS)
    return FrontDoorMatchesOut(
        nothing_fits=found.nothing_fits,
        candidates=found.candidates,
        matches=found.matches,
        calls=[CallRef.model_validate(each) for each in front_door.calls_on(session, matches).values()],
        readers={visibility: front_door.readers(visibility) for visibility in Visibility},
        hearing=HearingOut.of(front_door.hearing(now)),
    )


@router.post("/submissions", status_code=202, response_model=SavedOut, responses=problems(*CREATING, AccountInvalid))
def front_door_save(
    body: SaveIn, _: FrontDoorSaver, *, request: Request, now: Now, settings: CurrentSettings, session: Creation
) -> SavedOut:
    """Keep the five answers for the owner of an address, who is mailed a link; the answer is the same whoever that is."""
    request.app.state.link_limit.count(request.client.host if request.client else "")
    front_door.save(
        session,
        body.content(),
        organisation=body.organisation,
        email=body.email,
        hand_in=body.submit,
        at=now,
        keep_for=timedelta(days=settings.unclaimed_days),
    )
    return SavedOut(detail=SAVED, link_valid_days=settings.unclaimed_days)
