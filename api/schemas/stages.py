"""How far matches have come in each place."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.examples import example_of
from api.services.content import Day, Short, Strict, WebAddress
from api.services.stages import Signs, Step, Uptake
from models.decisions import Reason, ReasonCode
from models.pipeline import PipelineStage, StageChange


class StageIn(Strict):
    """The next step of a match in one place; *stopped* needs a reason, and 'other' a note."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"place": "LDS", "stage": "piloting", "on_date": "2026-11-16", "evidence_link": "https://example.org/pilot"},
                {"place": "LDS", "stage": "stopped", "reason_code": "no_budget", "note": "The pilot's money ended."},
            ]
        }
    )

    place: Annotated[str, Field(max_length=10, description="Key of the place.")]
    stage: PipelineStage
    on_date: Day | None = Field(default=None, description="The day on which it happened, not to come; today when it is left out.")
    note: Annotated[Short, Field(description="In your own words; no patient details.")] = ""
    evidence_link: Annotated[WebAddress, Field(description="Where it can be read up.")] = ""
    reason_code: ReasonCode | None = Field(default=None, description="For *stopped*.")

    @property
    def step(self) -> Step:
        """The step in the domain's words; raises ReasonMissing for 'other' without a note."""
        reason = Reason(code=self.reason_code, note=self.note)
        return Step(self.place, self.stage, self.on_date, self.note, self.evidence_link, reason)


class StageOut(BaseModel):
    """One step of a match in one place."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "f5b1c9a2-3f4e-4b6f-9f0a-6a9b8f4f2d11",
                "proposal_id": "8f1d4c1a-4f0e-4a0d-9b34-6b8b1f0f8a55",
                "place": "LDS",
                "stage": "piloting",
                "on_date": "2026-11-16",
                "note": "Two clinics.",
                "evidence_link": "https://example.org/pilot",
                "reason_code": None,
                "changed_at": "2026-11-17T09:00:00Z",
                "changed_by": "Place lead of Leeds",
            }
        }
    )

    id: UUID
    proposal_id: UUID
    place: str = Field(description="Key of the place.")
    stage: PipelineStage
    on_date: date
    note: str
    evidence_link: str
    reason_code: str | None
    changed_at: datetime
    changed_by: str

    @classmethod
    def of(cls, row: StageChange) -> "StageOut":
        """The step of a row."""
        return cls(
            id=row.id,
            proposal_id=row.proposal_id,
            place=row.place.key,
            stage=row.stage,
            on_date=row.on_date,
            note=row.note,
            evidence_link=row.evidence_link,
            reason_code=row.reason_code or None,
            changed_at=row.changed_at,
            changed_by=row.changed_by_name,
        )


class StagesOut(BaseModel):
    """The steps of one match, in their order."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [example_of(StageOut)]}})

    items: list[StageOut]


class SignsOut(BaseModel):
    """What other places' experience says of an innovation."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={"example": {"piloted_elsewhere": True, "third_pilot_no_adoption": False, "pilots": 1, "adoptions": 0}},
    )

    piloted_elsewhere: bool = Field(description="It was piloted, or went further, in another place of West Yorkshire.")
    third_pilot_no_adoption: bool = Field(description="Three pilots or more, and adopted nowhere.")
    pilots: int
    adoptions: int

    @classmethod
    def of(cls, signs: Signs) -> "SignsOut":
        """The signs of an innovation."""
        return cls.model_validate(signs)


class InPlaceOut(BaseModel):
    """Where one match stands in one place."""

    place: str = Field(description="Key of the place.")
    proposal_id: UUID
    stage: PipelineStage
    since: date


class UptakeOut(BaseModel):
    """How far an innovation has come in which place, as far as you may know."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "innovation_id": "5a0c8a39-0a4e-4c36-9c53-4a3f0f2f7f10",
                "places": [
                    {"place": "LDS", "proposal_id": "8f1d4c1a-4f0e-4a0d-9b34-6b8b1f0f8a55", "stage": "piloting", "since": "2026-11-16"}
                ],
                "signs": {"piloted_elsewhere": True, "third_pilot_no_adoption": False, "pilots": 1, "adoptions": 0},
            }
        }
    )

    innovation_id: UUID
    places: list[InPlaceOut] = Field(description="A place reads of itself alone.")
    signs: SignsOut

    @classmethod
    def of(cls, found: Uptake) -> "UptakeOut":
        """What was found."""
        told = [InPlaceOut(place=each.place.key, proposal_id=each.proposal_id, stage=each.stage, since=each.since) for each in found.places]
        return cls(innovation_id=found.innovation_id, places=told, signs=SignsOut.of(found.signs))
