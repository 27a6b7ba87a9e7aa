"""Proposals and the Hub's decisions on them."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.innovations import InnovationRef
from api.schemas.matches import FINDING_EXAMPLE, FLAG_EXAMPLE, FindingOut, FlagOut
from api.schemas.needs import NeedRef
from api.schemas.pages import PageQuery
from api.schemas.stages import SignsOut
from api.services import showing
from api.services.content import Moment, Short, Strict
from api.services.stages import Signs
from models.actors import Actor
from models.decisions import Decision, Reason, ReasonCode, Skip, Verdict
from models.policies import MATCH_READ_FLAGS
from models.proposals import Band, Proposal, ProposalState


class VerdictIn(StrEnum):
    """What may be said of a proposal; *skipped* hides it for whoever says so only."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    DEFERRED = "deferred"
    SKIPPED = "skipped"


class DecisionIn(Strict):
    """A verdict; rejecting needs a reason, deferring a reason and a date, the reason 'other' a note."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"verdict": "confirmed"},
                {"verdict": "rejected", "reason": "already_in_use", "note": "In use in two practices since the spring."},
                {"verdict": "deferred", "reason": "no_capacity", "until": "2027-03-01T09:00:00Z"},
                {"verdict": "skipped"},
            ]
        }
    )

    verdict: VerdictIn
    reason: ReasonCode | None = None
    note: Annotated[Short, Field(description="In your own words; no patient details.")] = ""
    until: Moment | None = Field(default=None, description="When a deferred proposal comes back.")

    @property
    def why(self) -> Reason:
        """The reason in the domain's words; raises ReasonMissing for 'other' without a note."""
        return Reason(code=self.reason, note=self.note, until=self.until)


class DecisionOut(BaseModel):
    """One verdict; rows are only ever added, an undo among them."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "c0a3e7f2-7c55-4d0e-8a16-0f8a1c7b5e77",
                "proposal_id": "8f1d4c1a-4f0e-4a0d-9b34-6b8b1f0f8a55",
                "verdict": "confirmed",
                "decided_by": "Hub triage officer",
                "decided_at": "2026-11-02T10:15:00Z",
                "reason": None,
                "note": "",
                "until": None,
                "undoes": None,
                "undo_until": "2026-11-02T10:25:00Z",
                "announced_at": None,
            }
        }
    )

    id: UUID
    proposal_id: UUID
    verdict: str = Field(description="confirmed, rejected, deferred, skipped or undone.")
    decided_by: str
    decided_at: datetime
    reason: ReasonCode | None = None
    note: str = ""
    until: datetime | None = None
    undoes: UUID | None = Field(default=None, description="The decision that this one took back.")
    undo_until: datetime | None = Field(default=None, description="Until then whoever decided may undo it.")
    announced_at: datetime | None = Field(default=None, description="When the confirmed match was handed on.")

    @classmethod
    def of(cls, row: Decision, *, undo_window_seconds: float) -> "DecisionOut":
        """The decision of a row."""
        undoable = row.verdict is not Verdict.UNDONE
        return cls(
            id=row.id,
            proposal_id=row.proposal_id,
            verdict=row.verdict.value,
            decided_by=row.decided_by_name,
            decided_at=row.decided_at,
            reason=row.reason_code,
            note=row.note,
            until=row.until,
            undoes=row.undoes_id,
            undo_until=row.decided_at + timedelta(seconds=undo_window_seconds) if undoable else None,
            announced_at=row.announced_at,
        )

    @classmethod
    def of_skip(cls, row: Skip, *, by_name: str) -> "DecisionOut":
        """A skip, told in the same shape."""
        return cls(id=row.id, proposal_id=row.proposal_id, verdict=VerdictIn.SKIPPED, decided_by=by_name, decided_at=row.skipped_at)


class RunOut(BaseModel):
    """The ranking that made a proposal; with it the probability can be recomputed."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    ranker: str
    ranker_hash: str
    encoder_id: str
    event_position: int
    created_at: datetime


class ProposalOut(BaseModel):
    """A match put before the Hub; a record that is never recomputed."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "8f1d4c1a-4f0e-4a0d-9b34-6b8b1f0f8a55",
                "version": 1,
                "need": {"id": "0b1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a11", "title": "People wait too long", "places": ["LDS"]},
                "innovation": {"id": "5a0c8a39-0a4e-4c36-9c53-4a3f0f2f7f10", "name": "Computer test", "supplier": "Example supplier"},
                "need_revision": 1,
                "innovation_revision": 1,
                "state": "open",
                "deferred_until": None,
                "band": "strong",
                "probability": 0.87,
                "rank": 1,
                "findings": [FINDING_EXAMPLE],
                "flags": [FLAG_EXAMPLE],
                "run": {
                    "id": "b7c0f4a6-2f0e-4ce5-8f5a-8b7a4c1d2e3f",
                    "ranker": "pairs-1",
                    "ranker_hash": "5f0c…",
                    "encoder_id": "all-MiniLM-L6-v2-53aa5117",
                    "event_position": 41,
                    "created_at": "2026-11-02T09:00:02Z",
                },
                "decisions": [],
                "uptake": {"piloted_elsewhere": True, "third_pilot_no_adoption": False, "pilots": 1, "adoptions": 0},
                "created_at": "2026-11-02T09:00:02Z",
            }
        }
    )

    id: UUID
    version: int = Field(description="Counts every change; the ETag.")
    need: NeedRef
    innovation: InnovationRef
    need_revision: int = Field(description="The version of the need's text that was judged.")
    innovation_revision: int = Field(description="The version of the innovation's text that was judged.")
    state: ProposalState
    deferred_until: datetime | None
    band: Band
    probability: float = Field(description="Calibrated, in [0, 1], as it stood in the run.")
    rank: int
    findings: list[FindingOut]
    flags: list[FlagOut] = Field(description="What staff should look at, such as copied text; for the Hub only.")
    run: RunOut
    decisions: list[DecisionOut] = Field(description="Every verdict, in the order of time.")
    uptake: SignsOut | None = Field(default=None, description="What other places' experience says of the innovation.")
    created_at: datetime

    @classmethod
    def of(cls, row: Proposal, actor: Actor, *, undo_window_seconds: float, signs: Signs | None = None) -> "ProposalOut":
        """The proposal of a row, as far as the actor may know it."""
        derived: dict[str, Any] = {
            "need": NeedRef.model_validate(showing.need_shown(row, actor)),
            "innovation": InnovationRef.of(showing.innovation_shown(row, actor)),
            "uptake": SignsOut.of(signs) if signs is not None else None,
            "flags": [FlagOut.of(each) for each in row.flags] if MATCH_READ_FLAGS.admits(actor) else [],
            "run": RunOut.model_validate(row.run),
            "decisions": [DecisionOut.of(each, undo_window_seconds=undo_window_seconds) for each in row.decisions],
        }
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields if name not in derived} | derived)


class ProposalsQuery(PageQuery):
    """Which proposals are listed; without a state, those to decide now."""

    state: ProposalState | None = Field(default=None, description="Without it: open ones, and deferred ones whose day has come.")
    band: Band | None = None
    need_id: UUID | None = None
    innovation_id: UUID | None = None
    place: str | None = Field(default=None, max_length=10, description="Key of a place that has the need.")
