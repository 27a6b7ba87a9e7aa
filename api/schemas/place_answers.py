"""Questions to places about confirmed matches, and their answers."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.matches import FINDING_EXAMPLE, FindingOut
from api.schemas.needs import NeedRef
from api.schemas.pages import PageQuery
from api.services.content import Day, Short, Strict
from api.services.place_answers import Reply, name_as_judged
from models.decisions import Reason, ReasonCode
from models.place_answers import Closing, PlaceAnswer, PlaceReply, QuestionState
from models.proposals import Band


class PlaceReplyIn(Strict):
    """What a place says: a *not now* names the day on which to ask again, a *no* its reason, and 'other' a note."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"answer": "meet"},
                {"answer": "not_now", "until": "2027-01-11", "note": "After the winter."},
                {"answer": "no", "reason": "already_in_use", "note": "In use in two practices since the spring."},
            ]
        }
    )

    answer: PlaceReply
    until: Day | None = Field(default=None, description="For *not now*: when to ask again, in London's days.")
    reason: ReasonCode | None = Field(default=None, description="For *no*.")
    note: Annotated[Short, Field(description="In your own words; no patient details. Needed when the Hub answers for a place.")] = ""

    @model_validator(mode="after")
    def fits_the_answer(self) -> Self:
        """Refuse a day or a reason that the answer has no use for."""
        if self.until is not None and self.answer is not PlaceReply.NOT_NOW:
            raise PydanticCustomError("day_without_use", "Only a 'not now' has a day. Leave it out.")
        if self.reason is not None and self.answer is not PlaceReply.NO:
            raise PydanticCustomError("reason_without_use", "Only a 'no' has a reason. Leave it out, or write a note.")
        return self

    @property
    def reply(self) -> Reply:
        """The reply in the domain's words; raises ReasonMissing for 'other' without a note."""
        return Reply(self.answer, Reason(code=self.reason, note=self.note), self.until)


class JudgedText(BaseModel):
    """One side of a match, in the words that were judged."""

    id: UUID
    name: str
    revision: int
    fields: dict[str, str] = Field(description="What the text said, field by field; empty fields are left out.")


class JudgedMatch(BaseModel):
    """A confirmed match as it was judged, whatever its texts say today."""

    need: JudgedText
    innovation: JudgedText
    supplier: str | None
    band: Band
    findings: list[FindingOut]


class PlaceAnswerOut(BaseModel):
    """A question to one place about one match, and its answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "4a4be1f7-17f3-4bd6-8b8b-0c0f5c7a9b11",
                "version": 2,
                "proposal_id": "8f1d4c1a-4f0e-4a0d-9b34-6b8b1f0f8a55",
                "need": {"id": "0b1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a11", "title": "People wait too long", "places": ["LDS"]},
                "place": "LDS",
                "asked_as": "Leeds",
                "asking": 1,
                "state": "asked",
                "asked_at": "2026-11-02T09:10:00Z",
                "answer_by": "2026-11-09",
                "answer": None,
                "until": None,
                "reason": None,
                "note": "",
                "answered_by": "",
                "answered_at": None,
                "on_behalf": False,
                "late": False,
                "changeable_until": None,
                "introduced_at": None,
                "closing": None,
                "created_at": "2026-11-02T09:10:00Z",
                "match": {
                    "need": {
                        "id": "0b1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a11",
                        "name": "People wait too long",
                        "revision": 1,
                        "fields": {"title": "People wait too long"},
                    },
                    "innovation": {
                        "id": "5a0c8a39-0a4e-4c36-9c53-4a3f0f2f7f10",
                        "name": "Computer test",
                        "revision": 1,
                        "fields": {"name": "Computer test"},
                    },
                    "supplier": "Example supplier",
                    "band": "strong",
                    "findings": [FINDING_EXAMPLE],
                },
            }
        }
    )

    id: UUID
    version: int = Field(description="Counts every change; the ETag.")
    proposal_id: UUID
    need: NeedRef = Field(description="The place's own need; where it joined another's, not the one that was matched.")
    place: str | None = Field(description="Key of the place; null where West Yorkshire is asked as one voice.")
    asked_as: str = Field(description="Who is asked, in words.")
    asking: int = Field(description="The how-manieth time the place is asked; after a *not now* it is asked again.")
    state: QuestionState = Field(description="A *held* one waits until partners may read the innovation.")
    asked_at: datetime | None
    answer_by: date | None = Field(description="The last day on which an answer is not late.")
    answer: PlaceReply | None
    until: date | None
    reason: ReasonCode | None
    note: str
    answered_by: str
    answered_at: datetime | None
    on_behalf: bool = Field(description="The Hub wrote down what the place said.")
    late: bool
    changeable_until: datetime | None = Field(description="Until then whoever answered may change the answer.")
    introduced_at: datetime | None = Field(description="When both sides were told of each other.")
    closing: Closing | None = Field(description="Why nobody waits any more.")
    created_at: datetime
    match: JudgedMatch | None = Field(description="Null once the match does not stand any more.")

    @classmethod
    def of(cls, row: PlaceAnswer, *, undo_window_seconds: float) -> "PlaceAnswerOut":
        """The question of a row, for somebody who may read it."""
        derived: dict[str, Any] = {
            "need": NeedRef.model_validate(row.need),
            "place": row.place.key if row.place is not None else None,
            "reason": row.reason_code,
            "answered_by": row.answered_by_name,
            "changeable_until": row.changeable_until(undo_window_seconds),
            "match": _judged(row) if row.proposal.handed_on and row.closing is not Closing.PLACE_LEFT else None,
        }
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields if name not in derived} | derived)


def _judged(row: PlaceAnswer) -> JudgedMatch:
    proposal = row.proposal
    need, innovation = proposal.need_as_judged.content["fields"], proposal.innovation_as_judged.content["fields"]
    supplier = proposal.innovation.supplier
    return JudgedMatch(
        need=JudgedText(
            id=proposal.need_id,
            name=need["title"],
            revision=proposal.need_revision,
            fields={name: text for name, text in need.items() if text},
        ),
        innovation=JudgedText(
            id=proposal.innovation_id,
            name=name_as_judged(proposal),
            revision=proposal.innovation_revision,
            fields={name: text for name, text in innovation.items() if text},
        ),
        supplier=supplier.name if supplier is not None else None,
        band=proposal.band,
        findings=[FindingOut.model_validate(each) for each in proposal.findings],
    )


class PlaceAnswersQuery(PageQuery):
    """Which questions are listed; several filters must all hold."""

    state: QuestionState | None = None
    answer: PlaceReply | None = None
    place: str | None = Field(default=None, max_length=10, description="Key of the place that is asked.")
    need_id: UUID | None = Field(default=None, description="The place's own need, or the one that was matched.")
    proposal_id: UUID | None = None
