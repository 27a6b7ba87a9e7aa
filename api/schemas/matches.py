"""Ranked matches and why."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.innovations import EXAMPLE as INNOVATION_EXAMPLE
from api.schemas.innovations import InnovationRef
from api.schemas.needs import EXAMPLE as NEED_EXAMPLE
from api.schemas.needs import NeedRef
from api.services.content import InnovationContent, NeedContent, Strict
from api.services.proposing import Match, Matches, findings_as_json, flags_as_json, gap_report_as_json
from models.actors import Actor
from models.documents import Side
from models.needs import Need
from models.policies import MATCH_READ_FLAGS, MATCH_READ_PROBABILITY
from models.proposals import Band


class NeedText(Strict):
    """A need that is not stored."""

    side: Literal["need"]
    content: NeedContent
    limit: int = Field(default=20, ge=1, le=100)


class InnovationText(Strict):
    """An innovation that is not stored."""

    side: Literal["innovation"]
    content: InnovationContent
    limit: int = Field(default=20, ge=1, le=100)


MatchesIn = Annotated[NeedText | InnovationText, Field(discriminator="side")]
MATCHES_IN_EXAMPLES = [
    {"side": "need", "content": NEED_EXAMPLE, "limit": 5},
    {"side": "innovation", "content": INNOVATION_EXAMPLE, "limit": 5},
]


class QuoteOut(BaseModel):
    """Exact words of a stored field: characters `start` to `end` of it."""

    field: str
    start: int
    end: int
    text: str


class CriterionNamed(BaseModel):
    """The must-have that a finding is about."""

    kind: str
    value: str


class FindingOut(BaseModel):
    """The verdict on one aspect or must-have of the need, with the words of both texts that carry it."""

    aspect: str | None = Field(description="The aspect of the need; null for a must-have.")
    criterion: CriterionNamed | None = Field(description="The must-have; null for an aspect.")
    verdict: Literal["met", "partly", "gap", "unknown", "excluded"]
    need_quote: QuoteOut | None
    innovation_quote: QuoteOut | None
    missing: str = Field(description="What would change the verdict; empty when nothing would.")


class FlagOut(BaseModel):
    """What staff should look at in the innovation's text, or in the need's, with the exact words where some say it."""

    kind: str
    says: str = Field(description="A plain sentence for staff.")
    field: str | None = Field(description="The stored field that the words stand in.")
    start: int | None
    end: int | None
    text: str = Field(description="Characters `start` to `end` of the field; empty when no words say it.")

    @classmethod
    def of(cls, stored: dict[str, Any] | str) -> "FlagOut":
        """A stored flag; those of old proposals are a single word."""
        if isinstance(stored, str):
            return cls(kind=stored, says=stored.replace("_", " ").capitalize(), field=None, start=None, end=None, text="")
        return cls.model_validate(stored)


FLAG_EXAMPLE: dict[str, Any] = {
    "kind": "copied_need",
    "says": "The words of this need stand in the innovation's text: 64 % of its phrases, word for word",
    "field": "description",
    "start": 120,
    "end": 160,
    "text": "Adults wait years for an ADHD assessment",
}
FINDING_EXAMPLE: dict[str, Any] = {
    "aspect": "problem",
    "criterion": None,
    "verdict": "met",
    "need_quote": {"field": "problem", "start": 0, "end": 37, "text": "Adults wait years for an assessment, "},
    "innovation_quote": {"field": "problems_tackled", "start": 0, "end": 48, "text": "Assessments for ADHD wait on clinician time and "},
    "missing": "",
}


class StepOut(BaseModel):
    """One thing that stands between the innovation and the need, in plain words."""

    about: str = Field(description="The aspect or must-have.")
    must_have: bool
    verdict: Literal["partly", "gap", "unknown", "excluded"]
    asked: str = Field(description="The need's own words, where some were quoted; else empty.")
    now: str = Field(description="How the innovation's text or record stands to it.")
    next: str = Field(description="What to write or show.")


class GapReportOut(BaseModel):
    """What would change the verdicts, told to whoever offers the innovation."""

    fits: list[str] = Field(description="Aspects and must-haves that are met.")
    steps: list[StepOut] = Field(description="What is left, the weightiest first.")


GAP_REPORT_EXAMPLE: dict[str, Any] = {
    "fits": ["The problem"],
    "steps": [
        {
            "about": "The people",
            "must_have": False,
            "verdict": "unknown",
            "asked": "Adults waiting for an assessment",
            "now": "Your text does not say whom it is for.",
            "next": "Say whom it is for: their age, their health, and where they live or are cared for.",
        }
    ],
}


class MatchOut(BaseModel):
    """One candidate; the pair's probability is the same whichever side asks."""

    rank: int
    need: NeedRef | None = Field(default=None, description="The candidate, when an innovation asked.")
    innovation: InnovationRef | None = Field(default=None, description="The candidate, when a need asked.")
    band: Band
    probability: float | None = Field(description="Calibrated, in [0, 1]; null for innovators, who see the band.")
    findings: list[FindingOut]
    gap_report: GapReportOut
    flags: list[FlagOut] = Field(description="What staff should look at, such as copied text; for the Hub only.")


class MatchesOut(BaseModel):
    """The ranked answer, by probability and then id; empty or weak lists say that nothing fits."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "side": "need",
                "id": "0b1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a11",
                "ranker": "pairs-1",
                "nothing_fits": False,
                "candidates": 107,
                "matches": [
                    {
                        "rank": 1,
                        "innovation": {
                            "id": "5a0c8a39-0a4e-4c36-9c53-4a3f0f2f7f10",
                            "name": "Computer test of attention and activity",
                            "supplier": "Example supplier",
                        },
                        "band": "strong",
                        "probability": 0.87,
                        "findings": [FINDING_EXAMPLE],
                        "gap_report": GAP_REPORT_EXAMPLE,
                        "flags": [FLAG_EXAMPLE],
                    }
                ],
            }
        }
    )

    side: Side = Field(description="The side that asked.")
    id: UUID | None = Field(description="What asked; null for a text that is not stored.")
    ranker: str
    nothing_fits: bool = Field(description="No candidate reaches the band 'possible'.")
    candidates: int = Field(description="How many documents were open to whoever asked.")
    matches: list[MatchOut]

    @classmethod
    def of(cls, found: Matches, actor: Actor) -> "MatchesOut":
        """The answer as far as the actor may know it."""
        shown = [match_out(rank, match, actor) for rank, match in enumerate(found.matches, start=1)]
        return cls(
            side=found.query_side,
            id=found.query_id,
            ranker=found.ranker,
            nothing_fits=found.nothing_fits,
            candidates=found.candidate_count,
            matches=shown,
        )


def match_out(rank: int, match: Match, actor: Actor) -> MatchOut:
    """One candidate as far as the actor may know it."""
    row, judgement = match.document, match.judgement
    named: dict[str, Any] = {"need": row} if isinstance(row, Need) else {"innovation": InnovationRef.of(row)}
    return MatchOut.model_validate(
        named
        | {
            "rank": rank,
            "band": judgement.band.value,
            "probability": judgement.probability if MATCH_READ_PROBABILITY.admits(actor) else None,
            "findings": findings_as_json(judgement),
            "gap_report": gap_report_as_json(judgement),
            "flags": flags_as_json(judgement.flags) if MATCH_READ_FLAGS.admits(actor) else [],
        }
    )
