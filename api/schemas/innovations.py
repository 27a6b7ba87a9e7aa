"""Innovations as they are handed in, changed, listed and shown."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, model_validator

from api.schemas.pages import PageQuery
from api.schemas.stored import StoredOut, as_changes, at_least_one
from api.services.content import InnovationContent, Title
from api.services.likening import Duplicate
from api.services.reading import unread_of
from models.actors import Actor
from models.documents import Readability, Visibility
from models.innovations import Innovation, InnovationKind, InnovationStatus, Stage
from models.policies import INNOVATION_READ_CONSENT
from models.subjects import subject_of

EXAMPLE: dict[str, Any] = {
    "name": "Computer test of attention and activity",
    "kind": "PRODUCT",
    "problems_tackled": "Assessments for ADHD wait on clinician time and on questionnaires that say little.",
    "how_it_works": "A twenty-minute computer test measures attention, impulsivity and movement, and the clinician reads the report.",
    "care_settings": ["MENTAL_HEALTH"],
    "stage": "ADOPTION",
    "standards": [{"type": "CE_UKCA_CLASS_I", "has_met": "YES"}],
    "requires_smartphone": False,
    "visibility": "partners",
    "consent_by": "Managing director of the supplier",
    "consent_scope": "matching",
}


class InnovationIn(InnovationContent):
    """A new innovation; only a name is asked for. Without consent it is held: stored, but neither ranked nor shown."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE | {"submit": True}})

    submit: bool = Field(default=False, strict=True, description="Hand it in at once, so that it is matched; otherwise it stays a draft.")

    @property
    def content(self) -> InnovationContent:
        """What is said, without what is to be done with it."""
        return InnovationContent.model_construct(**{name: getattr(self, name) for name in InnovationContent.model_fields})


class InnovationPatch(InnovationContent):
    """What is to be changed of an innovation; fields that are left out stay as they are."""

    model_config = ConfigDict(json_schema_extra=as_changes({"stage": "SPREAD", "deployed": True}))

    name: Title = ""

    _something = model_validator(mode="after")(at_least_one)


class StandardOut(BaseModel):
    """One standard or certification and whether it is met."""

    type: str
    has_met: str


class EvidenceOut(BaseModel):
    """One piece of evidence."""

    submit_type: str
    evidence_type: str | None = None
    summary: str = ""
    dated_on: date | None = None


class ExternalIdOut(BaseModel):
    """The key by which another system knows the innovation."""

    model_config = ConfigDict(from_attributes=True)

    system: str
    id: str = Field(validation_alias=AliasChoices("value"))


class LikenessBand(StrEnum):
    """How alike two texts are."""

    NEARLY_THE_SAME = "nearly_the_same"
    MUCH_IN_COMMON = "much_in_common"

    @classmethod
    def of(cls, found: Duplicate) -> "LikenessBand":
        """The band of a comparison."""
        return cls.NEARLY_THE_SAME if found.likeness.is_nearly_the_same else cls.MUCH_IN_COMMON


class SeenBefore(BaseModel):
    """An innovation that was handed in before and may be the same."""

    id: UUID
    name: str
    status: InnovationStatus
    likeness: LikenessBand
    submitted_at: datetime | None

    @classmethod
    def of(cls, found: Duplicate) -> "SeenBefore":
        """The answer of one comparison."""
        other = found.innovation
        return cls(id=other.id, name=other.name, status=other.status, likeness=LikenessBand.of(found), submitted_at=other.submitted_at)


