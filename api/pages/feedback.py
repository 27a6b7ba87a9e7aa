"""The page that the question of a letter opens: to look answers nothing, the button does."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError
from starlette import status as http

from api.db import Database
from api.pages import forms
from api.pages.forms import Sent
from api.pages.rendering import page
from api.requests import Now, Reading, StrictRoute
from api.schemas.reports import FeedbackIn
from api.security import CurrentVisit, LinkOpener, same_origin
from api.services import feedback
from models.feedback import QUESTION, Answer

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
_TEMPLATE = "feedback.jinja"
_WRONG = "Choose an answer. Keep what you add below 100,000 characters and without patient details"


@router.get("/feedback/{token}")
def look_at(token: str, _: LinkOpener, *, request: Request, visit: CurrentVisit, at: Now, session: Reading) -> HTMLResponse:
    """The question, with what may be answered."""
    feedback.check(session, token, at=at)
    return page(request, _TEMPLATE, visit, title=QUESTION, token=token, answers=Answer, answer="", comment="")


@router.post("/feedback/{token}", dependencies=[Depends(same_origin)])
def give(token: str, _: LinkOpener, *, request: Request, visit: CurrentVisit, at: Now, sent: Sent) -> HTMLResponse:
    """Take the answer; bad input comes back as it was typed, and the link works as before."""
    database: Database = request.app.state.database
    typed = {name: forms.text(sent, name) for name in ("answer", "comment")}
    try:
        said = FeedbackIn.model_validate(typed)
    except ValidationError:
        with database.reading() as session:
            feedback.check(session, token, at=at)
        shown = {"token": token, "answers": Answer, "problem": _WRONG, **typed}
        return page(request, _TEMPLATE, visit, title=QUESTION, status=http.HTTP_422_UNPROCESSABLE_CONTENT, **shown)
    with database.transaction() as session:
        feedback.give(session, token, said.answer, said.comment, at=at)
    return page(request, _TEMPLATE, visit, title="Thank you", done=True)
