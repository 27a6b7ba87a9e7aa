"""An innovation: a product, service, method, medicine or data infrastructure offered to the system."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key, Versioned
from models.documents import Readability, Side, TransitionRefused, Visibility, Walking, searchable_text
from models.organisations import Organisation


class InnovationKind(StrEnum):
    """What is offered."""

    PRODUCT = "PRODUCT"
    SERVICE_MODEL = "SERVICE_MODEL"
    IMPROVEMENT_METHOD = "IMPROVEMENT_METHOD"
    MEDICINE = "MEDICINE"
    DATA_INFRASTRUCTURE = "DATA_INFRASTRUCTURE"


class Stage(StrEnum):
    """How far it has come, in ascending order."""

    DISCOVERY = "DISCOVERY"
    DEVELOPMENT = "DEVELOPMENT"
    EVALUATION = "EVALUATION"
    ADOPTION = "ADOPTION"
    SPREAD = "SPREAD"


class InnovationStatus(StrEnum):
    """Where a submission stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    IN_TRIAGE = "in_triage"
    ACTIVE = "active"
    REFERRED = "referred"
    ARCHIVED = "archived"
    WITHDRAWN = "withdrawn"


SEARCHABLE_STATUSES = frozenset(
    {InnovationStatus.SUBMITTED, InnovationStatus.IN_TRIAGE, InnovationStatus.ACTIVE, InnovationStatus.REFERRED}
)
INNOVATION_TRANSITIONS: dict[InnovationStatus, frozenset[InnovationStatus]] = {
    InnovationStatus.DRAFT: frozenset({InnovationStatus.SUBMITTED, InnovationStatus.WITHDRAWN}),
    InnovationStatus.SUBMITTED: frozenset({InnovationStatus.IN_TRIAGE, InnovationStatus.WITHDRAWN}),
    InnovationStatus.IN_TRIAGE: frozenset(
        {InnovationStatus.ACTIVE, InnovationStatus.REFERRED, InnovationStatus.ARCHIVED, InnovationStatus.WITHDRAWN}
    ),
    InnovationStatus.ACTIVE: frozenset(
        {InnovationStatus.IN_TRIAGE, InnovationStatus.REFERRED, InnovationStatus.ARCHIVED, InnovationStatus.WITHDRAWN}
    ),
    InnovationStatus.REFERRED: frozenset(
        {
            InnovationStatus.SUBMITTED,
            InnovationStatus.IN_TRIAGE,
            InnovationStatus.ACTIVE,
            InnovationStatus.ARCHIVED,
            InnovationStatus.WITHDRAWN,
        }
    ),
    InnovationStatus.ARCHIVED: frozenset({InnovationStatus.SUBMITTED, InnovationStatus.IN_TRIAGE, InnovationStatus.WITHDRAWN}),
    InnovationStatus.WITHDRAWN: frozenset(),
}


