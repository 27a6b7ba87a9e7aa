"""How staff share out submissions: who sees to them, until when they are put off, and what is noted on them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.outcomes import ID
from api.services.content import Day, Question, Strict, YesOrNo
from models.submission_notes import SubmissionNote


class AssignIn(Strict):
    """Who is to see to a submission."""

    model_config = ConfigDict(json_schema_extra={"example": {"to": ID, "over": False}})

    to: UUID = Field(description="Somebody of the Hub.")
    over: YesOrNo = Field(default=False, description="Take it from the colleague who has it.")


class SnoozeIn(Strict):
    """Until when a submission is put off; its clock runs on."""

    model_config = ConfigDict(json_schema_extra={"example": {"until": "2026-11-16"}})

    until: Day = Field(description="A day to come, within 60 days.")


class NoteIn(Strict):
    """What colleagues should know; nobody outside the Hub reads it."""

    model_config = ConfigDict(json_schema_extra={"example": {"text": "They call back on Thursday."}})

    text: Annotated[Question, Field(min_length=1, description="Nothing about a patient.")]


class NoteOut(BaseModel):
    """A note on a submission."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "7d1f3f0e-5d0e-4b59-8d0a-0f8c3b7a6e55",
                "text": "They call back on Thursday.",
                "written_by": "Hub triage officer",
                "written_at": "2026-11-02T10:00:00Z",
            }
        },
    )

    id: UUID
    text: str
    written_by: str
    written_at: datetime

    @classmethod
    def of(cls, row: SubmissionNote) -> "NoteOut":
        """The note of a row."""
        return cls(id=row.id, text=row.text, written_by=row.written_by_name, written_at=row.written_at)
