"""Pages for signing in and out."""

import re
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette import status as http

from api import browsers, refusals
from api.db import Database
from api.pages import forms
from api.pages.forms import FormError, Sent
from api.pages.rendering import page, see_other
from api.requests import CurrentSettings, Now, StrictRoute
from api.security import CurrentVisit, Leaver, LinkAsker, Nobody, Visit, same_origin
from api.services import accounts, demo, signing_in
from api.services.accounts import AccountInvalid, SignInRefused
from api.settings import Settings

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
_DONE: Final = {
    "link": "If that address has an account that may use a link to sign in, one is on its way",
    "deleted": "Your account is deleted",
}
_OWN_PAGE: Final = re.compile(r"/(?!/)[\w\-./?=&%+]*")


def own_page(address: str) -> str:
    """An address of this service to go on to; the first page when it is any other."""
    if _OWN_PAGE.fullmatch(address) and not urlsplit(address).netloc and not address.startswith("/sign-"):
        return address
    return "/"


@router.get("/sign-in")
def ask(
    request: Request,
    *,
    visit: CurrentVisit,
    _: Nobody,
    settings: CurrentSettings,
    following: Annotated[str, Query(alias="next")] = "",
    done: str = "",
) -> HTMLResponse:
    """The two ways in: by a password, and by a mailed link."""
    return _form(request, visit, settings, following=own_page(following), done=done)


@router.post("/sign-in", dependencies=[Depends(same_origin)])
def sign_in(request: Request, *, visit: CurrentVisit, _: Nobody, settings: CurrentSettings, at: Now, sent: Sent) -> Response:
    """Prove who somebody is and go on to the page that they wanted; a session that was open before ends."""
    email, password, following = forms.text(sent, "email"), forms.text(sent, "password"), own_page(forms.text(sent, "next"))
    errors = forms.missing_answers(
        {"email": email, "password": password}, {"email": "Enter your e-mail address", "password": "Enter your password"}
    )
    if errors:
        return _form(request, visit, settings, following=following, email=email, errors=errors)
    try:
        arrival = browsers.sign_in(request, email=email, password=password, at=at)
    except SignInRefused as error:
        form = _form(request, visit, settings, following=following, email=email, errors=[FormError("email", error.message)])
        return refusals.note(request, error, form)
    answer = see_other(following)
    browsers.welcome(answer, arrival, settings, at=at)
    return answer


@router.post("/sign-in/link", dependencies=[Depends(same_origin)])
def ask_for_link(request: Request, *, visit: CurrentVisit, _: LinkAsker, settings: CurrentSettings, at: Now, sent: Sent) -> Response:
    """Have a link to sign in mailed; the answer is the same whoever the address is."""
    database: Database = request.app.state.database
    address = forms.text(sent, "address")
    errors = forms.missing_answers({"address": address}, {"address": "Enter your e-mail address"})
    if not errors:
        request.app.state.link_limit.count(request.client.host if request.client else "")
        try:
            with database.transaction() as session:
                signing_in.ask(session, address, at=at)
            return see_other("/sign-in", done="link")
        except AccountInvalid as error:
            errors = [FormError("address", error.message)]
    return _form(request, visit, settings, following=own_page(forms.text(sent, "next")), address=address, errors=errors)


@router.post("/sign-out")
def sign_out(request: Request, *, actor: Leaver, settings: CurrentSettings, at: Now, sent: Sent) -> Response:
    """End the session, or every session of this person, and go to the first page."""
    database: Database = request.app.state.database
    with database.transaction() as session:
        accounts.end_session(session, browsers.session_token(request), at=at, actor=actor)
        if forms.text(sent, "everywhere") and actor.person_id and actor.key_id is None:
            accounts.end_sessions(session, actor.person_id, at=at, actor=actor)
    answer = see_other("/")
    browsers.forget_sign_in(answer, settings)
    return answer


def _form(
    request: Request,
    visit: Visit,
    settings: Settings,
    *,
    following: str,
    email: str = "",
    address: str = "",
    done: str = "",
    errors: list[FormError] | None = None,
) -> HTMLResponse:
    return page(
        request,
        "sign_in.jinja",
        visit,
        status=http.HTTP_422_UNPROCESSABLE_CONTENT if errors else http.HTTP_200_OK,
        title="Sign in",
        next=following,
        sent_here=following != "/",
        email=email,
        address=address,
        staff_too=settings.link_sign_in == "all",
        link_sent=done == "link",
        done=_DONE.get(done, ""),
        errors=errors or [],
        wrong=forms.by_field(errors or []),
        demo=demo.ACCOUNTS if settings.demo else (),
    )
