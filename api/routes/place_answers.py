"""Questions to places about confirmed matches: the list, one of them, its answer."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.errors import CHANGING, CREATING, LISTING, READING, problems
from api.requests import Creation, CurrentSettings, ExpectedVersion, Now, Reading, StrictRoute, tag
from api.schemas.pages import PageOut
from api.schemas.place_answers import PlaceAnswerOut, PlaceAnswersQuery, PlaceReplyIn
from api.security import PlaceAnswerer, PlaceAnswerReader
from api.services import place_answers as asked
from models.decisions import ReasonMissing
from models.place_answers import AnswerClosed
from models.queries import place_answers

router = APIRouter(prefix="/place-answers", tags=["place answers"], route_class=StrictRoute)


@router.get("", response_model=PageOut[PlaceAnswerOut], responses=problems(*LISTING))
def list_place_answers(
    wanted: Annotated[PlaceAnswersQuery, Query()], reader: PlaceAnswerReader, settings: CurrentSettings, session: Reading
) -> PageOut[PlaceAnswerOut]:
    """List the questions that were put to your place, newest first; the Hub lists all."""
    page = place_answers.page(session, reader, **wanted.model_dump())
    shown = [PlaceAnswerOut.of(row, undo_window_seconds=settings.undo_window_seconds) for row in page.rows]
    return PageOut(items=shown, next=page.following)


@router.get("/{place_answer_id}", response_model=PlaceAnswerOut, responses=problems(*READING))
def read_place_answer(
    place_answer_id: UUID, reader: PlaceAnswerReader, settings: CurrentSettings, session: Reading, response: Response
) -> PlaceAnswerOut:
    """Read one question with the match as it was judged, and the answer if there is one."""
    row = place_answers.get(session, place_answer_id, reader)
    return tag(response, PlaceAnswerOut.of(row, undo_window_seconds=settings.undo_window_seconds))


@router.post(
    "/{place_answer_id}/answer",
    status_code=201,
    response_model=PlaceAnswerOut,
    responses=problems(*CREATING, *CHANGING, AnswerClosed, ReasonMissing),
)
def answer_for_place(
    place_answer_id: UUID,
    *,
    body: PlaceReplyIn,
    answerer: PlaceAnswerer,
    version: ExpectedVersion,
    now: Now,
    settings: CurrentSettings,
    session: Creation,
    response: Response,
) -> PlaceAnswerOut:
    """Say meet, not now or no for your place; the first answer stands, and whoever gave it may change it while the window lasts."""
    window = settings.undo_window_seconds
    row = asked.answer(session, place_answer_id, body.reply, actor=answerer, at=now, undo_window_seconds=window, version=version)
    return tag(response, PlaceAnswerOut.of(row, undo_window_seconds=window))
