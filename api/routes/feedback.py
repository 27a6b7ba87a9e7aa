"""The one question after an outcome, answered by the link of the letter."""

from typing import Annotated

from fastapi import APIRouter, Path

from api.errors import SENDING, problems
from api.requests import Now, StrictRoute, Transaction
from api.schemas.reports import FeedbackIn, FeedbackOut
from api.security import Nobody
from api.services import feedback
from models.feedback import AnsweredBefore, Feedback
from models.links import LinkSpent

router = APIRouter(prefix="/feedback", tags=["submissions"], route_class=StrictRoute)


@router.post("/{token}", status_code=201, response_model=FeedbackOut, responses=problems(*SENDING, LinkSpent, AnsweredBefore))
def give_feedback(token: Annotated[str, Path(max_length=200)], *, body: FeedbackIn, _: Nobody, now: Now, session: Transaction) -> Feedback:
    """Answer the question of a letter, without an account; the link works once."""
    return feedback.give(session, token, body.answer, body.comment, at=now)
