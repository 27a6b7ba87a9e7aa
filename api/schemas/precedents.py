"""Precedents as the API shows them."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.alignments import ReasonOut
from api.schemas.innovations import InnovationRef
from api.schemas.needs import NeedRef
from api.services.precedents import Precedent
from models.pipeline import PipelineStage

_EXAMPLE: dict[str, Any] = {
    "precedents": [
        {
            "proposal_id": "6c1f8f6e-5a7f-4a3c-8f0e-0a4d3f1f6b21",
            "need": {
                "id": "7c2f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a12",
                "title": "Years of waiting for adult ADHD assessment",
                "places": ["BDC"],
            },
            "innovation": {"id": "0b1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a11", "name": "Attention test", "supplier": "Small Firm Ltd"},
            "place": "BDC",
            "stage": "adopted",
            "since": "2026-09-14",
            "result": {
                "text": "Decisions in half the visits.",
                "metric": "Weeks",
                "baseline": "104",
                "target": "18",
                "measured_value": "22",
                "on_date": "2026-11-02",
            },
            "reason": {"concepts": ["adhd"], "codes": ["Mental health"], "quotes": [], "differs": [], "apart": []},
        }
    ]
}


class ResultOut(BaseModel):
    """What was reached when the other need was met by it, against where that need began."""

    model_config = ConfigDict(from_attributes=True)

    text: str
    metric: str
    baseline: str
    target: str
    measured_value: str
    on_date: date


class PrecedentOut(BaseModel):
    """A similar need was answered by this."""

    proposal_id: UUID
    need: NeedRef
    innovation: InnovationRef
    place: str = Field(description="The key of the place that adopted it.")
    stage: PipelineStage = Field(description="Where it stands there: adopted or spread.")
    since: date = Field(description="The day on which it was first adopted there.")
    result: ResultOut | None = Field(description="What was reached; null while that need is not met by it.")
    reason: ReasonOut = Field(description="Why the two needs are alike.")

    @classmethod
    def of(cls, found: Precedent) -> "PrecedentOut":
        """One of them."""
        return cls(
            proposal_id=found.proposal_id,
            need=NeedRef.model_validate(found.need),
            innovation=InnovationRef.of(found.innovation),
            place=found.place.key,
            stage=found.stage,
            since=found.since,
            result=ResultOut.model_validate(found.result) if found.result else None,
            reason=ReasonOut.of(found.reason),
        )


class PrecedentsOut(BaseModel):
    """What places adopted for needs like this one, of what you may read, the likest need first."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    precedents: list[PrecedentOut]

    @classmethod
    def of(cls, found: Sequence[Precedent]) -> "PrecedentsOut":
        """What was found."""
        return cls(precedents=[PrecedentOut.of(each) for each in found])
