"""Outcomes of submissions: what is sent to give one, the letter that goes with it, what became of it."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.services.content import Day, Question, Short, Strict, Text, YesOrNo
from api.services.letters import Choice
from models.decisions import Reason, ReasonCode
from models.triage import Outcome, OutcomeKind

ID = "2f0d9a52-6a44-4a3c-9d0e-8c5b0f4f1e11"
OUTCOME_EXAMPLE: dict[str, Any] = {
    "id": "4d7a3c60-0c6b-4d53-8a07-0f2a1e9f7b21",
    "submission_id": ID,
    "outcome": "archive",
    "given_by": "Hub triage officer",
    "given_at": "2026-11-02T10:15:00Z",
    "reason": "evidence_too_weak",
    "note": "",
    "letter": "Thank you for telling us about “Attention test”. We have read it.",
    "left_undecided": 0,
    "body_id": None,
    "referral_id": None,
    "undoes": None,
    "undo_until": "2026-11-02T10:25:00Z",
    "settled_at": None,
    "mailed_to": None,
}


class ActiveIn(Strict):
    """It goes on our list of active innovations."""

    outcome: Literal["active"]
    letter: Annotated[Text, Field(description="What the innovator is told; empty means the draft as it is.")] = ""
    leave_undecided: YesOrNo = Field(default=False, description="Proposals that are shown may stay undecided.")

    @property
    def choice(self) -> Choice:
        """The outcome in the domain's words."""
        return Choice(kind=OutcomeKind.ACTIVE)


class AskIn(Strict):
    """The innovator is asked; the clock pauses until they answer."""

    outcome: Literal["ask"]
    question: Question
    answer_by: Day = Field(description="Until which day an answer helps; a later one is taken too.")
    letter: Annotated[Text, Field(description="What the innovator is told; empty means the draft as it is.")] = ""
    leave_undecided: YesOrNo = Field(default=False, description="Makes no difference here.")

    @property
    def choice(self) -> Choice:
        """The outcome in the domain's words."""
        return Choice(kind=OutcomeKind.ASK, question=self.question, answer_by=self.answer_by)


class ReferIn(Strict):
    """It is passed on to a body that helps."""

    outcome: Literal["refer"]
    body_id: UUID
    reason: Annotated[Text, Field(description="Why this body may help; the body and the innovator read it.")]
    letter: Annotated[Text, Field(description="What the innovator is told; empty means the draft as it is.")] = ""
    leave_undecided: YesOrNo = Field(default=False, description="Proposals that are shown may stay undecided.")

    @property
    def choice(self) -> Choice:
        """The outcome in the domain's words."""
        return Choice(kind=OutcomeKind.REFER, body_id=self.body_id, reason=Reason(note=self.reason))


class ArchiveIn(Strict):
    """It is not taken further now."""

    outcome: Literal["archive"]
    reason: ReasonCode
    note: Annotated[Short, Field(description="In your own words; with the reason 'other' the innovator reads it.")] = ""
    letter: Annotated[Text, Field(description="What the innovator is told; empty means the draft as it is.")] = ""
    leave_undecided: YesOrNo = Field(default=False, description="Proposals that are shown may stay undecided.")

    @property
    def choice(self) -> Choice:
        """The outcome in the domain's words; raises ReasonMissing for 'other' without a note."""
        return Choice(kind=OutcomeKind.ARCHIVE, reason=Reason(code=self.reason, note=self.note))


OutcomeIn = Annotated[ActiveIn | AskIn | ReferIn | ArchiveIn, Field(discriminator="outcome")]
OUTCOME_IN_EXAMPLES: list[dict[str, Any]] = [
    {"outcome": "active"},
    {"outcome": "ask", "question": "For which ages is it?", "answer_by": "2026-11-16"},
    {"outcome": "refer", "body_id": ID, "reason": "They help firms to plan an evaluation."},
    {"outcome": "archive", "reason": "evidence_too_weak"},
]


class LetterQuery(BaseModel):
    """The outcome whose letter is drafted, as far as it is known."""

    model_config = ConfigDict(extra="forbid")

    outcome: Literal["active", "ask", "refer", "archive"]
    reason: ReasonCode | None = Field(default=None, description="Of an archived one.")
    note: Annotated[Short, Field(description="With the reason 'other', or why a body may help.")] = ""
    question: Question = ""
    answer_by: Day | None = None
    body_id: UUID | None = None

    @property
    def choice(self) -> Choice:
        """The outcome in the domain's words; raises ReasonMissing for 'other' without a note."""
        return Choice(
            kind=OutcomeKind(self.outcome),
            reason=Reason(code=self.reason, note=self.note),
            question=self.question,
            answer_by=self.answer_by,
            body_id=self.body_id,
        )


class LetterOut(BaseModel):
    """A draft that staff may change; it is sent as `letter` with the outcome."""

    model_config = ConfigDict(json_schema_extra={"example": {"text": OUTCOME_EXAMPLE["letter"], "to": 1, "to_print": False}})

    text: str
    to: int = Field(description="To how many people it would be mailed.")
    to_print: bool = Field(description="No address is known: the letter is kept to be printed.")


class OutcomeOut(BaseModel):
    """One outcome; rows are only ever added, an undo among them."""

    model_config = ConfigDict(json_schema_extra={"example": OUTCOME_EXAMPLE})

    id: UUID
    submission_id: UUID
    outcome: OutcomeKind
    given_by: str
    given_at: datetime
    reason: ReasonCode | None
    note: str
    letter: str = Field(description="What the innovator is told, word for word.")
    left_undecided: int = Field(description="Proposals that were shown and knowingly left.")
    body_id: UUID | None
    referral_id: UUID | None = Field(description="The offer to the body, made when the time to undo has passed.")
    undoes: UUID | None = Field(description="The outcome that this one took back.")
    undo_until: datetime | None = Field(description="Until then whoever gave it may undo it; the letter leaves after.")
    settled_at: datetime | None = Field(description="When the letter left.")
    mailed_to: int | None = Field(description="To how many people it was mailed; 0 means that it is kept to be printed.")

    @classmethod
    def of(cls, row: Outcome, *, undo_window_seconds: float) -> "OutcomeOut":
        """The outcome of a row."""
        undoable = row.kind is not OutcomeKind.UNDONE
        return cls(
            id=row.id,
            submission_id=row.submission_id,
            outcome=row.kind,
            given_by=row.given_by_name,
            given_at=row.given_at,
            reason=row.reason_code,
            note=row.note,
            letter=row.letter,
            left_undecided=row.left_undecided,
            body_id=row.body_id,
            referral_id=row.referral_id,
            undoes=row.undoes_id,
            undo_until=row.given_at + timedelta(seconds=undo_window_seconds) if undoable else None,
            settled_at=row.settled_at,
            mailed_to=row.mailed_to,
        )
