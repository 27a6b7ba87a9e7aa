"""Where an innovation is, for whoever offers it: whose turn, by when, whom to ask, the letters, and what they may do next."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette import status as http

from api.db import Database
from api.pages import forms, wording
from api.pages.forms import FormError, Sent
from api.pages.rendering import page, see_other
from api.requests import CurrentSettings, Now, Reading, StrictRoute
from api.schemas.answers import AnswerIn
from api.security import (
    CurrentVisit,
    InnovationDeleter,
    InnovationSubmitter,
    InnovationWithdrawer,
    StatusReader,
    SubmissionAnswerer,
    Visit,
)
from api.services import asking, erasing, following, intake
from api.services.asking import NothingAnswered
from api.services.following import Turn, Whereabouts
from api.settings import Settings
from models.documents import Side, StaleVersion, TransitionRefused
from models.innovations import INNOVATION_TRANSITIONS, Innovation, InnovationStatus
from models.policies import INNOVATION_CHANGE, INNOVATION_DELETE, SUBMISSION_ANSWER
from models.queries import documents
from models.subjects import subject_of
from models.triage import AskClosed

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
TURNS: Final[Mapping[Turn, str]] = {
    Turn.YOU: "Yours",
    Turn.HUB: "The Hub’s",
    Turn.PLACES: "The places’",
    Turn.BODY: "The body’s that may help you",
    Turn.NOBODY: "Nobody’s",
}
_AGAIN: Final = frozenset({InnovationStatus.REFERRED, InnovationStatus.ARCHIVED})
_DONE: Final[Mapping[str, str]] = {
    "claimed": "This is kept in your account. Come back to this page at any time.",
    "submitted": "It is sent in. The Hub reads it next.",
    "withdrawn": "It is withdrawn. It no longer appears in any list of matches.",
    "answered": "Thank you. We have your answer, look for needs again, and tell you what we decided.",
    "answered_late": "Thank you. We had decided before your answer came, and keep it beside our decision.",
}
_ANSWER_FIRST: Final = "Write your answer"
_CLOSED: Final = "This was done meanwhile. {told}"
Change = Callable[..., Any]


@router.get("/innovations/{innovation_id}/status")
def status(
    request: Request,
    *,
    innovation_id: UUID,
    visit: CurrentVisit,
    _: StatusReader,
    session: Reading,
    settings: CurrentSettings,
    at: Now,
    done: str = "",
) -> HTMLResponse:
    """Always where it is, and the next step."""
    return _show(request, session, innovation_id, visit=visit, settings=settings, at=at, done=done)


@router.post("/innovations/{innovation_id}/status/submit")
def hand_in(
    request: Request,
    *,
    innovation_id: UUID,
    visit: CurrentVisit,
    actor: InnovationSubmitter,
    settings: CurrentSettings,
    at: Now,
    sent: Sent,
) -> Response:
    """Send it in, or send a new version of what was decided before."""

    def change(session: Session) -> str:
        intake.submit(session, Side.INNOVATION, innovation_id, actor=actor, at=at, version=forms.version(sent))
        return "submitted"

    return _do(request, innovation_id, change, visit=visit, settings=settings, at=at)


@router.post("/innovations/{innovation_id}/status/withdraw")
def take_back(
    request: Request,
    *,
    innovation_id: UUID,
    visit: CurrentVisit,
    actor: InnovationWithdrawer,
    settings: CurrentSettings,
    at: Now,
    sent: Sent,
) -> Response:
    """Take it out of the queue and of every list."""

    def change(session: Session) -> str:
        intake.withdraw(session, Side.INNOVATION, innovation_id, actor=actor, at=at, version=forms.version(sent))
        return "withdrawn"

    return _do(request, innovation_id, change, visit=visit, settings=settings, at=at)


@router.post("/innovations/{innovation_id}/status/answer")
def answer(
    request: Request, *, innovation_id: UUID, visit: CurrentVisit, actor: SubmissionAnswerer, settings: CurrentSettings, at: Now, sent: Sent
) -> Response:
    """Answer what the Hub asked; one answer is taken."""
    typed = forms.text(sent, "answer")

    def change(session: Session) -> str:
        found = _whereabouts(session, innovation_id, visit, settings, at)
        if found.submission is None:
            raise AskClosed("Nothing was asked about this innovation.")
        said = AnswerIn.model_validate({"answer": typed})
        taken = asking.answer(session, found.submission.id, said.answer, {}, actor=actor, at=at)
        return "answered" if taken.in_time else "answered_late"

    return _do(request, innovation_id, change, visit=visit, settings=settings, at=at, typed=typed)


@router.get("/innovations/{innovation_id}/delete")
def ask_delete(request: Request, *, innovation_id: UUID, visit: CurrentVisit, actor: InnovationDeleter, session: Reading) -> HTMLResponse:
    """What goes when it is deleted, and the button."""
    row = documents.innovation(session, innovation_id, actor)
    INNOVATION_DELETE.check(actor, subject_of(row))
    return _confirm(request, visit, row)


@router.post("/innovations/{innovation_id}/delete")
def delete(request: Request, *, innovation_id: UUID, visit: CurrentVisit, actor: InnovationDeleter, at: Now, sent: Sent) -> Response:
    """Delete it for good."""
    database: Database = request.app.state.database
    try:
        with database.transaction() as session:
            erasing.delete_innovation(session, innovation_id, actor=actor, at=at, version=forms.version(sent))
    except StaleVersion:
        with database.reading() as session:
            row = documents.innovation(session, innovation_id, actor)
            return _confirm(request, visit, row, errors=[forms.meanwhile("innovation")])
    return see_other("/", done="deleted")


def _do(
    request: Request, innovation_id: UUID, change: Change, *, visit: Visit, settings: Settings, at: datetime, typed: str = ""
) -> Response:
    """Make a change and go to the page; what stands against it is told there, with what was typed."""
    database: Database = request.app.state.database
    try:
        with database.transaction() as session:
            return see_other(f"/innovations/{innovation_id}/status", done=change(session))
    except StaleVersion:
        errors, code = [forms.meanwhile("innovation")], http.HTTP_409_CONFLICT
    except (TransitionRefused, AskClosed) as error:
        errors, code = [FormError("", _CLOSED.format(told=error.message))], http.HTTP_409_CONFLICT
    except NothingAnswered:
        errors, code = [FormError("answer", _ANSWER_FIRST)], http.HTTP_422_UNPROCESSABLE_CONTENT
    except ValidationError as error:
        errors = forms.errors_of(error, missing={}, labels={"answer": "Your answer"})
        code = http.HTTP_422_UNPROCESSABLE_CONTENT
    with database.reading() as session:
        return _show(request, session, innovation_id, visit=visit, settings=settings, at=at, errors=errors, code=code, typed=typed)


def _whereabouts(session: Session, innovation_id: UUID, visit: Visit, settings: Settings, at: datetime) -> Whereabouts:
    window = settings.undo_window_seconds
    return following.whereabouts(session, innovation_id, actor=visit.actor, at=at, undo_window_seconds=window)


def _show(
    request: Request,
    session: Session,
    innovation_id: UUID,
    *,
    visit: Visit,
    settings: Settings,
    at: datetime,
    done: str = "",
    errors: Sequence[FormError] = (),
    code: int = http.HTTP_200_OK,
    typed: str = "",
) -> HTMLResponse:
    found = _whereabouts(session, innovation_id, visit, settings, at)
    row, subject = found.innovation, subject_of(found.innovation)
    stands = row.merged_into_id is None and row.status is not InnovationStatus.WITHDRAWN
    mine = stands and INNOVATION_CHANGE.allows(visit.actor, subject)
    return page(
        request,
        "status.jinja",
        visit,
        status=code,
        title=f"Where it is: {row.name_shown}",
        up={"href": f"/innovations/{row.id}", "text": "What it says"},
        row=row,
        found=found,
        turn=TURNS[found.turn],
        contact=settings.contact,
        status_shown=wording.STATUSES[Side.INNOVATION][found.status],
        may_change=mine,
        may_hand_in=mine and row.status is InnovationStatus.DRAFT,
        may_hand_in_again=mine and found.status in _AGAIN,
        may_answer=found.ask is not None and SUBMISSION_ANSWER.allows(visit.actor, subject),
        may_withdraw=mine and InnovationStatus.WITHDRAWN in INNOVATION_TRANSITIONS[row.status],
        may_delete=INNOVATION_DELETE.allows(visit.actor, subject),
        typed=typed,
        done=_DONE.get(done, ""),
        errors=errors,
        wrong=forms.by_field(errors),
    )


def _confirm(request: Request, visit: Visit, row: Innovation, *, errors: Sequence[FormError] = ()) -> HTMLResponse:
    return page(
        request,
        "delete_innovation.jinja",
        visit,
        status=http.HTTP_409_CONFLICT if errors else http.HTTP_200_OK,
        title=f"Delete {row.name_shown}?",
        up={"href": f"/innovations/{row.id}/status", "text": "Where it is"},
        row=row,
        never_sent=row.status is InnovationStatus.DRAFT,
        errors=errors,
    )
