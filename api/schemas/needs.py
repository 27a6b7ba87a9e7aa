"""Needs as they are written, changed, listed and shown."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.schemas.pages import PageQuery
from api.schemas.places import PlaceList
from api.schemas.stored import StoredOut, as_changes, at_least_one
from api.services.content import NeedContent, PlaceKeys, Title
from api.services.reading import unread_of
from models.documents import Readability, Visibility
from models.needs import CriterionKind, Need, NeedStatus

EXAMPLE: dict[str, Any] = {
    "title": "People wait too long to learn whether they have ADHD",
    "problem": "Adults wait years for an assessment, because each takes several clinician visits that cannot be booked together.",
    "population": "Adults in Leeds who were referred for an ADHD assessment",
    "current_practice": "Paper questionnaires and three clinic visits; a third of the visits only collect information.",
    "desired_outcome": "A decision within eighteen weeks, with fewer visits for each person.",
    "metric": "Weeks from referral to decision",
    "places": ["LDS"],
    "care_settings": ["MENTAL_HEALTH"],
    "criteria": [{"kind": "no_smartphone", "value": ""}, {"kind": "minimum_stage", "value": "EVALUATION"}],
}


class NeedIn(NeedContent):
    """A new need; only a title and a place are asked for."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE | {"submit": True}})

    submit: bool = Field(default=False, strict=True, description="Open it at once, so that it is matched; otherwise it stays a draft.")

    @property
    def content(self) -> NeedContent:
        """What is said, without what is to be done with it."""
        return NeedContent.model_construct(**{name: getattr(self, name) for name in NeedContent.model_fields})


class NeedPatch(NeedContent):
    """What is to be changed of a need; fields that are left out stay as they are."""

    model_config = ConfigDict(json_schema_extra=as_changes({"metric": "Weeks from referral to decision", "target": "18 weeks"}))

    title: Title = ""
    places: PlaceKeys = Field(default=[])

    _something = model_validator(mode="after")(at_least_one)


class CriterionOut(BaseModel):
    """One must-have: a kind and, where the kind takes one, a value."""

    model_config = ConfigDict(from_attributes=True)

    kind: CriterionKind
    value: str


class NeedOut(StoredOut):
    """A need as it is stored."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": NeedContent.model_validate(EXAMPLE).model_dump(mode="json")
            | {
                "id": "0b1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a11",
                "key": None,
                "version": 2,
                "revision": 1,
                "status": "open",
                "visibility": "public",
                "readability": "readable",
                "stale": False,
                "created_at": "2026-11-02T09:00:00Z",
                "updated_at": "2026-11-02T09:00:00Z",
                "opened_at": "2026-11-02T09:00:00Z",
                "verified": None,
                "illustrative": [],
                "unread": {},
                "warnings": [],
            }
        }
    )

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
    said_by: list[str]
    involvement: str
    strategic_link: str
    funding: str
    decision_date: date | None
    review_date: date | None
    open_to_improvement_methods: bool | None
    theme: str | None
    status: NeedStatus
    places: PlaceList = Field(description="Keys of the places that have the need.")
    owning_organisation: str | None = Field(description="ODS code of the body that owns the need.")
    criteria: list[CriterionOut] = Field(description="What an answer must have.")
    stale: bool = Field(description="Open, but past its review date: it asks for renewal.")
    opened_at: datetime | None

    @classmethod
    def of(cls, row: Need, *, warnings: list[str] | None = None) -> "NeedOut":
        """The need of a row."""
        owner = row.owner_organisation
        told = {name: getattr(row, name) for name in cls.model_fields if name not in _DERIVED}
        return cls(
            **told,
            owning_organisation=owner.ods_code if owner else None,
            stale=row.is_stale(datetime.now(UTC)),
            unread=dict(unread_of(row)),
            warnings=warnings or [],
        )


_DERIVED = frozenset({"owning_organisation", "stale", "unread", "warnings"})


class NeedsQuery(PageQuery):
    """Which needs are listed; several filters must all hold."""

    q: str | None = Field(default=None, max_length=300, description="Words that must all occur in the text.")
    status: NeedStatus | None = None
    visibility: Visibility | None = None
    readability: Readability | None = None
    theme: str | None = Field(default=None, max_length=100)
    place: str | None = Field(default=None, max_length=10, description="Key of a place that has the need.")
    care_settings: str | None = Field(default=None, max_length=200, description="A code that the list holds.")
    areas: str | None = Field(default=None, max_length=200, description="A code that the list holds.")
    diseases_conditions_impact: str | None = Field(default=None, max_length=200, description="A code that the list holds.")
    key_health_inequalities: str | None = Field(default=None, max_length=200, description="A code that the list holds.")

    def filters(self) -> dict[str, Any]:
        """The filters that were given, by name."""
        return self.model_dump(exclude={"after", "limit", "q"}, exclude_none=True)


class NeedRef(BaseModel):
    """A need named."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str
    places: PlaceList
