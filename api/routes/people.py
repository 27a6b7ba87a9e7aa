"""Signing in and out, and who one is."""

from fastapi import APIRouter, Depends, Request, Response

from api.errors import ASKING, SENDING, problems
from api.requests import CurrentSettings, Now, Reading, StrictRoute, Transaction
from api.schemas.people import Me, SessionOut, SignIn
from api.security import COOKIE, CurrentVisit, Nobody, SignedInActor, forget_sign_in, keep_signed_in, same_origin
from api.services import accounts
from api.services.accounts import CrossSiteRefused, SignInRefused
from api.services.attempts import Attempts, TooManyAttempts
from models.queries import places

router = APIRouter(tags=["people"], route_class=StrictRoute)


@router.post(
    "/session",
    status_code=201,
    response_model=SessionOut,
    dependencies=[Depends(same_origin)],
    responses=problems(*SENDING, SignInRefused, TooManyAttempts),
)
def sign_in(
    body: SignIn,
    *,
    _: Nobody,
    request: Request,
    response: Response,
    now: Now,
    settings: CurrentSettings,
    reading: Reading,
    session: Transaction,
) -> SessionOut:
    """Sign in; the answer's cookie carries the session, and a session that was open before ends."""
    attempts: Attempts = request.app.state.attempts
    with attempts.trying(account=body.email, address=request.client.host if request.client else ""):
        person = accounts.proven(reading, body.email, body.password)  # long, and therefore outside the writing transaction
        begun = accounts.start_session(session, person.id, at=now, hours=settings.session_hours, replacing=request.cookies.get(COOKIE))
    keep_signed_in(response, begun, settings)
    return SessionOut(name=begun.person.name, csrf_token=begun.csrf_token, expires_at=begun.expires_at)


@router.delete("/session", status_code=204, responses=problems(*ASKING, CrossSiteRefused))
def sign_out(_: SignedInActor, request: Request, response: Response, settings: CurrentSettings, session: Transaction) -> None:
    """Sign out; the cookie opens nothing any more."""
    if token := request.cookies.get(COOKIE):
        accounts.end_session(session, token)
    forget_sign_in(response, settings)


@router.get("/me", response_model=Me, responses=problems(*ASKING))
def me(actor: SignedInActor, visit: CurrentVisit, session: Reading) -> Me:
    """Tell who the service takes you for, and what you may do."""
    return Me(
        actor=actor.name,
        name=actor.shown_as,
        roles=sorted(actor.roles),
        scopes=sorted(actor.scopes),
        places=[place.key for place in places.all_places(session) if place.id in actor.place_ids],
        csrf_token=visit.csrf_token or None,
    )
