"""Links in mails: ask for one to sign in, look at one, open one."""

from fastapi import APIRouter, Depends, Request, Response

from api import browsers
from api.errors import ASKING, CREATING, SENDING, problems
from api.requests import Creation, CurrentSettings, Now, Reading, StrictRoute
from api.schemas.links import LinkAskedOut, LinkAskIn, LinkOpenIn, LinkOut, OpenedOut
from api.security import LinkAsker, LinkOpener, same_origin
from api.services import opening, signing_in
from api.services.accounts import AccountInvalid, SignInRefused
from models.links import LinkSpent

ASKED = (
    "If that address has an account that may use a link to sign in, one is on its way. It works once, for half an hour. "
    "If no mail comes within a few minutes, look among unwanted mail, or ask again in an hour."
)
router = APIRouter(tags=["people"], route_class=StrictRoute)


@router.post("/session/link", status_code=202, response_model=LinkAskedOut, responses=problems(*CREATING, AccountInvalid))
def ask_for_link(body: LinkAskIn, _: LinkAsker, *, request: Request, now: Now, session: Creation) -> LinkAskedOut:
    """Have a link to sign in mailed, also instead of a lost password; the answer is the same whoever the address is."""
    request.app.state.link_limit.count(request.client.host if request.client else "")
    signing_in.ask(session, body.email, at=now)
    return LinkAskedOut(detail=ASKED)


@router.get("/links/{token}", response_model=LinkOut, responses=problems(*ASKING, LinkSpent))
def look_at_link(token: str, _: LinkOpener, now: Now, session: Reading) -> LinkOut:
    """Tell what a link is for; it works afterwards as before."""
    return LinkOut.model_validate(opening.look(session, token, at=now))


@router.post(
    "/links/{token}",
    status_code=201,
    response_model=OpenedOut,
    dependencies=[Depends(same_origin)],
    responses=problems(*ASKING, *SENDING, LinkSpent, SignInRefused),
)
def open_link(
    token: str, body: LinkOpenIn, _: LinkOpener, *, request: Request, response: Response, now: Now, settings: CurrentSettings
) -> OpenedOut:
    """Use a link up: sign in, claim what was saved, or accept an invitation; a session that was open before ends."""
    arrival, opened = browsers.open_link(request, token, name=body.name, at=now)
    browsers.welcome(response, arrival, settings, at=now)
    begun, innovation = arrival.signed_in, opened.innovation
    return OpenedOut(
        purpose=opened.purpose,
        name=begun.person.name,
        csrf_token=begun.csrf_token,
        expires_at=begun.expires_at,
        innovation=innovation.id if innovation else None,
        status=innovation.status.value if innovation else None,
    )
