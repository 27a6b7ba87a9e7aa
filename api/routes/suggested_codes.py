"""Codes suggested from texts; they are accepted by changing the need or the innovation."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body

from api.errors import ASKING, READING, SENDING, problems
from api.requests import Reading, StrictRoute
from api.schemas.suggested_codes import SUGGESTED_CODES_IN_EXAMPLES, SuggestedCodesIn, SuggestedCodesOut
from api.security import InnovationCoder, NeedCoder, TextCoder
from api.services import suggesting
from models.documents import Side

router = APIRouter(route_class=StrictRoute)


@router.get("/needs/{need_id}/suggested-codes", tags=["needs"], response_model=SuggestedCodesOut, responses=problems(*READING))
def suggest_codes_of_need(need_id: UUID, coder: NeedCoder, session: Reading) -> SuggestedCodesOut:
    """Suggest codes from the text of a need, with the words that tell them."""
    return SuggestedCodesOut.of(suggesting.of_document(session, Side.NEED, need_id, actor=coder))


@router.get(
    "/innovations/{innovation_id}/suggested-codes", tags=["innovations"], response_model=SuggestedCodesOut, responses=problems(*READING)
)
def suggest_codes_of_innovation(innovation_id: UUID, coder: InnovationCoder, session: Reading) -> SuggestedCodesOut:
    """Suggest codes from the text of an innovation, with the words that tell them."""
    return SuggestedCodesOut.of(suggesting.of_document(session, Side.INNOVATION, innovation_id, actor=coder))


@router.post("/suggested-codes", tags=["matches"], response_model=SuggestedCodesOut, responses=problems(*ASKING, *SENDING))
def suggest_codes_of_text(
    body: Annotated[SuggestedCodesIn, Body(examples=SUGGESTED_CODES_IN_EXAMPLES)], _coder: TextCoder
) -> SuggestedCodesOut:
    """Suggest codes for a text that is not stored, and is not stored by asking."""
    return SuggestedCodesOut.of(suggesting.of_text(Side(body.side), body.content))
