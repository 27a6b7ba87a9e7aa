"""How needs end: met with a result, closed with a reason, or renewed."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from api.schemas.examples import example_of
from api.services.content import Day, Short, Strict, Text
from api.services.ending_needs import Result
from models.need_results import NeedResult
from models.needs import NeedStatus


def _said(text: str) -> str:
    if not text:
        raise PydanticCustomError("nothing_said", "Say it in a sentence.")
    return text


class NeedMetIn(Strict):
    """What was reached, against the need's metric, baseline and target."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "result": "Three of four people have their decision within eighteen weeks.",
                "measured_value": "17 weeks",
                "on_date": "2026-11-16",
                "proposal_id": "8f1d4c1a-4f0e-4a0d-9b34-6b8b1f0f8a55",
            }
        }
    )

    result: Annotated[Text, AfterValidator(_said), Field(description="What became better, in your own words; no patient details.")]
    measured_value: Annotated[Short, Field(description="Measured as the need's metric asks.")] = ""
    on_date: Day | None = Field(default=None, description="The day on which it was measured, not to come; today when it is left out.")
    proposal_id: UUID | None = Field(default=None, description="The confirmed match that met it, if one did.")

    @property
    def content(self) -> Result:
        """The result in the domain's words."""
        return Result(self.result, self.measured_value, self.on_date, self.proposal_id)


class NeedCloseIn(Strict):
    """Why a need is closed without having been met."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "The clinic was moved to another trust."}})

    reason: Annotated[Text, AfterValidator(_said), Field(description="In your own words; no patient details.")]


class NeedRenewIn(Strict):
    """Until when a need stands."""

    model_config = ConfigDict(json_schema_extra={"example": {"review_date": "2027-05-03"}})

    review_date: Day = Field(description="A day to come, later than the one that there was.")


class NeedResultOut(BaseModel):
    """How a need ended; metric, baseline and target are as they stood then."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "b3f1c9a2-3f4e-4b6f-9f0a-6a9b8f4f2d22",
                "need_id": "0b1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a11",
                "outcome": "met",
                "text": "Three of four people have their decision within eighteen weeks.",
                "measured_value": "17 weeks",
                "on_date": "2026-11-16",
                "metric": "Weeks from referral to decision",
                "baseline": "150 weeks",
                "target": "18 weeks",
                "proposal_id": None,
                "recorded_at": "2026-11-17T09:00:00Z",
                "recorded_by": "Place lead of Leeds",
            }
        }
    )

    id: UUID
    need_id: UUID
    outcome: NeedStatus
    text: str = Field(description="The result of a need that was met, the reason of one that was closed.")
    measured_value: str
    on_date: date
    metric: str
    baseline: str
    target: str
    proposal_id: UUID | None
    recorded_at: datetime
    recorded_by: str

    @classmethod
    def of(cls, row: NeedResult) -> "NeedResultOut":
        """The end of a need."""
        told = {name: getattr(row, name) for name in cls.model_fields if name != "recorded_by"}
        return cls(**told, recorded_by=row.recorded_by_name)


class NeedEndOut(BaseModel):
    """How a need ended, if it did."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"need_id": "0b1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a11", "result": example_of(NeedResultOut)}}
    )

    need_id: UUID
    result: NeedResultOut | None = Field(description="Null while the need is neither met nor closed.")
