"""Pages about mail: the one that ends a subscription, and for staff what became of mails, to send those again that did not arrive."""

from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session
from starlette import status as http

from api.db import Database
from api.pages import documents as shared
from api.pages.forms import FormError
from api.pages.keeping import UP
from api.pages.rendering import page, see_other
from api.requests import CurrentSettings, Now, Reading, StrictRoute, Transaction
from api.security import CurrentVisit, MailReader, MailSender, Unsubscriber, Visit
from api.services import envelopes, mailing, posting, transports
from api.services.envelopes import Sender
from api.settings import Settings
from models.actors import ANONYMOUS, Actor
from models.mail import NOT_DELIVERED, MailNotSendable, Message, MessageState
from models.policies import MAIL_SEND
from models.queries import mail

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
unsubscribing = APIRouter(route_class=StrictRoute, include_in_schema=False)
"""Without looking who is signed in: the link alone says whose mail it is, and the programs of mail providers follow it (RFC 8058)."""
_UNDELIVERED: Final = "undelivered"
# state -> (what it is called, colour of the tag)
STATES: Final = {
    MessageState.QUEUED: ("Waits to leave", "blue"),
    MessageState.SENDING: ("Being sent", "blue"),
    MessageState.SENT: ("Sent", "green"),
    MessageState.FAILED: ("Failed", "red"),
    MessageState.BOUNCED: ("Came back", "red"),
    MessageState.SUPPRESSED: ("Not sent", "grey"),
    MessageState.UNSURE: ("Not sure it left", "orange"),
}
_DONE: Final = {"again": "It is being sent again. Look here in a few minutes to see whether it left."}
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
def mails_list(
    request: Request,
    *,
    visit: CurrentVisit,
    actor: MailReader,
    session: Reading,
    settings: CurrentSettings,
    state: str | None = None,
    after: str | None = None,
    done: str = "",
) -> HTMLResponse:
    """The mails, latest first; in a demonstration with all that they say, for nobody gets them, elsewhere that is for their receivers."""
    wanted = shared.chosen(state, [_UNDELIVERED, *MessageState])
    lost = wanted == _UNDELIVERED
    found = mail.page(
        session,
        state=MessageState(wanted) if wanted and not lost else None,
        template=None,
        after=after or None,
        limit=shared.LISTED,
        undelivered=lost,
    )
    options = [("", "All mails"), (_UNDELIVERED, "Not arrived"), *((each.value, STATES[each][0]) for each in MessageState)]
    return page(
        request,
        "mail.jinja",
        visit,
        title="Mail",
        up=UP,
        done=_DONE.get(done, ""),
        mails=[_listed(row, actor) | {"text": transports.written(settings, row) if settings.demo else ""} for row in found.rows],
        selects=[("state", "Which mails", state or "", options)],
        filtered=bool(wanted),
        turning=shared.turning(found, "/mail", {"state": wanted}, after),
        demo=settings.demo,
    )


@router.get("/mail/{message_id}")
def one_mail(
    request: Request, *, message_id: UUID, visit: CurrentVisit, actor: MailReader, session: Reading, settings: CurrentSettings
) -> HTMLResponse:
    """One mail, without what only its receiver may see."""
    return _one(request, session, visit, settings, message_id)


@router.post("/mail/{message_id}/send-again")
def send_again(
    request: Request, *, message_id: UUID, visit: CurrentVisit, actor: MailSender, settings: CurrentSettings, at: Now
) -> Response:
    """Send one again that did not arrive; one that is on its way or has arrived meanwhile is told so."""
    database: Database = request.app.state.database
    try:
        with database.transaction() as session:
            posting.send_again(session, message_id, actor=actor, at=at)
    except MailNotSendable as error:
        with database.reading() as session:
            return _one(request, session, visit, settings, message_id, errors=[FormError("", error.message)])
    return see_other("/mail", done="again")


def _listed(row: Message, actor: Actor) -> dict[str, Any]:
    return {
        "id": row.id,
        "subject": row.subject or "A mail that was deleted",
        "to": row.address or "somebody who was deleted",
        "state": STATES[row.state],
        "made_at": row.created_at,
        "sent_at": row.sent_at,
        "error": row.last_error,
        "unsure": row.state is MessageState.UNSURE,
        "may_send": MAIL_SEND.admits(actor) and row.state in NOT_DELIVERED and not row.is_forgotten,
    }


def _one(
    request: Request, session: Session, visit: Visit, settings: Settings, message_id: UUID, *, errors: list[FormError] | None = None
) -> HTMLResponse:
    row = mail.one(session, message_id)
    hidden = row.is_secret or row.is_forgotten
    return page(
        request,
        "mail_one.jinja",
        visit,
        status=http.HTTP_409_CONFLICT if errors else http.HTTP_200_OK,
        title=row.subject or "A mail that was deleted",
        up={"href": "/mail", "text": "Mail"},
        mail=_listed(row, visit.actor),
        text="" if hidden else envelopes.text(row, Sender.of(settings)),
        errors=errors or [],
    )
