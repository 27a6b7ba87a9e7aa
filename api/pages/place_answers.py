"""Pages of questions to places: what a place was asked and by when, one question with its match, and the answer."""

from collections.abc import Mapping, Sequence
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
from api.pages import documents as shared
from api.pages import forms, matches, place_words, wording
from api.pages.forms import FormError, Sent
from api.pages.rendering import page, see_other
from api.requests import CurrentSettings, Now, Reading, StrictRoute
from api.schemas.place_answers import PlaceReplyIn
from api.security import CurrentVisit, PlaceAnswerer, PlaceAnswerReader, Visit
from api.services import introducing, stages
from api.services import place_answers as asked
from api.services.codes import code_lists
from models.actors import Actor
from models.decisions import ReasonCode, ReasonMissing
from models.documents import StaleVersion
from models.place_answers import AnswerClosed, Closing, PlaceAnswer, PlaceReply, QuestionState
from models.policies import PLACE_ANSWER_GIVE
from models.queries import place_answers, places, sign_offs
from models.subjects import subject_of
from models.working_days import day_of

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

TO_ANSWER: Final = "asked"
_STATES: Final = {TO_ANSWER: "To answer", "answered": "Answered", "held": "Held back", "closed": "Closed", "all": "All"}
_FIELDS: Final = ("answer", "reason", "note", "until-day", "until-month", "until-year")
_DONE: Final = {
    "meet": "You said that you want to meet. We introduce you to each other by mail when the time to change your answer has passed.",
    "not_now": "You said not now. We ask again on the day that you named.",
    "no": "You said no. The Hub and whoever offers it can read why.",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as its page shows it, and what was typed into its form."""

    row: PlaceAnswer
    visit: Visit
    at: datetime
    window: float


@router.get("/place-answers")
def place_answers_list(
    request: Request,
    *,
    visit: CurrentVisit,
    actor: PlaceAnswerReader,
    session: Reading,
    at: Now,
    state: str | None = None,
    place: str | None = None,
    after: str | None = None,
) -> HTMLResponse:
    """What the places were asked, and by when; first of all what waits for an answer, the soonest due first."""
    known = places.all_places(session) if actor.is_hub else []
    states = {key: text for key, text in _STATES.items() if actor.is_hub or key != QuestionState.HELD}
    wanted = shared.chosen(state, list(states)) or TO_ANSWER
    chosen_place = shared.chosen(place, [row.key for row in known])
    found = place_answers.page(
        session,
        actor,
        state=None if wanted == "all" else QuestionState(wanted),
        place=chosen_place,
        oldest_first=wanted == TO_ANSWER,
        after=after or None,
        limit=shared.LISTED,
    )
    selects = [("state", "Show", wanted, list(states.items()))]
    if known:
        selects.append(("place", "Place", place or "", [("", "All places"), *((row.key, row.name) for row in known)]))
    return page(
        request,
        "place_answers.jinja",
        visit,
        title="What places were asked" if actor.is_hub else "What we were asked",
        rows=[_listed(row, at) for row in found.rows],
        to_answer=wanted == TO_ANSWER,
        asked_before=bool(found.rows) or _was_asked(session, actor),
        to_sign=[
            {"href": f"/sign-offs/{row.id}", "title": row.need.title, "by": row.asked_by_name}
            for row in sign_offs.waiting_for(session, actor)
        ],
        selects=selects,
        filtered=bool(chosen_place or wanted != TO_ANSWER),
        turning=shared.turning(found, "/place-answers", {"state": state, "place": chosen_place}, after),
    )


def _was_asked(session: Session, actor: Actor) -> bool:
    return bool(place_answers.page(session, actor, limit=1).rows)


def _listed(row: PlaceAnswer, at: datetime) -> dict[str, Any]:
    return {
        "href": f"/place-answers/{row.id}",
        "innovation": asked.name_as_judged(row.proposal) if _shows_match(row) else "A match that no longer stands",
        "need": row.need.title,
        "asked_as": row.asked_as,
        "tag": place_words.question_tag(row, day_of(at)),
        "answer_by": row.answer_by if row.state is QuestionState.ASKED else None,
        "until": row.until,
        "answered": row.in_words if row.answered_at is not None else "",
        "asking": row.asking,
    }


@router.get("/place-answers/{place_answer_id}")
def place_answer_page(
    request: Request,
    *,
    place_answer_id: UUID,
    visit: CurrentVisit,
    actor: PlaceAnswerReader,
    session: Reading,
    settings: CurrentSettings,
    at: Now,
    done: str = "",
) -> HTMLResponse:
    """One question: the match as it was judged, what was answered, and the three answers that there are."""
    row = place_answers.get(session, place_answer_id, actor)
    return _show(request, session, Asked(row, visit, at, settings.undo_window_seconds), done=_DONE.get(done, ""))


@router.post("/place-answers/{place_answer_id}/answer")
def answer(
    request: Request, *, place_answer_id: UUID, visit: CurrentVisit, actor: PlaceAnswerer, settings: CurrentSettings, at: Now, sent: Sent
) -> Response:
    """Say meet, not now or no; what is missing is asked for with what was typed kept."""
    database: Database = request.app.state.database
    window = settings.undo_window_seconds
    reply, errors = _read(sent)
    status = http.HTTP_422_UNPROCESSABLE_CONTENT
    if reply is not None:
        try:
            with database.transaction() as session:
                asked.answer(
                    session,
                    place_answer_id,
                    reply.reply,
                    actor=actor,
                    at=at,
                    undo_window_seconds=window,
                    version=forms.version(sent),
                )
            return see_other(f"/place-answers/{place_answer_id}", done=reply.answer.value)
        except ReasonMissing as error:
            errors = [_missing(error, reply.answer)]
        except (AnswerClosed, StaleVersion) as error:
            errors, status = [_meanwhile(error)], http.HTTP_409_CONFLICT
    with database.reading() as session:
        row = place_answers.get(session, place_answer_id, actor)
        PLACE_ANSWER_GIVE.check(actor, subject_of(row))
        return _show(request, session, Asked(row, visit, at, window), errors=errors, sent=sent, status=status)


def _meanwhile(error: AnswerClosed | StaleVersion) -> FormError:
    """Who answered what and when, or that it changed."""
    return FormError("", error.message) if isinstance(error, AnswerClosed) else forms.meanwhile("question")


def _missing(error: ReasonMissing, answer: PlaceReply) -> FormError:
    """What the rules ask for, at the field of the form that gave this answer."""
    told = {
        "note": "Say in the note who of the place told you",
        "until": "Enter a day to come, within a year, on which to ask again",
    }
    field = str(error.details.get("field", ""))
    return FormError(f"{answer.value}-{field}", told.get(field, error.message))


def _read(sent: FormData) -> tuple[PlaceReplyIn | None, list[FormError]]:
    """The reply that the form makes by the rules of the API, or what is wrong with it."""
    chosen, code, until = forms.text(sent, "answer"), forms.text(sent, "reason"), forms.day_typed(sent, "until")
    if chosen not in set(PlaceReply):
        return None, [FormError("", "Choose an answer: meet, not now or no")]
    said: dict[str, Any] = {"answer": chosen, "note": forms.text(sent, "note")}
    found = []
    if chosen == PlaceReply.NO:
        said["reason"] = code if code in set(ReasonCode) else None
        if said["reason"] is None:
            found.append(FormError("no-reason", "Choose a reason"))
        elif code == ReasonCode.OTHER and not said["note"].strip():
            found.append(FormError("no-note", "Say in the note what the other reason is"))
    if chosen == PlaceReply.NOT_NOW:
        said["until"] = until.date() if until else None
        if until is None:
            found.append(FormError("not_now-until", "Enter the day on which to ask again, like 27 3 2027"))
    try:
        reply = PlaceReplyIn.model_validate(said)
    except ValidationError as error:
        told = {each.field for each in found}
        refused = forms.errors_of(error, missing={}, labels={"note": "Note", "until": "Ask again on"})
        named = [FormError(f"{chosen}-{each.field}", each.message) for each in refused]
        return None, found + [each for each in named if each.field not in told]
    return (None, found) if found else (reply, [])


def _show(
    request: Request,
    session: Session,
    asked_: Asked,
    *,
    done: str = "",
    errors: Sequence[FormError] = (),
    sent: FormData | None = None,
    status: int = http.HTTP_422_UNPROCESSABLE_CONTENT,
) -> HTMLResponse:
    row, actor, at = asked_.row, asked_.visit.actor, asked_.at
    match = _match(session, row, actor) if _shows_match(row) else None
    name = match["innovation"] if match else "A match that no longer stands"
    return page(
        request,
        "place_answer.jinja",
        asked_.visit,
        status=status if errors else http.HTTP_200_OK,
        title=f"{name} for: {row.need.title}",
        up={"href": "/place-answers", "text": "What places were asked" if actor.is_hub else "What we were asked"},
        question=row,
        name=name,
        tag_shown=place_words.question_tag(row, day_of(at)),
        closing=place_words.CLOSINGS.get(row.closing, "") if row.closing else "",
        reply=place_words.REPLIES[row.answer] if row.answer else None,
        reason=wording.code("reason_codes", row.reason_code) if row.reason_code else "",
        match=match,
        changeable_until=row.changeable_until(asked_.window) if _may_change(row, actor, at, asked_.window) else None,
        may_answer=PLACE_ANSWER_GIVE.allows(actor, subject_of(row)) and _is_open(row, actor, at, asked_.window),
        on_behalf=row.place_id not in actor.place_ids,
        following=_following(session, row, actor),
        reached=place_words.whom_it_reached(introducing.reached(session, row), row.asked_as),
        done=done,
        errors=errors,
        wrong=forms.by_field(errors),
        typed=_typed(sent),
        reasons=code_lists()["reason_codes"],
    )


def _typed(sent: FormData | None) -> dict[str, str]:
    return {name: forms.text(sent, name) for name in _FIELDS} if sent is not None else {}


def _match(session: Session, row: PlaceAnswer, actor: Actor) -> Mapping[str, Any]:
    """The match as it was judged, and what other places' experience says of the innovation."""
    proposal = row.proposal
    supplier = proposal.innovation.supplier
    return {
        "innovation": asked.name_as_judged(proposal),
        "supplier": supplier.name if supplier is not None else "",
        "need": proposal.need_as_judged.content["fields"]["title"],
        "other_need": proposal.need_id != row.need_id,
        "band": wording.BANDS[proposal.band],
        "findings": [matches.to_readers(each) for each in matches.findings_shown(proposal.findings)],
        "texts": [
            (label, text)
            for name, label in wording.FIELDS[proposal.innovation.side].items()
            if (text := proposal.innovation_as_judged.content["fields"].get(name))
        ],
        "signs": stages.signs_of(session, [proposal], actor=actor)[proposal.id],
        "href": f"/proposals/{proposal.id}",
    }


def _shows_match(row: PlaceAnswer) -> bool:
    return row.proposal.handed_on and row.closing is not Closing.PLACE_LEFT


def _is_open(row: PlaceAnswer, actor: Actor, at: datetime, window: float) -> bool:
    if actor.person_id is None:
        return False
    try:
        row.must_be_open(by=actor.person_id, at=at, window_seconds=window)
    except AnswerClosed:
        return False
    return True


def _may_change(row: PlaceAnswer, actor: Actor, at: datetime, window: float) -> bool:
    """Whether the answer that stands is this visitor's, and may still be changed."""
    until = row.changeable_until(window)
    return until is not None and at < until and _is_open(row, actor, at, window)


def _following(session: Session, row: PlaceAnswer, actor: Actor) -> str | None:
    """The next question that waits for this visitor's answer."""
    waiting = place_answers.page(session, actor, state=QuestionState.ASKED, oldest_first=True, limit=2).rows
    return next((f"/place-answers/{each.id}" for each in waiting if each.id != row.id), None)
