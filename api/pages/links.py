"""The page that a link in a mail opens: to look spends nothing, so that programs that read mail use no link up; the button does."""

from typing import Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from api import browsers
from api.pages import forms
from api.pages.forms import Sent
from api.pages.rendering import page, see_other
from api.requests import CurrentSettings, Now, Reading, StrictRoute
from api.security import CurrentVisit, LinkOpener, same_origin
from api.services import opening
from models.links import LinkPurpose

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
TITLES: Final = {
    LinkPurpose.SIGN_IN: "Sign in",
    LinkPurpose.SAVE: "Keep what you told us",
    LinkPurpose.INVITATION: "You are invited",
}


@router.get("/links/{token}")
def look_at(token: str, _: LinkOpener, *, request: Request, visit: CurrentVisit, at: Now, session: Reading) -> HTMLResponse:
    """Tell what the link is for, and the button."""
    looked = opening.look(session, token, at=at)
    return page(request, "link.jinja", visit, title=TITLES[looked.purpose], looked=looked, token=token)


@router.post("/links/{token}", dependencies=[Depends(same_origin)])
def use(token: str, _: LinkOpener, *, request: Request, settings: CurrentSettings, at: Now, sent: Sent) -> Response:
    """Use the link, and go to what it opened."""
    arrival, opened = browsers.open_link(request, token, name=forms.text(sent, "name"), at=at)
    answer = see_other("/")
    if opened.innovation is not None:
        answer = see_other(f"/innovations/{opened.innovation.id}/status", done="claimed")
        browsers.forget_draft(answer, settings)  # what it said is the innovation now; the row ends with its date
    browsers.welcome(answer, arrival, settings, at=at)
    return answer
