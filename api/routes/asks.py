"""Questions to innovators, by the link in the mail that asked them."""

from fastapi import APIRouter

from api.errors import ASKING, CREATING, problems
from api.requests import Creation, Now, Reading, StrictRoute
from api.schemas.answers import AnswerIn, AnswerOut, QuestionOut
from api.security import LinkOpener
from api.services import asking
from api.services.asking import NothingAnswered
from api.services.intake import ExternalIdTaken
from models.links import LinkSpent
from models.triage import AskClosed

router = APIRouter(prefix="/asks", tags=["submissions"], route_class=StrictRoute)


@router.get("/{token}", response_model=QuestionOut, responses=problems(*ASKING, LinkSpent, AskClosed))
def read_question(token: str, _: LinkOpener, now: Now, session: Reading) -> QuestionOut:
    """Tell what is asked; the link works afterwards as before."""
    return QuestionOut.of(asking.question(session, token, at=now))


@router.post(
    "/{token}/answer",
    status_code=201,
    response_model=AnswerOut,
    responses=problems(*CREATING, LinkSpent, AskClosed, NothingAnswered, ExternalIdTaken),
)
def answer_by_link(token: str, *, body: AnswerIn, _: LinkOpener, now: Now, session: Creation) -> AnswerOut:
    """Answer without signing in; the link works once."""
    return AnswerOut.of(asking.answer_by_link(session, token, body.answer, body.changed, at=now))
