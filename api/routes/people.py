"""Signing in and out, and who one is."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from api import browsers
from api.errors import ASKING, SENDING, problems
from api.requests import CurrentSettings, Now, Reading, StrictRoute, Transaction
from api.schemas.people import ExportOut, Me, SessionOut, SignIn
from api.security import CurrentVisit, Leaver, Nobody, SelfDeleter, SelfExporter, SignedInActor, same_origin
from api.services import accounts, erasing
from api.services.accounts import CrossSiteRefused, SignInRefused
from api.services.attempts import TooManyAttempts
from models.documents import TransitionRefused
from models.grants import Subject
from models.policies import SELF_DELETE, SELF_EXPORT
from models.queries import places

router = APIRouter(tags=["people"], route_class=StrictRoute)


@router.post(
    "/session",
    status_code=201,
    response_model=SessionOut,
    dependencies=[Depends(same_origin)],
    responses=problems(*SENDING, SignInRefused, TooManyAttempts),
)
def sign_in(body: SignIn, *, _: Nobody, request: Request, response: Response, now: Now, settings: CurrentSettings) -> SessionOut:
    """Sign in; the answer's cookies carry the session and a name of the browser, and a session that was open before ends."""
    arrival = browsers.sign_in(request, email=body.email, password=body.password, at=now)
    browsers.welcome(response, arrival, settings, at=now)
    begun = arrival.signed_in
    return SessionOut(name=begun.person.name, csrf_token=begun.csrf_token, expires_at=begun.expires_at)


@router.delete("/session", status_code=204, responses=problems(*ASKING, CrossSiteRefused))
def sign_out(
    actor: Leaver,
    *,
    request: Request,
    response: Response,
    settings: CurrentSettings,
    session: Transaction,
    now: Now,
    everywhere: Annotated[bool, Query(description="End every sign-in of this person, not of this browser alone.")] = False,
) -> None:
    """Sign out; the cookie opens nothing any more."""
    if token := browsers.session_token(request):
        accounts.end_session(session, token, at=now, actor=actor)
    if everywhere and actor.person_id and actor.key_id is None:  # a key signs nobody out
        accounts.end_sessions(session, actor.person_id, at=now, actor=actor)
    browsers.forget_sign_in(response, settings)


@router.get("/me/export", response_model=ExportOut, responses=problems(*ASKING))
def export_me(actor: SelfExporter, session: Reading) -> ExportOut:
    """Tell everything that is held about you, table by table; secrets are left out."""
    return ExportOut(tables=erasing.export(session, SELF_EXPORT.person(actor, Subject())))


@router.delete("/me", status_code=204, responses=problems(*ASKING, CrossSiteRefused, TransitionRefused))
def delete_me(actor: SelfDeleter, *, response: Response, settings: CurrentSettings, session: Transaction, now: Now) -> None:
    """Erase your account: name and address are gone; what you did stays on record without them. It cannot be undone."""
    erasing.erase_person(session, SELF_DELETE.person(actor, Subject()), actor=actor, at=now)
    browsers.forget_sign_in(response, settings)


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
