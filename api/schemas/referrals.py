"""Referrals: an innovation offered to a body that helps, its answer, and how it ended."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.bodies import BodyRef
from api.schemas.innovations import InnovationRef
from api.schemas.pages import PageQuery
from api.services import referral_mail
from api.services.content import Short, Strict
from models.actors import Actor
from models.referrals import Answered, DeclineCode, Referral, ReferralOutcome, ReferralState


def _said(text: str) -> str:
    if not text:
        raise PydanticCustomError("reason_missing", "Say why this body may help, in a sentence.")
    return text


class ReferralIn(Strict):
    """To whom an innovation is offered, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"body_id": "7d1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a77", "reason": "They plan evaluations; yours is ready for one."}
        }
    )

    body_id: UUID
    reason: Annotated[Short, AfterValidator(_said)]


class ReferralAnswerIn(Strict):
    """What a body says to an offer; declining needs a reason code, the code *other* a note."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"answer": "accepted"}, {"answer": "declined", "code": "no_capacity", "note": "Ask in spring."}]}
    )

    answer: Answered
    code: DeclineCode | None = None
    note: Short = ""

    @model_validator(mode="after")
    def code_fits_answer(self) -> Self:
        """A code with declining, and with nothing else."""
        if (self.answer is Answered.DECLINED) != (self.code is not None):
            raise PydanticCustomError("decline_code", "Give a reason code with 'declined', and none with 'accepted'.")
        return self


class CloseIn(Strict):
    """How a referral ended; *other* needs a note."""

    model_config = ConfigDict(json_schema_extra={"example": {"outcome": "helped", "note": "They planned an evaluation together."}})

    outcome: ReferralOutcome
    note: Short = ""


class StepOut(BaseModel):
    """One step of a referral."""

    model_config = ConfigDict(from_attributes=True)

    state: ReferralState
    at: datetime
    by_name: str
    code: str = Field(description="The reason of declining, or how it ended.")
    note: str


_EXAMPLE: dict[str, Any] = {
    "id": "3b0c8a39-0a4e-4c36-9c53-4a3f0f2f7f33",
    "version": 1,
    "innovation": {"id": "5a0c8a39-0a4e-4c36-9c53-4a3f0f2f7f10", "name": "Computer test", "supplier": "Example supplier"},
    "submission_id": None,
    "body": {
        "id": "7d1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a77",
        "name": "Regional innovation network",
        "kind": "health_innovation_network",
        "contact_url": "https://www.example.org/contact",
    },
    "state": "offered",
    "reason": "They plan evaluations; yours is ready for one.",
    "offered_by": "Hub triage officer",
    "offered_at": "2026-11-02T10:15:00Z",
    "decline_code": None,
    "outcome": None,
    "steps": [{"state": "offered", "at": "2026-11-02T10:15:00Z", "by_name": "Hub triage officer", "code": "", "note": ""}],
}


class ReferralOut(BaseModel):
    """One hand-on of an innovation to a body, and what became of it."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    id: UUID
    version: int = Field(description="Counts every change; the ETag.")
    innovation: InnovationRef
    submission_id: UUID | None
    body: BodyRef
    state: ReferralState
    reason: str
    offered_by: str
    offered_at: datetime
    decline_code: DeclineCode | None
    outcome: ReferralOutcome | None
    steps: list[StepOut] = Field(description="Every step, in the order of time.")

    @classmethod
    def of(cls, row: Referral, reader: Actor) -> Self:
        """The referral of a row, with the innovation's name for those who may know it."""
        named = referral_mail.is_named_to(reader, row.innovation)
        unnamed = InnovationRef(id=row.innovation_id, name=referral_mail.name_for_body(row.innovation), supplier=None)
        told = {name: getattr(row, name) for name in ("id", "version", "submission_id", "state", "reason", "decline_code", "outcome")}
        return cls(
            **told,
            innovation=InnovationRef.of(row.innovation) if named else unnamed,
            body=BodyRef.model_validate(row.body),
            offered_by=row.offered_by_name,
            offered_at=row.created_at,
            steps=[StepOut.model_validate(each) for each in row.steps],
        )


class ReferralsQuery(PageQuery):
    """Which referrals are listed; declined ones wait for the Hub to refer them on, or to close them."""

    state: ReferralState | None = None
    body_id: UUID | None = None
    innovation_id: UUID | None = None