class InnovationOut(StoredOut):
    """An innovation as it is stored."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": InnovationContent.model_validate(EXAMPLE).model_dump(mode="json")
            | {
                "id": "5a0c8a39-0a4e-4c36-9c53-4a3f0f2f7f10",
                "key": None,
                "version": 2,
                "revision": 1,
                "status": "submitted",
                "held": False,
                "readability": "readable",
                "supplier": "Example supplier",
                "created_at": "2026-11-02T09:00:00Z",
                "updated_at": "2026-11-02T09:00:00Z",
                "submitted_at": "2026-11-02T09:00:00Z",
                "consent_by": None,
                "consent_at": "2026-11-02T09:00:00Z",
                "record_version": None,
                "verified": None,
                "illustrative": [],
                "merged_into": None,
                "seen_before": None,
                "unread": {},
                "warnings": [],
            }
        }
    )

    name: str
    kind: InnovationKind
    description: str
    problems_tackled: str
    how_it_works: str
    benefits: str
    eligibility: str
    current_pathway: str
    alternatives: str
    evidence_summary: str
    staff_learning: str
    patient_learning: str
    other_care_setting: str
    categories: list[str]
    main_category: str | None
    main_purpose: str | None
    stage: Stage | None
    stage_source: str
    standards: list[StandardOut]
    evidences: list[EvidenceOut]
    requires_smartphone: bool | None
    integrates_with: list[str]
    deployed: bool | None
    website: str
    status: InnovationStatus
    supplier: str | None
    external_ids: list[ExternalIdOut]
    consent_by: str | None = Field(description="Who consented; for the Hub and the innovator only.")
    consent_at: datetime | None
    consent_scope: str
    held: bool = Field(description="Handed in without consent: stored, but neither ranked nor shown.")
    record_version: str | None = Field(description="Version of the national record that it was imported from.")
    submitted_at: datetime | None
    merged_into: UUID | None = Field(description="The innovation that stands for this one too, when the Hub found the two to be one.")
    seen_before: list[SeenBefore] | None = Field(
        description="Told when it is brought in: what was handed in before and may be the same. You are told of your own, the Hub of all. "
        "Null in every other answer, and when the Hub cannot be told now."
    )

    @classmethod
    def of(
        cls, row: Innovation, actor: Actor, *, warnings: list[str] | None = None, seen_before: Sequence[Duplicate] | None = None
    ) -> "InnovationOut":
        """The innovation of a row, as far as the actor may know it."""
        told = {name: getattr(row, name) for name in cls.model_fields if name not in _DERIVED}
        own = INNOVATION_READ_CONSENT.allows(actor, subject_of(row))
        return cls(
            **told,
            supplier=row.supplier.name if row.supplier else None,
            external_ids=[ExternalIdOut.model_validate(each) for each in (*row.external_ids, *row.external_ids_of_parts)],
            merged_into=row.merged_into_id,
            seen_before=None if seen_before is None else [SeenBefore.of(each) for each in seen_before],
            consent_by=row.consent_by if own else None,
            unread=dict(unread_of(row)),
            warnings=warnings or [],
        )


_DERIVED = frozenset({"supplier", "external_ids", "merged_into", "seen_before", "consent_by", "unread", "warnings"})


class InnovationsQuery(PageQuery):
    """Which innovations are listed; several filters must all hold."""

    q: str | None = Field(default=None, max_length=300, description="Words that must all occur in the text or the supplier's name.")
    status: InnovationStatus | None = None
    visibility: Visibility | None = None
    readability: Readability | None = None
    kind: InnovationKind | None = None
    stage: Stage | None = None
    held: bool | None = Field(default=None, description="Handed in without consent.")
    categories: str | None = Field(default=None, max_length=200, description="A code that the list holds.")
    care_settings: str | None = Field(default=None, max_length=200, description="A code that the list holds.")
    areas: str | None = Field(default=None, max_length=200, description="A code that the list holds.")
    diseases_conditions_impact: str | None = Field(default=None, max_length=200, description="A code that the list holds.")
    key_health_inequalities: str | None = Field(default=None, max_length=200, description="A code that the list holds.")

    def filters(self) -> dict[str, Any]:
        """The filters that were given, by name."""
        return self.model_dump(exclude={"after", "limit", "q"}, exclude_none=True)


class InnovationRef(BaseModel):
    """An innovation named."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    supplier: str | None

    @classmethod
    def of(cls, row: Innovation) -> "InnovationRef":
        """The name of a row."""
        return cls(id=row.id, name=row.name, supplier=row.supplier.name if row.supplier else None)
