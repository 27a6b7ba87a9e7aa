"""The page that the link of a question opens: to look answers nothing, so that programs that read mail do not; the button does."""

from dataclasses import dataclass
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
from api.schemas.answers import AnswerIn
from api.security import CurrentVisit, LinkOpener, Visit, same_origin
from api.services import asking
from models.triage import Ask

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
FIELDS: Final = {
    "problems_tackled": "What problem does it tackle?",
    "how_it_works": "How does it work?",
    "eligibility": "Whom is it for?",
    "evidence_summary": "How do you know that it works?",
}
"""What an answer may change here; the rest is changed by who is signed in."""
_WRONG: Final = "Write an answer, or change a text below; keep each below 100,000 characters and without patient details"
_MEANWHILE: Final = (
    "Somebody changed your innovation after you opened this page. Look at your texts below, and send them again to replace it"
)


@dataclass(frozen=True, slots=True)
class _Typed:
    """What the form holds, and on which version of the texts it was typed."""

    answer: str
    texts: dict[str, str]
    revision: str

    @classmethod
    def of(cls, sent: Sent) -> "_Typed":
        """As it was sent."""
        return cls(forms.text(sent, "answer"), {name: forms.text(sent, name) for name in FIELDS}, forms.text(sent, "revision"))

    @classmethod
    def stored(cls, row: Ask) -> "_Typed":
        """Nothing answered yet, beside the texts as they are stored."""
        innovation = row.submission.innovation
        return cls("", {name: getattr(innovation, name) for name in FIELDS}, str(innovation.revision))


@router.get("/answers/{token}")
def look_at(token: str, _: LinkOpener, *, request: Request, visit: CurrentVisit, at: Now, session: Reading) -> HTMLResponse:
    """What is asked, and the texts that an answer may change."""
    row = asking.question(session, token, at=at)
    return _page(request, visit, row, token, _Typed.stored(row))


@router.post("/answers/{token}", dependencies=[Depends(same_origin)])
def answer(token: str, _: LinkOpener, *, request: Request, visit: CurrentVisit, at: Now, sent: Sent) -> HTMLResponse:
    """Take the answer; bad input comes back with what is wrong, and the link works as before."""
    database: Database = request.app.state.database
    typed = _Typed.of(sent)
    with database.reading() as session:
        row = asking.question(session, token, at=at)
        innovation = row.submission.innovation
        if typed.revision != str(innovation.revision):
            typed = _Typed(typed.answer, typed.texts, str(innovation.revision))
            return _page(request, visit, row, token, typed, status=http.HTTP_409_CONFLICT, problem=_MEANWHILE)
        try:
            said = AnswerIn.model_validate({"answer": typed.answer, "changes": typed.texts})
        except ValidationError:
            return _page(request, visit, row, token, typed, status=http.HTTP_422_UNPROCESSABLE_CONTENT, problem=_WRONG)
        changed = {name: text for name, text in said.changed.items() if text != getattr(innovation, name)}
        if not said.answer and not changed:
            return _page(request, visit, row, token, typed, status=http.HTTP_422_UNPROCESSABLE_CONTENT, problem=_WRONG)
    with database.transaction() as session:
        found = asking.answer_by_link(session, token, said.answer, changed, at=at)
        return page(request, "answer.jinja", visit, title="We have your answer", says=found.says)


def _page(request: Request, visit: Visit, row: Ask, token: str, typed: _Typed, **shown: Any) -> HTMLResponse:  # noqa: ANN401 -- what templates show
    title = f"A question about {row.submission.innovation.name}"
    return page(request, "answer.jinja", visit, title=title, ask=row, token=token, typed=typed, fields=FIELDS, **shown)