class Innovation(Versioned, Walking, Base):
    """What an innovator offers; `record` keeps the whole imported national record verbatim beside our columns.

    Without consent (who, when, scope) a submitted innovation is *held*: stored, listed, unranked, invisible.
    """

    __tablename__ = "innovation"
    __table_args__ = (
        CheckConstraint("length(name) BETWEEN 1 AND 300", name="name_length"),
        CheckConstraint("(consent_at IS NULL) = (consent_by = '')", name="consent_is_whole"),
        CheckConstraint("(record IS NULL) = (record_version IS NULL)", name="record_has_version"),
        CheckConstraint("revision >= 1", name="revision_counts_from_one"),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
        Index("ix_innovation_created_at_id", "created_at", "id"),
        Index("ix_innovation_status", "status"),
        # Every search asks which may be found: without their long texts, all of them are told in a tenth of the time.
        Index("ix_innovation_searchable", "live", "status", "readability", "merged_into_id", "consent_at", "visibility", "id"),
        UniqueConstraint("import_id", "import_line"),
    )
    side = Side.INNOVATION

    id: Mapped[Key]
    key: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[InnovationKind] = mapped_column(default=InnovationKind.PRODUCT)
    description: Mapped[str] = mapped_column(Text, default="")
    problems_tackled: Mapped[str] = mapped_column(Text, default="")
    how_it_works: Mapped[str] = mapped_column(Text, default="")
    benefits: Mapped[str] = mapped_column(Text, default="")
    eligibility: Mapped[str] = mapped_column(Text, default="")
    current_pathway: Mapped[str] = mapped_column(Text, default="")
    alternatives: Mapped[str] = mapped_column(Text, default="")
    evidence_summary: Mapped[str] = mapped_column(Text, default="")
    staff_learning: Mapped[str] = mapped_column(Text, default="")
    patient_learning: Mapped[str] = mapped_column(Text, default="")
    other_care_setting: Mapped[str] = mapped_column(Text, default="")
    supplier_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    categories: Mapped[list[str]] = mapped_column(default=list)
    main_category: Mapped[str | None]
    areas: Mapped[list[str]] = mapped_column(default=list)
    care_settings: Mapped[list[str]] = mapped_column(default=list)
    main_purpose: Mapped[str | None]
    diseases_conditions_impact: Mapped[list[str]] = mapped_column(default=list)
    key_health_inequalities: Mapped[list[str]] = mapped_column(default=list)
    patients_range: Mapped[str | None]
    stage: Mapped[Stage | None]
    stage_source: Mapped[str] = mapped_column(Text, default="")
    standards: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    evidences: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    requires_smartphone: Mapped[bool | None]
    integrates_with: Mapped[list[str]] = mapped_column(default=list)
    deployed: Mapped[bool | None]
    website: Mapped[str] = mapped_column(Text, default="")
    visibility: Mapped[Visibility] = mapped_column(default=Visibility.HUB_ONLY)
    consent_by: Mapped[str] = mapped_column(Text, default="")
    consent_at: Mapped[datetime | None]
    consent_scope: Mapped[str] = mapped_column(Text, default="")
    record: Mapped[dict[str, Any] | None]
    record_version: Mapped[str | None]
    status: Mapped[InnovationStatus] = mapped_column(default=InnovationStatus.DRAFT)
    source: Mapped[str] = mapped_column(Text, default="")
    source_url: Mapped[str] = mapped_column(Text, default="")
    verified: Mapped[bool | None]
    illustrative: Mapped[list[str]] = mapped_column(default=list)
    submitted_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]  # all that it said is gone; the row keeps its id for events and decisions
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("innovation.id"), index=True)

    supplier: Mapped[Organisation | None] = relationship(lazy="joined")
    external_ids: Mapped[list["ExternalId"]] = relationship(
        back_populates="innovation", cascade="all, delete-orphan", order_by="ExternalId.system"
    )
    parts: Mapped[list["Innovation"]] = relationship(viewonly=True, order_by="(Innovation.created_at, Innovation.id)")  # merged into it

    TEXTS = (
        "name",
        "description",
        "problems_tackled",
        "how_it_works",
        "benefits",
        "eligibility",
        "current_pathway",
        "alternatives",
        "evidence_summary",
        "staff_learning",
        "patient_learning",
        "other_care_setting",
    )
    FACETS = ("care_settings", "areas", "diseases_conditions_impact", "key_health_inequalities", "categories")

    @property
    def name_shown(self) -> str:
        """The words that stand for the document in a list."""
        return self.name

    @property
    def held(self) -> bool:
        """Submitted without consent: stored and listed for the Hub, but neither ranked nor shown."""
        return self.consent_at is None and self.status is not InnovationStatus.DRAFT

    @property
    def searchable(self) -> bool:
        """Whether it may be ranked."""
        readable = self.readability is Readability.READABLE
        return self.live and not self.held and self.merged_into_id is None and readable and self.status in SEARCHABLE_STATUSES

    @property
    def external_ids_of_parts(self) -> list["ExternalId"]:
        """The keys under which other systems know those that were merged into it."""
        return [each for part in self.parts for each in part.external_ids]

    def move_to(self, status: InnovationStatus, *, at: datetime) -> None:
        """Take one step of the submission's life; raises TransitionRefused when it may not be taken from here."""
        if status not in INNOVATION_TRANSITIONS[self.status]:
            raise TransitionRefused(f"An innovation that is {self.status} cannot become {status}.", status=self.status.value)
        self.status = status
        if status is InnovationStatus.SUBMITTED:
            self.submitted_at = at
        self.updated_at = at

    def content(self) -> dict[str, Any]:
        """Everything that the matching reads, as plain JSON."""
        return {
            "fields": {name: getattr(self, name) for name in self.TEXTS},
            "codes": {name: list(getattr(self, name)) for name in self.FACETS},
            "facts": {
                "stage": self.stage.value if self.stage else None,
                "standards": {row["type"]: row["has_met"] for row in self.standards},
                "requires_smartphone": self.requires_smartphone,
                "integrates_with": list(self.integrates_with),
                "evidence_types": [row["submit_type"] for row in self.evidences],
                "deployed": self.deployed,
            },
        }

    def refresh_search_text(self) -> None:
        """Fold the texts that the list's full-text filter looks into."""
        supplier = self.supplier.name if self.supplier else None
        self.search_text = searchable_text(*(getattr(self, name) for name in self.TEXTS), supplier)


class ExternalId(Base):
    """The key under which another system knows an innovation."""

    __tablename__ = "external_id"
    __table_args__ = (UniqueConstraint("system", "value"),)

    id: Mapped[Key]
    innovation_id: Mapped[UUID] = mapped_column(ForeignKey("innovation.id"), index=True)
    system: Mapped[str]
    value: Mapped[str]
    innovation: Mapped[Innovation] = relationship(back_populates="external_ids")
