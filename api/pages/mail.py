"""Pages about mail: the one that ends a subscription, and in a demonstration the mails that were written."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.pages.rendering import page
from api.requests import CurrentSettings, Now, Reading, StrictRoute, Transaction
from api.schemas.pages import PageQuery
from api.security import CurrentVisit, MailReader, Unsubscriber, Visit
from api.services import mailing, transports
from models.actors import ANONYMOUS
from models.queries import mail

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
unsubscribing = APIRouter(route_class=StrictRoute, include_in_schema=False)
"""Without looking who is signed in: the link alone says whose mail it is, and the programs of mail providers follow it (RFC 8058)."""
_LISTED = PageQuery().limit
_STRANGER = Visit(ANONYMOUS)


@unsubscribing.get("/unsubscribe/{token}")
def ask(token: str, _: Unsubscriber, *, request: Request, session: Reading) -> HTMLResponse:
    """The button: to look ends nothing, because programs that read mail look at links."""
    mailing.read_token(session, token)
    return page(request, "unsubscribe.jinja", _STRANGER, title="Stop mail about what is new", token=token, done=False)


@unsubscribing.post("/unsubscribe/{token}")
def unsubscribe(token: str, _: Unsubscriber, *, request: Request, session: Transaction, at: Now) -> HTMLResponse:
    """End the subscription at once."""
    mailing.unsubscribe(session, token, at=at)
    return page(request, "unsubscribe.jinja", _STRANGER, title="You get no more of this mail", token=token, done=True)


@router.get("/mail")
def written(request: Request, *, visit: CurrentVisit, _: MailReader, session: Reading, settings: CurrentSettings) -> HTMLResponse:
    """In a demonstration the latest mails with all that they say, for nobody gets them; elsewhere they are their receivers'."""
    rows = mail.page(session, state=None, template=None, after=None, limit=_LISTED).rows if settings.demo else ()
    shown = [{"row": row, "text": transports.written(settings, row)} for row in rows]
    return page(request, "mail.jinja", visit, title="Mails that were written", mails=shown, demo=settings.demo)
