"""Submissions in triage: the queue, and one of them with all that its outcome is given by."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.answers import AskOut
from api.schemas.examples import example_of
from api.schemas.innovations import InnovationOut, InnovationRef
from api.schemas.outcomes import ID, OutcomeOut
from api.schemas.pages import PageQuery
from api.schemas.proposals import ProposalOut
from api.services.triaging import Shown
from models.actors import Actor
from models.clocks import Clock
from models.innovations import InnovationKind
from models.proposals import Band, Proposal, ProposalState
from models.triage import Leaving, OutcomeKind, Submission, SubmissionState


class ClockOut(BaseModel):
    """How long a submission has waited for the Hub, in working days."""

    working_days: int
    reminder_on: date | None
    overdue_on: date | None
    overdue: bool
    paused: bool = Field(description="It is the innovator's turn.")

    @classmethod
    def of(cls, row: Clock, at: datetime) -> "ClockOut":
        """The clock as it stands at a moment."""
        return cls(
            working_days=row.working_days(at),
            reminder_on=row.reminder_on,
            overdue_on=row.overdue_on,
            overdue=row.is_overdue(at),
            paused=row.is_paused,
        )


_ROW: dict[str, Any] = {
    "id": ID,
    "version": 2,
    "number": 1,
    "innovation": {"id": "5a0c8a39-0a4e-4c36-9c53-4a3f0f2f7f10", "name": "Computer test", "supplier": "Example supplier"},
    "state": "in_triage",
    "held": False,
    "submitted_at": "2026-11-02T09:00:00Z",
    "assigned_to": "Hub triage officer",
    "mine": True,
    "taken_at": "2026-11-02T10:00:00Z",
    "snoozed_until": None,
    "snoozed_by": None,
    "clock": {"working_days": 0, "reminder_on": "2026-11-06", "overdue_on": "2026-11-10", "overdue": False, "paused": False},
    "strong": 1,
    "possible": 0,
    "probability": 0.87,
    "flags": [],
    "outcome": None,
    "left_by": None,
    "ended_at": None,
}


class SubmissionRow(BaseModel):
    """One line of the queue."""

    model_config = ConfigDict(json_schema_extra={"example": _ROW})

    id: UUID
    version: int
    number: int = Field(description="The how-manieth handing-in of the innovation this is.")
    innovation: InnovationRef
    state: SubmissionState
    held: bool = Field(description="Nobody has consented to its use yet, so that it is not ranked.")
    submitted_at: datetime
    assigned_to: str | None
    mine: bool
    taken_at: datetime | None
    snoozed_until: date | None = Field(description="Lists leave it out until that day, until it is overdue or the innovator answers.")
    snoozed_by: str | None
    clock: ClockOut | None
    strong: int = Field(description="Open proposals of that band.")
    possible: int
    probability: float | None = Field(description="The best of the open proposals.")
    flags: list[str] = Field(description="Kinds of what staff should look at.")
    outcome: OutcomeKind | None
    left_by: Leaving | None
    ended_at: datetime | None

    @classmethod
    def of(cls, row: Submission, clock: Clock | None, proposals: Sequence[Proposal], *, actor: Actor, at: datetime) -> "SubmissionRow":
        """The line of a row."""
        return cls(**_line(row, clock, proposals, actor=actor, at=at))


def _line(row: Submission, clock: Clock | None, proposals: Sequence[Proposal], *, actor: Actor, at: datetime) -> dict[str, Any]:
    left = [each for each in proposals if each.state is ProposalState.OPEN]
    flags = {flag if isinstance(flag, str) else flag["kind"] for each in proposals for flag in each.flags}
    return {
        "id": row.id,
        "version": row.version,
        "number": row.number,
        "innovation": InnovationRef.of(row.innovation),
        "state": row.state,
        "held": row.innovation.held,
        "submitted_at": row.submitted_at,
        "assigned_to": row.assigned_to_name or None,
        "mine": row.assigned_to is not None and row.assigned_to == actor.person_id,
        "taken_at": row.taken_at,
        "snoozed_until": row.snoozed_until,
        "snoozed_by": row.snoozed_by_name or None,
        "clock": ClockOut.of(clock, at) if clock is not None else None,
        "strong": sum(each.band is Band.STRONG for each in left),
        "possible": sum(each.band is Band.POSSIBLE for each in left),
        "probability": max((each.probability for each in left), default=None),
        "flags": sorted(flags),
        "outcome": row.outcome,
        "left_by": row.left_by,
        "ended_at": row.ended_at,
    }


class ToDecideOut(BaseModel):
    """A proposal of a submission, as it is put before whoever decides it."""

    proposal: ProposalOut
    skipped: bool = Field(description="You set it aside.")


class EarlierOut(BaseModel):
    """What became of an innovation when it was handed in before."""

    id: UUID
    number: int
    submitted_at: datetime
    outcomes: list[OutcomeOut]
    left_by: Leaving | None
    ended_at: datetime | None

    @classmethod
    def of(cls, row: Submission, *, undo_window_seconds: float) -> "EarlierOut":
        """The submission of a row, in short."""
        told = [OutcomeOut.of(each, undo_window_seconds=undo_window_seconds) for each in row.outcomes]
        return cls(id=row.id, number=row.number, submitted_at=row.submitted_at, outcomes=told, left_by=row.left_by, ended_at=row.ended_at)


_EXAMPLE: dict[str, Any] = _ROW | {
    "text": example_of(InnovationOut),
    "revision": 1,
    "proposals": [{"proposal": example_of(ProposalOut), "skipped": False}],
    "more": 0,
    "ranked": True,
    "duplicates": 0,
    "outcomes": [],
    "asks": [],
    "earlier": [],
}


class SubmissionOut(SubmissionRow):
    """A submission with all that its outcome is given by."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    text: InnovationOut = Field(description="The innovation as it is now.")
    revision: int = Field(description="The version that was handed in.")
    proposals: list[ToDecideOut] = Field(description="At or above *possible*, most probable first; at most five unless all are asked for.")
    more: int = Field(description="How many proposals more there are; see `all`.")
    ranked: bool = Field(description="False while matches of the present text are still being looked for.")
    duplicates: int | None = Field(description="Innovations that may be the same; null where the texts cannot be compared now.")
    outcomes: list[OutcomeOut]
    asks: list[AskOut]
    earlier: list[EarlierOut]

    @classmethod
    def of_shown(
        cls,
        shown: Shown,
        clock: Clock | None,
        *,
        actor: Actor,
        at: datetime,
        duplicates: int | None,
        undo_window_seconds: float,
    ) -> "SubmissionOut":
        """The submission as it is put before an actor."""
        row, window = shown.submission, undo_window_seconds
        return cls(
            **_line(row, clock, shown.proposals, actor=actor, at=at),
            text=InnovationOut.of(row.innovation, actor),
            revision=row.revision,
            proposals=[
                ToDecideOut(
                    proposal=ProposalOut.of(each, actor, undo_window_seconds=window),
                    skipped=actor.person_id in {skip.person_id for skip in each.skips},
                )
                for each in shown.proposals
            ],
            more=shown.more,
            ranked=shown.ranked,
            duplicates=duplicates,
            outcomes=[OutcomeOut.of(each, undo_window_seconds=window) for each in row.outcomes],
            asks=[AskOut.model_validate(each) for each in row.asks],
            earlier=[EarlierOut.of(each, undo_window_seconds=window) for each in shown.earlier],
        )


class SubmissionsQuery(PageQuery):
    """Which submissions are listed; several filters must all hold."""

    state: SubmissionState | None = Field(default=None, description="Without it: all that are still in triage.")
    assigned: Literal["me", "nobody"] | None = Field(default=None, description="Who has it.")
    overdue: bool | None = Field(default=None, description="Waited six working days or more.")
    band: Band | None = Field(default=None, description="Of the best open proposal; weak: there is none at or above *possible*.")
    kind: InnovationKind | None = None
    flagged: bool | None = Field(default=None, description="Whether staff should take care with any of the open proposals.")
    snoozed: bool = Field(default=False, description="Only those that are put off; they are left out otherwise.")
    q: str = Field(default="", max_length=300, description="Words that must all occur in the text or the supplier's name.")
