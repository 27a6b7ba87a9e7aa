"""Calls for answers to needs, needs that nothing answers, and the needs for what one offers."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.innovations import InnovationRef
from api.schemas.matches import GAP_REPORT_EXAMPLE, GapReportOut
from api.schemas.needs import CriterionOut, NeedRef
from api.schemas.pages import PageQuery
from api.schemas.places import PlaceList
from api.services.calling import Unmet
from api.services.content import Day, Strict, Text
from api.services.own_needs import Concern, Offer
from models.calls import Call, CallClosure
from models.proposals import Band

NEED_EXAMPLE: dict[str, Any] = {"id": "0b1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a11", "title": "People wait too long", "places": ["LDS"]}


class CallIn(Strict):
    """How a need goes out: its own words say what is needed, an introduction may say why now."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"introduction": "We looked at 107 innovations and none fits yet.", "closes_on": "2027-03-31"}}
    )

    introduction: Text = ""
    closes_on: Day | None = Field(default=None, description="The last day on which the call is open; null for no such day.")


class AskedOut(BaseModel):
    """What is asked for, in the words of the need as they stand now."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str
    problem: str
    population: str
    consequence_for_patients: str
    consequence_for_staff: str
    current_practice: str
    desired_outcome: str
    metric: str
    baseline: str
    target: str
    by_when: date | None
    open_to_improvement_methods: bool | None
    theme: str | None
    care_settings: list[str]
    areas: list[str]
    diseases_conditions_impact: list[str]
    key_health_inequalities: list[str]
    places: PlaceList
    criteria: list[CriterionOut] = Field(description="What an answer must have.")


class CallOut(BaseModel):
    """A call for answers to a need."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "reference": "WYC-2026-0001",
                "version": 1,
                "introduction": "We looked at 107 innovations and none fits yet.",
                "need": NEED_EXAMPLE
                | {
                    "problem": "Adults wait years for an assessment, because each takes several clinician visits.",
                    "population": "Adults in Leeds who were referred for an ADHD assessment",
                    "consequence_for_patients": "",
                    "consequence_for_staff": "",
                    "current_practice": "",
                    "desired_outcome": "A decision within eighteen weeks, with fewer visits for each person.",
                    "metric": "Weeks from referral to decision",
                    "baseline": "",
                    "target": "",
                    "by_when": None,
                    "open_to_improvement_methods": None,
                    "theme": "Neurodiversity",
                    "care_settings": ["MENTAL_HEALTH"],
                    "areas": [],
                    "diseases_conditions_impact": [],
                    "key_health_inequalities": [],
                    "criteria": [{"kind": "no_smartphone", "value": ""}],
                },
                "asked_by": ["KIR", "LDS"],
                "published_at": "2026-11-02T09:00:00Z",
                "closes_on": "2027-03-31",
                "open": True,
                "closed_at": None,
                "closed_reason": None,
            }
        }
    )

    reference: str = Field(description="What people quote; it is never given to another call.")
    version: int = Field(description="Counts every change; the ETag.")
    introduction: str
    need: AskedOut
    asked_by: PlaceList = Field(description="Keys of all places that ask together, those of a joint need among them.")
    published_at: datetime
    closes_on: date | None = Field(description="The last day on which it is open.")
    open: bool
    closed_at: datetime | None
    closed_reason: CallClosure | None

    @classmethod
    def of(cls, row: Call, *, asked_by: Sequence[str], at: datetime) -> "CallOut":
        """The call of a row as it stands at a moment."""
        closure = row.closed_reason or row.ending(at=at)
        return cls(
            reference=row.reference,
            version=row.version,
            introduction=row.introduction,
            need=AskedOut.model_validate(row.need),
            asked_by=list(asked_by),
            published_at=row.published_at,
            closes_on=row.closes_on,
            open=closure is None,
            closed_at=row.closed_at,
            closed_reason=closure,
        )


class CallsQuery(PageQuery):
    """Which calls are listed; several filters must all hold."""

    q: str = Field(default="", max_length=200, description="Words that must all occur in the need, or the reference of a call.")
    closed: bool = Field(default=False, description="Those that ended too.")
    place: str | None = Field(default=None, max_length=10, description="Key of a place that has the need.")
    theme: str | None = Field(default=None, max_length=100)


class UnmetQuery(PageQuery):
    """Which unmet needs are listed; several filters must all hold."""

    place: str | None = Field(default=None, max_length=10, description="Key of a place that has the need.")
    theme: str | None = Field(default=None, max_length=100)


class UnmetOut(BaseModel):
    """An open need that nothing answers: no match at or above *possible* waits or was confirmed."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "need": NEED_EXAMPLE,
                "theme": "Neurodiversity",
                "since": "2026-11-02T09:00:00Z",
                "best_band": "weak",
                "looked_at": 107,
                "stale": False,
                "call": "WYC-2026-0001",
                "asked_by": ["KIR", "LDS"],
            }
        }
    )

    need: NeedRef
    theme: str | None
    since: datetime = Field(description="Since when nothing is left that may answer it.")
    best_band: Band | None = Field(description="Of the best that was found and turned down or is gone; null when nothing was judged.")
    looked_at: int = Field(description="How many innovations were held against it.")
    stale: bool = Field(description="Open, but past its review date: it asks for renewal.")
    call: str | None = Field(description="The reference of its open call.")
    asked_by: list[str] = Field(description="Keys of all places that ask together, those of a joint need among them.")

    @classmethod
    def of(cls, found: Unmet) -> "UnmetOut":
        """The need with what is known of the search for it."""
        return cls(
            need=NeedRef.model_validate(found.need),
            theme=found.need.theme,
            since=found.search.since,
            best_band=found.search.band,
            looked_at=found.search.looked_at,
            stale=found.need.is_stale(datetime.now(UTC)),
            call=found.call.reference if found.call else None,
            asked_by=list(found.asked_by),
        )


class ConcernOut(BaseModel):
    """An open need that one's own innovation may answer."""

    need: NeedRef
    band: Band
    call: str | None = Field(description="The reference of the open call for answers to it.")
    gap_report: GapReportOut


class OfferOut(BaseModel):
    """One's own innovation, a draft or one that was handed in, with the needs that it may answer, best first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "innovation": {"id": "5a0c8a39-0a4e-4c36-9c53-4a3f0f2f7f10", "name": "Computer test", "supplier": "Example supplier"},
                "status": "submitted",
                "needs": [{"need": NEED_EXAMPLE, "band": "strong", "call": None, "gap_report": GAP_REPORT_EXAMPLE}],
            }
        }
    )

    innovation: InnovationRef
    status: str
    needs: list[ConcernOut]

    @classmethod
    def of(cls, offer: Offer) -> "OfferOut":
        """What is offered and the needs for it."""
        row = offer.innovation
        return cls(innovation=InnovationRef.of(row), status=row.status.value, needs=[_concern(each) for each in offer.needs])


def _concern(each: Concern) -> ConcernOut:
    return ConcernOut(
        need=NeedRef.model_validate(each.need),
        band=each.band,
        call=each.call.reference if each.call else None,
        gap_report=GapReportOut.model_validate(each.gaps),
    )
