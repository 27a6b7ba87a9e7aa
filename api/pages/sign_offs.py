"""Pages on which a need is written together: with whom it is shared, who is asked to sign it off, and the answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette import status as http
from starlette.datastructures import FormData

from api.db import Database
from api.pages import documents as shared
from api.pages import forms, wording
from api.pages.forms import FormError, Sent
from api.pages.need_parts import signed_shown, told
from api.pages.records import sections
from api.pages.rendering import page, see_other
from api.requests import Now, Reading, StrictRoute
from api.schemas.sign_offs import SignOffIn
from api.security import CurrentVisit, NeedSharer, SignOffGiver, SignOffReader, Visit
from api.services import sharing_needs, signing_off
from api.services.accounts import AccountInvalid
from api.services.limiting import TooManyRequests
from api.services.mailing import AddressRefused
from models.documents import Side, StaleVersion
from models.needs import Need
from models.policies import SIGN_OFF_GIVE
from models.queries import sign_offs
from models.sign_offs import NeedShare, ShareRefused, SignOff, SignOffGiven, SignOffRefused, SignOffVerdict
from models.subjects import subject_of

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

_DONE = {
    "shared": "A link is on its way to that address. It works for 30 days.",
    "ended": "The link is taken back. It changes nothing any more.",
    "asked": "They are asked by mail to sign it off.",
    "signed": "You signed this need off as it reads now.",
    "sent_back": "You sent this need back. Whoever asked you is told why.",
}


@router.get("/needs/{need_id}/together")
def together_page(
    request: Request, *, need_id: UUID, visit: CurrentVisit, actor: NeedSharer, session: Reading, at: Now, done: str = ""
) -> HTMLResponse:
    """With whom a need is written, and who is asked to sign it off."""
    need: Need = shared.own(session, Side.NEED, need_id, actor)
    return _together(request, session, visit, need, at=at, done=_DONE.get(done, ""))


@router.post("/needs/{need_id}/shares")
def share_need(request: Request, *, need_id: UUID, visit: CurrentVisit, actor: NeedSharer, at: Now, sent: Sent) -> Response:
    """Mail somebody a link by which they change the words."""
    database: Database = request.app.state.database
    try:
        with database.transaction() as session:
            sharing_needs.share(session, need_id, forms.text(sent, "email"), actor=actor, at=at)
        return see_other(f"/needs/{need_id}/together", done="shared")
    except (AccountInvalid, AddressRefused, ShareRefused, TooManyRequests) as error:
        return _again(request, visit, need_id, FormError("email", error.message), at=at, sent=sent)


@router.post("/need-shares/{share_id}/end")
def end_share(request: Request, *, share_id: UUID, actor: NeedSharer, at: Now, sent: Sent) -> Response:
    """Take a link back."""
    database: Database = request.app.state.database
    with database.transaction() as session:
        need_id = sharing_needs.take_back(session, share_id, actor=actor, at=at).need_id
    return see_other(f"/needs/{need_id}/together", done="ended")


@router.post("/needs/{need_id}/sign-offs")
def ask_for_sign_off(request: Request, *, need_id: UUID, visit: CurrentVisit, actor: NeedSharer, at: Now, sent: Sent) -> Response:
    """Ask a place lead to sign the need off."""
    database: Database = request.app.state.database
    person_id = forms.uuid(forms.text(sent, "person_id"))
    if person_id is None:
        return _again(request, visit, need_id, FormError("person_id", "Choose whom to ask"), at=at, sent=sent)
    try:
        with database.transaction() as session:
            signing_off.ask(session, need_id, person_id, actor=actor, at=at)
        return see_other(f"/needs/{need_id}/together", done="asked")
    except SignOffRefused as error:
        return _again(request, visit, need_id, FormError("person_id", error.message), at=at, sent=sent)


@router.get("/sign-offs/{sign_off_id}")
def sign_off_page(
    request: Request, *, sign_off_id: UUID, visit: CurrentVisit, actor: SignOffReader, session: Reading, done: str = ""
) -> HTMLResponse:
    """The need as it reads now, and the answer that is asked for."""
    return _sign_off(request, visit, signing_off.get(session, sign_off_id, actor=actor), done=_DONE.get(done, ""))


@router.post("/sign-offs/{sign_off_id}/answer")
def answer_sign_off(request: Request, *, sign_off_id: UUID, visit: CurrentVisit, actor: SignOffGiver, at: Now, sent: Sent) -> Response:
    """Sign a need off, or send it back and say what has to change."""
    database: Database = request.app.state.database
    said, errors = _read(sent)
    status = http.HTTP_422_UNPROCESSABLE_CONTENT
    revision = forms.version(sent)
    if said is not None:
        try:
            with database.transaction() as session:
                signing_off.answer(session, sign_off_id, said.verdict, said.note, revision=revision, actor=actor, at=at)
            return see_other(f"/sign-offs/{sign_off_id}", done=said.verdict.value)
        except SignOffRefused as error:
            errors = [FormError("note", error.message)]
        except SignOffGiven as error:
            errors, status = [FormError("", error.message)], http.HTTP_409_CONFLICT
        except StaleVersion:
            errors, status = [forms.meanwhile("need")], http.HTTP_409_CONFLICT
    with database.reading() as session:
        row = signing_off.get(session, sign_off_id, actor=actor)
        SIGN_OFF_GIVE.check(actor, subject_of(row))
        return _sign_off(request, visit, row, errors=errors, note=forms.text(sent, "note"), status=status)


def _read(sent: FormData) -> tuple[SignOffIn | None, list[FormError]]:
    """What the form says by the rules of the API, or what is wrong with it."""
    if forms.text(sent, "verdict") not in set(SignOffVerdict):
        return None, [FormError("", "Choose: sign it off, or send it back")]
    try:
        return SignOffIn.model_validate({"verdict": forms.text(sent, "verdict"), "note": forms.text(sent, "note")}), []
    except ValidationError as error:
        return None, forms.errors_of(error, missing={}, labels={"note": "What has to change"})


def _again(request: Request, visit: Visit, need_id: UUID, error: FormError, *, at: datetime, sent: FormData) -> HTMLResponse:
    """The page again with what is wrong and what was typed."""
    database: Database = request.app.state.database
    with database.reading() as session:
        need: Need = shared.own(session, Side.NEED, need_id, visit.actor)
        return _together(request, session, visit, need, at=at, errors=[error], sent=sent)


def _together(
    request: Request,
    session: Session,
    visit: Visit,
    need: Need,
    *,
    at: datetime,
    done: str = "",
    errors: Sequence[FormError] = (),
    sent: FormData | None = None,
) -> HTMLResponse:
    return page(
        request,
        "together.jinja",
        visit,
        status=http.HTTP_422_UNPROCESSABLE_CONTENT if errors else http.HTTP_200_OK,
        title=f"Write it together: {need.title}",
        up={"href": f"/needs/{need.id}", "text": need.title},
        need=need,
        is_written=need.status in {"draft", "open"},
        shares=[_share(row, at) for row in sign_offs.shares_of(session, need.id)],
        asked=signed_shown(session, need),
        people=[
            {"value": str(each.id), "text": each.name}
            for each in signing_off.may_be_asked(session, need)
            if each.id != visit.actor.person_id
        ],
        done=done,
        errors=errors,
        wrong=forms.by_field(errors),
        typed={name: forms.text(sent, name) for name in ("email", "person_id")} if sent else {},
    )


def _share(row: NeedShare, at: datetime) -> dict[str, Any]:
    return {
        "id": row.id,
        "address": row.address or "somebody who is forgotten",
        "by": row.made_by_name,
        "made_at": row.made_at,
        "used_at": row.used_at,
        "expires_at": row.expires_at,
        "works": row.works(at),
        "ended_at": row.ended_at,
    }


def _sign_off(
    request: Request,
    visit: Visit,
    row: SignOff,
    *,
    done: str = "",
    errors: Sequence[FormError] = (),
    note: str = "",
    status: int = http.HTTP_422_UNPROCESSABLE_CONTENT,
) -> HTMLResponse:
    return page(
        request,
        "sign_off.jinja",
        visit,
        status=status if errors else http.HTTP_200_OK,
        title=f"Sign off: {row.need.title}",
        up={"href": f"/needs/{row.need_id}", "text": row.need.title},
        row=row,
        told=told(row),
        status_shown=wording.STATUSES[Side.NEED][row.need.status],
        sections=sections(row.need),
        may_answer=row.answered_at is None and SIGN_OFF_GIVE.allows(visit.actor, subject_of(row)),
        done=done,
        errors=errors,
        wrong=forms.by_field(errors),
        note=note,
    )
