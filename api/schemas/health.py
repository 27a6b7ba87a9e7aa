"""Whether the service lives and can work."""

from pydantic import BaseModel, ConfigDict, Field

from api.services.readiness import State


class Live(BaseModel):
    """The process answers."""

    model_config = ConfigDict(json_schema_extra={"example": {"status": "live"}})

    status: str = "live"


class Ready(BaseModel):
    """Whether the process can do its work, and what stands in the way."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={"example": {"state": "degraded", "reasons": ["The encoder is missing. Run `matching encoder export`."]}},
    )

    state: State = Field(description="ready and degraded answer with 200; starting and down with 503.")
    reasons: list[str] = Field(description="What stands in the way of a better state, each with what to do.")
