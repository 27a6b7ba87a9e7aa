"""Jobs as the API shows them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from models.jobs import JobRow, JobState


class JobsQuery(BaseModel):
    """Which jobs are wanted."""

    model_config = ConfigDict(extra="forbid")

    state: JobState | None = Field(default=None, description="Only those in this state: queued, running, or dead after five failures.")
    name: Annotated[str, Field(pattern="^[a-z_]{1,40}$")] | None = Field(default=None, description="Only those of this kind of work.")
    after: str | None = Field(default=None, description="The marker `next` of the page before.")
    limit: int = Field(default=50, ge=1, le=100, description="How many at most.")


class JobOut(BaseModel):
    """One piece of work that is owed; one that is done is kept no longer."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "6c1f8f6e-5a7f-4a3c-8f0e-0a4d3f1f6b21",
                "name": "embed",
                "state": "dead",
                "arguments": {"side": "need", "id": "0b7a6a52-6d1f-4d39-9f3b-0f8c8a1f2f10"},
                "due_at": "2026-11-21T09:30:00Z",
                "attempts": 5,
                "last_error": "TextTooLong; the service's log says where",
                "correlation_id": "0b0e6b4f6a0d4c5d9c0a5d1f7f1d2c3b",
                "created_at": "2026-11-21T09:00:00Z",
                "finished_at": "2026-11-21T09:31:02Z",
            }
        }
    )

    id: UUID
    name: str = Field(description="The kind of work.")
    state: JobState = Field(description="queued, running, or dead: failed five times and waiting for a person.")
    arguments: dict[str, str] = Field(description="The ids that it works on.")
    due_at: datetime
    attempts: int = Field(description="How often it was begun.")
    last_error: str = Field(description="Why it failed last, without anything that somebody wrote.")
    correlation_id: str = Field(description="Of the request or job that made it necessary.")
    created_at: datetime
    finished_at: datetime | None = Field(description="When it was given up.")

    @classmethod
    def of(cls, row: JobRow) -> "JobOut":
        """A row as it is shown."""
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields})
