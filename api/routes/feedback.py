"""The one question after an outcome, answered by the link of the letter."""

from fastapi import APIRouter

from api.errors import CREATING, problems
from api.requests import Creation, Now, StrictRoute
from api.schemas.reports import FeedbackIn, FeedbackOut
from api.security import LinkOpener
from api.services import feedback
from models.feedback import AnsweredBefore, Feedback
from models.links import LinkSpent

router = APIRouter(prefix="/feedback", tags=["submissions"], route_class=StrictRoute)


@router.post("/{token}", status_code=201, response_model=FeedbackOut, responses=problems(*CREATING, LinkSpent, AnsweredBefore))
def give_feedback(token: str, *, body: FeedbackIn, _: LinkOpener, now: Now, session: Creation) -> Feedback:
    """Answer the question of a letter, without an account; the link works once."""
    return feedback.give(session, token, body.answer, body.comment, at=now)
