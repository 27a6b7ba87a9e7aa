"""Questions to innovators and their answers; and where an innovation is."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.innovations import InnovationPatch
from api.services.asking import Answered
from api.services.content import Strict, Text
from api.services.following import Turn, Whereabouts
from models.triage import Ask, SubmissionState


class AskOut(BaseModel):
    """A question to the innovator and its answer."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    question: str
    answer_by: date
    asked_by_name: str
    asked_at: datetime
    answered_at: datetime | None
    answered_by_name: str | None
    answer: str
    revision: int | None = Field(description="The version of the innovation that the answer made, if it changed any field.")
    late: bool = Field(description="It came after the day that was asked for.")
    closed_at: datetime | None = Field(description="When an answer was no longer waited for.")


class AnswerIn(Strict):
    """An answer to a question: words, changed fields of the innovation, or both."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"answer": "It is for adults.", "changes": {"eligibility": "Adults who wait for an assessment."}}}
    )

    answer: Text = ""
    changes: InnovationPatch | None = Field(default=None, description="Fields of the innovation to change; they make a new version.")

    @property
    def changed(self) -> dict[str, Any]:
        """The fields that were named."""
        return self.changes.model_dump(exclude_unset=True) if self.changes is not None else {}


class AnswerOut(BaseModel):
    """What became of an answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "submission_id": "2f0d9a52-6a44-4a3c-9d0e-8c5b0f4f1e11",
                "state": "in_triage",
                "in_time": True,
                "late": False,
                "revision": 2,
                "says": "Thank you. We read it again with your answer.",
            }
        }
    )

    submission_id: UUID
    state: SubmissionState
    in_time: bool = Field(
        description="False when the submission had its outcome already: the words are kept as a note, changed fields as a new version."
    )
    late: bool = Field(description="It came after the day that was asked for.")
    revision: int | None = Field(description="The version of the innovation that the answer made.")
    says: str

    @classmethod
    def of(cls, found: Answered) -> "AnswerOut":
        """What became of it, in short."""
        return cls(
            submission_id=found.submission.id,
            state=found.submission.state,
            in_time=found.in_time,
            late=found.ask.late,
            revision=found.ask.revision,
            says=found.says,
        )


class QuestionOut(BaseModel):
    """A question as its link shows it, with the texts that an answer may change."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "innovation": "Attention test",
                "question": "For which ages is it?",
                "answer_by": "2026-11-16",
                "asked_by": "Hub triage officer",
                "asked_at": "2026-11-02T10:15:00Z",
                "texts": {"eligibility": ""},
            }
        }
    )

    innovation: str
    question: str
    answer_by: date
    asked_by: str
    asked_at: datetime
    texts: dict[str, str] = Field(description="What the innovation says now, by field.")

    @classmethod
    def of(cls, row: Ask) -> "QuestionOut":
        """The question of a row."""
        innovation = row.submission.innovation
        return cls(
            innovation=innovation.name,
            question=row.question,
            answer_by=row.answer_by,
            asked_by=row.asked_by_name,
            asked_at=row.asked_at,
            texts={name: getattr(innovation, name) for name in innovation.TEXTS},
        )


class StatusOut(BaseModel):
    """Where an innovation is: one plain status and the next step."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "innovation_id": "5a0c8a39-0a4e-4c36-9c53-4a3f0f2f7f10",
                "submission_id": "2f0d9a52-6a44-4a3c-9d0e-8c5b0f4f1e11",
                "number": 1,
                "says": "We are reading it. We tell you what we decided.",
                "turn": "hub",
                "by": "2026-11-10",
                "contact": "hub@example.nhs.uk",
                "question": None,
                "answer_by": None,
                "letter": None,
                "letter_at": None,
            }
        }
    )

    innovation_id: UUID
    submission_id: UUID | None
    number: int | None = Field(description="The how-manieth handing-in this is about.")
    says: str = Field(description="Where it is, in plain words.")
    turn: Turn = Field(description="Who has to do something next.")
    by: date | None = Field(description="By when.")
    contact: str = Field(description="Whom to ask.")
    question: str | None = Field(description="What you are asked; answer by POST /api/v1/submissions/{submission_id}/answer.")
    answer_by: date | None
    letter: str | None = Field(description="Our last letter.")
    letter_at: datetime | None

    @classmethod
    def of(cls, found: Whereabouts, *, contact: str) -> "StatusOut":
        """The status of what was found."""
        return cls(
            innovation_id=found.innovation.id,
            submission_id=found.submission.id if found.submission else None,
            number=found.submission.number if found.submission else None,
            says=found.says,
            turn=found.turn,
            by=found.by,
            contact=contact,
            question=found.ask.question if found.ask else None,
            answer_by=found.ask.answer_by if found.ask else None,
            letter=found.letter.letter if found.letter else None,
            letter_at=found.letter.settled_at if found.letter else None,
        )
