"""The page of how far a confirmed match has come, place by place, and the form of its next step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette import status as http
from starlette.datastructures import FormData

from api.db import Database
from api.pages import forms, place_words, wording
from api.pages.forms import FormError, Sent
from api.pages.rendering import page, see_other
from api.requests import Now, Reading, StrictRoute
from api.schemas.stages import StageIn
from api.security import CurrentVisit, Reviewer, Stager, Visit
from api.services import introducing, showing
from api.services import stages as staging
from api.services.codes import code_lists
from api.services.content import host_of
from api.services.stages import PlaceNotConcerned, StageDateRefused, Standing
from models.actors import NotAllowed
from models.decisions import ReasonCode, ReasonMissing
from models.documents import TransitionRefused
from models.pipeline import PipelineStage, StageChange
from models.place_answers import PlaceAnswer, PlaceReply, QuestionState
from models.policies import PROPOSAL_STAGE
from models.proposals import Proposal
from models.queries import place_answers, proposals
from models.queries.places import UnknownPlace
from models.subjects import subject_of
from models.working_days import day_of

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

_FIELDS: Final = ("place", "stage", "note", "evidence_link", "reason", "on-day", "on-month", "on-year")
_ORDER: Final = ("place", "stage", "reason_code", "on", "note", "evidence_link")
_LABELS: Final = {"note": "Note", "evidence_link": "Where it can be read up", "on": "On which day"}
_ASKED: Final = {
    "place": "Choose a place that the match concerns",
    "reason_code": "Choose why it was stopped",
    "note": "Say in the note what the other reason is",
}


@dataclass(frozen=True, slots=True)
class Answered:
    """What a place said to the question whether it wants to meet, in words; `no` when it does not."""

    words: str
    no: bool = False


@router.get("/proposals/{proposal_id}/stages")
def stages_page(
    request: Request, *, proposal_id: UUID, visit: CurrentVisit, actor: Reviewer, session: Reading, at: Now, done: str = ""
) -> HTMLResponse:
    """Where a match stands in each place, what was written of it, and the form of the next step."""
    proposal = proposals.get(session, proposal_id, actor)
    said = "The step is written down." if done else ""
    return _show(request, session, visit, proposal, at=at, done=said)


@router.post("/proposals/{proposal_id}/stages")
def write_step(request: Request, *, proposal_id: UUID, visit: CurrentVisit, actor: Stager, at: Now, sent: Sent) -> Response:
    """Write the next step of a match in a place; what is missing is asked for with what was typed kept."""
    database: Database = request.app.state.database
    step, errors = _read(sent)
    status = http.HTTP_422_UNPROCESSABLE_CONTENT
    if step is not None:
        try:
            with database.transaction() as session:
                staging.change(session, proposal_id, step.step, actor=actor, at=at)
            return see_other(f"/proposals/{proposal_id}/stages", done="yes")
        except TransitionRefused as error:
            errors, status = [FormError("", f"{error.message} Look below at what was written last.")], http.HTTP_409_CONFLICT
        except (UnknownPlace, PlaceNotConcerned, StageDateRefused, ReasonMissing) as error:
            errors = [_refused(error)]
    with database.reading() as session:
        proposal = proposals.get(session, proposal_id, actor)
        if not PROPOSAL_STAGE.allows(actor, subject_of(proposal)):
            raise NotAllowed(PROPOSAL_STAGE.refusal)
        return _show(request, session, visit, proposal, at=at, errors=errors, sent=sent, status=status)


def _refused(error: UnknownPlace | PlaceNotConcerned | StageDateRefused | ReasonMissing) -> FormError:
    if isinstance(error, StageDateRefused):
        return FormError("on", error.message)
    field = str(error.details.get("field", "")) if isinstance(error, ReasonMissing) else "place"
    return FormError(field, _ASKED.get(field, error.message))


def _read(sent: FormData) -> tuple[StageIn | None, list[FormError]]:
    """The step that the form makes by the rules of the API, or what is wrong with it."""
    stage, code, on = forms.text(sent, "stage"), forms.text(sent, "reason"), forms.day_typed(sent, "on")
    found = [] if forms.text(sent, "place") else [FormError("place", _ASKED["place"])]
    if stage not in set(PipelineStage):
        return None, [*found, FormError("stage", "Choose how far it has come")]
    said: dict[str, Any] = {name: forms.text(sent, name) for name in ("place", "stage", "note", "evidence_link")}
    typed = any(forms.text(sent, f"on-{part}").strip() for part in ("day", "month", "year"))
    if typed and on is None:
        found.append(FormError("on", "Enter a day, like 27 3 2027, or leave it empty for today"))
    said["on_date"] = on.date() if on is not None else None
    if stage == PipelineStage.STOPPED:
        said["reason_code"] = code if code in set(ReasonCode) else None
        if said["reason_code"] is None:
            found.append(FormError("reason_code", _ASKED["reason_code"]))
        elif code == ReasonCode.OTHER and not said["note"].strip():
            found.append(FormError("note", _ASKED["note"]))
    try:
        step = StageIn.model_validate(said)
    except ValidationError as error:
        named = {"on_date": "on"}
        told = {each.field for each in found}
        refused = [
            FormError(named.get(each.field, each.field), each.message) for each in forms.errors_of(error, missing={}, labels=_LABELS)
        ]
        return None, found + [each for each in refused if each.field not in told]
    return (None, found) if found else (step, [])


def _show(
    request: Request,
    session: Session,
    visit: Visit,
    proposal: Proposal,
    *,
    at: datetime,
    done: str = "",
    errors: Sequence[FormError] = (),
    sent: FormData | None = None,
    status: int = http.HTTP_422_UNPROCESSABLE_CONTENT,
) -> HTMLResponse:
    need, innovation = showing.need_shown(proposal, visit.actor), showing.innovation_shown(proposal, visit.actor)
    standings = staging.standings(session, proposal, actor=visit.actor)
    may = [each for each in standings if each.following]
    answers = {row.place_id: row for row in place_answers.of_proposals(session, visit.actor, [proposal.id])[proposal.id]}
    return page(
        request,
        "stages.jinja",
        visit,
        status=status if errors else http.HTTP_200_OK,
        title=f"How far it has come: {innovation.name_shown} for: {need.name_shown}",
        up={"href": f"/proposals/{proposal.id}", "text": "The match"},
        names={"need": need.name_shown, "innovation": innovation.name_shown},
        proposal=proposal,
        state=wording.PROPOSAL_STATES[proposal.state],
        standings=[_shown(each, _answered(session, answers.get(each.place.id))) for each in standings],
        signs=staging.signs_of(session, [proposal], actor=visit.actor)[proposal.id],
        places=[{"value": each.place.key, "text": each.place.name} for each in may],
        stages=_choices(may),
        may_stop=any(PipelineStage.STOPPED in each.following for each in may),
        today=day_of(at),
        done=done,
        errors=forms.in_order(errors, _ORDER),
        wrong=forms.by_field(errors),
        typed={name: forms.text(sent, name) for name in _FIELDS} if sent else {},
        reasons=code_lists()["reason_codes"],
    )


def _choices(may: Sequence[Standing]) -> list[dict[str, str]]:
    """The steps that can be written in one of the places at least, in their order."""
    wanted = {stage for each in may for stage in each.following}
    return [
        {"value": stage.value, "text": place_words.STAGES[stage][0], "hint": place_words.STAGE_HINTS[stage]}
        for stage in PipelineStage
        if stage in wanted
    ]


def _shown(standing: Standing, answered: Answered) -> dict[str, Any]:
    stage = place_words.STAGES[standing.steps[-1].stage] if standing.steps else ("Not introduced yet", "grey")
    ended = answered.no and (not standing.steps or standing.steps[-1].stage is PipelineStage.INTRODUCED)
    return {
        "place": standing.place.name,
        "stage": ("The place said no", "grey") if ended else stage,
        "answered": answered.words,
        "steps": [_told(step) for step in standing.steps],
    }


def _answered(session: Session, row: PlaceAnswer | None) -> Answered:
    """What a place said when it was asked, and what follows from it; nothing of one that was not asked."""
    if row is None:
        return Answered("")
    if row.answer is None or row.answered_at is None:
        waits = row.state is QuestionState.ASKED
        return Answered(f"{row.asked_as} is asked whether it wants to meet, and has not answered yet." if waits else "")
    said = f"{row.asked_as} {place_words.SAID[row.answer]}, as it answered on {wording.day(row.answered_at)}."
    if row.answer is PlaceReply.NO:
        return Answered(f"{said} They are not to meet, and nothing goes on here.", no=True)
    if row.answer is PlaceReply.NOT_NOW and row.until is not None:
        return Answered(f"{said} We ask again on {wording.day(row.until)}.")
    reached = place_words.whom_it_reached(introducing.reached(session, row), row.asked_as)
    return Answered(f"{said} {reached or 'We introduce both sides by mail when the time to change the answer has passed.'}")


def _told(step: StageChange) -> dict[str, Any]:
    return {
        "what": place_words.STAGES[step.stage][0],
        "on": step.on_date,
        "who": step.changed_by_name,
        "note": step.note,
        "link": step.evidence_link,
        "host": host_of(step.evidence_link),
        "reason": wording.code("reason_codes", step.reason_code) if step.reason_code else "",
    }
