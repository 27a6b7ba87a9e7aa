"""A need: what one place, or several, needs solved; structured and solution-free."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key, Versioned
from models.documents import Readability, Side, TransitionRefused, Visibility, Walking, searchable_text
from models.organisations import Organisation
from models.places import Place
from models.working_days import day_of


class NeedStatus(StrEnum):
    """Where a need stands: draft, open, then met, closed or withdrawn."""

    DRAFT = "draft"
    OPEN = "open"
    MET = "met"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class CriterionKind(StrEnum):
    """The typed must-haves that a need may state."""

    NO_SMARTPHONE = "no_smartphone"
    DTAC = "dtac"
    UKCA_CE = "ukca_ce"
    MINIMUM_STAGE = "minimum_stage"
    CARE_SETTING = "care_setting"
    INTEGRATES_WITH = "integrates_with"
    STAFF_LEARNING = "staff_learning"
    PATIENT_LEARNING = "patient_learning"
    OTHER = "other"

    @property
    def takes_value(self) -> bool:
        """Whether the kind says nothing without a value."""
        return self not in {CriterionKind.NO_SMARTPHONE, CriterionKind.DTAC, CriterionKind.UKCA_CE}


NEED_TRANSITIONS: dict[NeedStatus, frozenset[NeedStatus]] = {
    NeedStatus.DRAFT: frozenset({NeedStatus.OPEN, NeedStatus.WITHDRAWN}),
    NeedStatus.OPEN: frozenset({NeedStatus.MET, NeedStatus.CLOSED, NeedStatus.WITHDRAWN}),
    NeedStatus.MET: frozenset(),
    NeedStatus.CLOSED: frozenset(),
    NeedStatus.WITHDRAWN: frozenset(),
}

need_place = Table(
    "need_place",
    Base.metadata,
    Column("need_id", ForeignKey("need.id"), primary_key=True),
    Column("place_id", ForeignKey("place.id"), primary_key=True),
)


class Need(Versioned, Walking, Base):
    """What one place (or several) needs solved."""

    __tablename__ = "need"
    __table_args__ = (
        CheckConstraint("length(title) BETWEEN 1 AND 300", name="title_length"),
        CheckConstraint("revision >= 1", name="revision_counts_from_one"),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
        Index("ix_need_created_at_id", "created_at", "id"),
        Index("ix_need_status", "status"),
        UniqueConstraint("import_id", "import_line"),
    )
    side = Side.NEED

    id: Mapped[Key]
    key: Mapped[str | None] = mapped_column(unique=True)
    title: Mapped[str] = mapped_column(Text)
    problem: Mapped[str] = mapped_column(Text, default="")
    population: Mapped[str] = mapped_column(Text, default="")
    patients_range: Mapped[str | None]
    consequence_for_patients: Mapped[str] = mapped_column(Text, default="")
    consequence_for_staff: Mapped[str] = mapped_column(Text, default="")
    current_practice: Mapped[str] = mapped_column(Text, default="")
    desired_outcome: Mapped[str] = mapped_column(Text, default="")
    metric: Mapped[str] = mapped_column(Text, default="")
    baseline: Mapped[str] = mapped_column(Text, default="")
    target: Mapped[str] = mapped_column(Text, default="")
    by_when: Mapped[date | None]
    said_by: Mapped[list[str]] = mapped_column(default=list)
    involvement: Mapped[str] = mapped_column(Text, default="")
    strategic_link: Mapped[str] = mapped_column(Text, default="")
    funding: Mapped[str] = mapped_column(Text, default="")
    decision_date: Mapped[date | None]
    review_date: Mapped[date | None]
    open_to_improvement_methods: Mapped[bool | None]
    theme: Mapped[str | None] = mapped_column(index=True)
    care_settings: Mapped[list[str]] = mapped_column(default=list)
    areas: Mapped[list[str]] = mapped_column(default=list)
    diseases_conditions_impact: Mapped[list[str]] = mapped_column(default=list)
    key_health_inequalities: Mapped[list[str]] = mapped_column(default=list)
    status: Mapped[NeedStatus] = mapped_column(default=NeedStatus.DRAFT)
    visibility: Mapped[Visibility] = mapped_column(default=Visibility.PUBLIC)
    owner_organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    owner_place_id: Mapped[UUID | None] = mapped_column(ForeignKey("place.id"))
    owner_person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    source: Mapped[str] = mapped_column(Text, default="")
    source_url: Mapped[str] = mapped_column(Text, default="")
    verified: Mapped[bool | None]
    illustrative: Mapped[list[str]] = mapped_column(default=list)
    opened_at: Mapped[datetime | None]

    owner_organisation: Mapped[Organisation | None] = relationship(lazy="joined")
    places: Mapped[list[Place]] = relationship(secondary=need_place, lazy="selectin", order_by=Place.name)
    criteria: Mapped[list["NeedCriterion"]] = relationship(
        back_populates="need", cascade="all, delete-orphan", order_by="NeedCriterion.position", lazy="selectin"
    )

    TEXTS = (
        "title",
        "problem",
        "population",
        "consequence_for_patients",
        "consequence_for_staff",
        "current_practice",
        "desired_outcome",
        "metric",
        "baseline",
        "target",
        "involvement",
        "strategic_link",
        "funding",
    )
    FACETS = ("care_settings", "areas", "diseases_conditions_impact", "key_health_inequalities")

    @property
    def name_shown(self) -> str:
        """The words that stand for the document in a list."""
        return self.title

    @property
    def searchable(self) -> bool:
        """Whether it may be ranked: open, in force, and saying something."""
        return self.live and self.status is NeedStatus.OPEN and self.readability is Readability.READABLE

    def is_stale(self, at: datetime) -> bool:
        """An open need past its review date asks for renewal."""
        return self.status is NeedStatus.OPEN and self.review_date is not None and self.review_date < day_of(at)

    def move_to(self, status: NeedStatus, *, at: datetime) -> None:
        """Take one step of the need's life; raises TransitionRefused when it may not be taken from here."""
        if status not in NEED_TRANSITIONS[self.status]:
            raise TransitionRefused(f"A need that is {self.status} cannot become {status}.", status=self.status.value)
        self.status = status
        if status is NeedStatus.OPEN:
            self.opened_at = at
        self.updated_at = at

    def content(self) -> dict[str, Any]:
        """Everything that the matching reads, as plain JSON."""
        return {
            "fields": {name: getattr(self, name) for name in self.TEXTS},
            "codes": {name: list(getattr(self, name)) for name in self.FACETS},
            "criteria": [{"kind": row.kind.value, "value": row.value} for row in self.criteria],
        }

    def refresh_search_text(self) -> None:
        """Fold the texts that the list's full-text filter looks into."""
        self.search_text = searchable_text(*(getattr(self, name) for name in self.TEXTS), self.theme)


class NeedCriterion(Base):
    """One typed must-have of a need."""

    __tablename__ = "need_criterion"
    __table_args__ = (UniqueConstraint("need_id", "position"),)

    id: Mapped[Key]
    need_id: Mapped[UUID] = mapped_column(ForeignKey("need.id"), index=True)
    position: Mapped[int]
    kind: Mapped[CriterionKind]
    value: Mapped[str] = mapped_column(Text, default="")
    need: Mapped[Need] = relationship(back_populates="criteria")
