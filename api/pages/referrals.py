"""The page that the link in a mail to a body opens: to look answers nothing, so that programs that read mail do not; the button does."""

from typing import Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError
from starlette import status as http

from api.db import Database
from api.pages import forms
from api.pages.forms import Sent
from api.pages.rendering import page
from api.requests import Now, Reading, StrictRoute
from api.schemas.referrals import ReferralAnswerIn
from api.security import CurrentVisit, LinkOpener, Visit, same_origin
from api.services import referral_mail, referring
from models.referrals import DeclineCode, Referral

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
_CHOICES: Final = {
    DeclineCode.NOT_OUR_REMIT: "It is not what we do",
    DeclineCode.OUTSIDE_OUR_AREA: "We do not work in that area",
    DeclineCode.TOO_EARLY: "It is too early for us",
    DeclineCode.TOO_LATE: "It is further on than what we help with",
    DeclineCode.EVIDENCE_TOO_WEAK: "We need more evidence that it works",
    DeclineCode.NO_CAPACITY: "We have no time for it now",
    DeclineCode.KNOWN_ALREADY: "We know it already",
    DeclineCode.OTHER: "Another reason: say which below",
}


@router.get("/referrals/{token}")
def look_at(token: str, _: LinkOpener, *, request: Request, visit: CurrentVisit, at: Now, session: Reading) -> HTMLResponse:
    """What the body is asked, and the two answers."""
    return _page(request, visit, referring.look(session, token, at=at), token)


@router.post("/referrals/{token}", dependencies=[Depends(same_origin)])
def answer(token: str, _: LinkOpener, *, request: Request, visit: CurrentVisit, at: Now, sent: Sent) -> HTMLResponse:
    """Take the answer; bad input comes back with what is wrong."""
    database: Database = request.app.state.database
    typed = {"answer": forms.text(sent, "answer"), "code": forms.text(sent, "code"), "note": forms.text(sent, "note")}
    try:
        said = ReferralAnswerIn.model_validate(typed | {"code": typed["code"] if typed["answer"] == "declined" and typed["code"] else None})
        if said.code is DeclineCode.OTHER and not said.note:
            return _again(request, visit, database, token, at, typed, "Say in a few words why you cannot help")
    except ValidationError:
        problem = "Choose an answer, and if it is no, why; keep what you add below 500 characters and without patient details"
        return _again(request, visit, database, token, at, typed, problem)
    with database.transaction() as session:
        referring.answer_by_link(session, token, said.answer, code=said.code, note=said.note, at=at)
    return page(request, "referral.jinja", visit, title="Thank you", answered=said.answer.value)


def _again(  # noqa: PLR0917 -- all of them are the request's
    request: Request, visit: Visit, database: Database, token: str, at: Now, typed: dict[str, str], problem: str
) -> HTMLResponse:
    with database.reading() as session:
        row = referring.look(session, token, at=at)
        return _page(
            request,
            visit,
            row,
            token,
            status=http.HTTP_422_UNPROCESSABLE_CONTENT,
            problem=problem,
            chosen=typed["answer"],
            code=typed["code"],
            note=typed["note"],
        )


def _page(request: Request, visit: Visit, row: Referral, token: str, **shown: Any) -> HTMLResponse:  # noqa: ANN401 -- what templates show
    return page(
        request,
        "referral.jinja",
        visit,
        title=f"Can {row.body.name} help?",
        body=row.body.name,
        reason=row.reason,
        offered_on=row.created_at,
        passed_on=referral_mail.passed_on(row.innovation),
        token=token,
        codes=[{"value": "", "text": "Choose a reason"}, *({"value": each.value, "text": text} for each, text in _CHOICES.items())],
        **shown,
    )
