"""The front door: five answers, the needs that they may meet, who reads them, and when one hears."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.matches import FINDING_EXAMPLE, GAP_REPORT_EXAMPLE, MatchOut
from api.services.content import Answer, CareSettings, InnovationContent, ShortAnswer, Strict, Title, YesOrNo
from api.services.front_door import Hearing
from models.documents import Visibility
from models.innovations import Stage

ANSWERS: Final = ("name", "problems_tackled", "how_it_works", "care_settings", "stage")
EXAMPLE: Final[dict[str, Any]] = {
    "name": "Attention test",
    "problems_tackled": "Assessment for ADHD takes many appointments and people wait long for a decision.",
    "how_it_works": "A computer test of attention and movement, taken at the clinic, that supports the assessment of adults.",
    "care_settings": ["MENTAL_HEALTH"],
    "stage": "ADOPTION",
}
_MOST_SHOWN: Final = 20


class FiveAnswers(Strict):
    """What the front door asks: name, problem, how it works, where it is used, how far it has come."""

    name: Title
    problems_tackled: Answer = Field(description="The problem that it tackles.")
    how_it_works: Answer
    care_settings: CareSettings = Field(description="Where it is used.")
    stage: Stage = Field(description="How far it has come.")

    def content(self) -> InnovationContent:
        """The answers as an innovation says them."""
        return InnovationContent(**{name: getattr(self, name) for name in ANSWERS})


class FrontDoorMatchesIn(FiveAnswers):
    """The five answers; nothing is kept."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE | {"limit": 5}})

    limit: int = Field(default=5, ge=1, le=_MOST_SHOWN, strict=True)


class SaveIn(FiveAnswers):
    """The five answers, to be kept for the owner of an address."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": EXAMPLE
            | {
                "email": "director@example.org",
                "organisation": "Example supplier",
                "consent_by": "Managing director",
                "consent_scope": "matching",
                "visibility": "hub_only",
                "submit": True,
            }
        }
    )

    email: str = Field(min_length=3, max_length=254, description="Where the link is sent that claims the answers.")
    organisation: ShortAnswer = Field(description="Who offers it.")
    consent_by: ShortAnswer = Field(description="Who agrees that we read and match this.")
    consent_scope: ShortAnswer = Field(default="matching", description="To what they agree.")
    visibility: Visibility = Field(default=Visibility.HUB_ONLY, description="Who may read it; see `readers` of the matches.")
    submit: YesOrNo = Field(default=True, description="Hand it in when it is claimed; otherwise it is a draft.")

    def content(self) -> InnovationContent:
        """The answers and the consent as an innovation says them."""
        said = {name: getattr(self, name) for name in (*ANSWERS, "consent_by", "consent_scope", "visibility")}
        return InnovationContent(**said)


class HearingOut(BaseModel):
    """When you hear at the latest, if you hand in now."""

    working_days: int
    by: date = Field(description="The day, weekends and bank holidays of England left out.")

    @classmethod
    def of(cls, told: Hearing) -> "HearingOut":
        """The same, to be sent."""
        return cls(working_days=told.working_days, by=told.by)


class CallRef(BaseModel):
    """A call for answers to one of the needs."""

    model_config = ConfigDict(from_attributes=True)

    reference: str
    need_id: UUID
    introduction: str
    closes_on: date | None = Field(description="The last day on which it is open.")


class FrontDoorMatchesOut(BaseModel):
    """The public open needs that the answers may meet, who would read each answer, and when you would hear."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "nothing_fits": False,
                "candidates": 60,
                "matches": [
                    {
                        "rank": 1,
                        "need": {"id": "0b1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a11", "title": "ADHD assessment backlog", "places": ["LDS"]},
                        "band": "strong",
                        "probability": None,
                        "findings": [FINDING_EXAMPLE],
                        "gap_report": GAP_REPORT_EXAMPLE,
                        "flags": [],
                    }
                ],
                "calls": [],
                "readers": {"hub_only": {"name": ["staff of the Hub"]}},
                "hearing": {"working_days": 6, "by": "2026-11-10"},
            }
        }
    )

    nothing_fits: bool = Field(description="No open need reaches the band 'possible'.")
    candidates: int = Field(description="How many open needs were looked at.")
    matches: list[MatchOut]
    calls: list[CallRef] = Field(description="Open calls for answers to these needs.")
    readers: dict[Visibility, dict[str, list[str]]] = Field(description="Who would read each answer, by the visibility that you choose.")
    hearing: HearingOut


class SavedOut(BaseModel):
    """What happens next; the same for every address."""

    model_config = ConfigDict(json_schema_extra={"example": {"detail": "We have sent a link to that address.", "link_valid_days": 14}})

    detail: str
    link_valid_days: int
