"""Bodies that help innovators, and hand-ons to them: offered, accepted or declined, closed."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, DomainError, Key, Versioned
from models.decisions import ReasonMissing
from models.innovations import Innovation
from models.words import says_something
from models.working_days import in_london


class BodyKind(StrEnum):
    """What sort of body helps."""

    HEALTH_INNOVATION_NETWORK = "health_innovation_network"
    RESEARCH_CENTRE = "research_centre"
    RESEARCH_INFRASTRUCTURE = "research_infrastructure"
    UNIVERSITY = "university"
    ACCELERATOR = "accelerator"
    BUSINESS_SUPPORT = "business_support"
    INTELLECTUAL_PROPERTY = "intellectual_property"
    FUNDER = "funder"
    REGULATOR = "regulator"
    EVALUATOR = "evaluator"
    NHS_SERVICE = "nhs_service"


class EvidenceAsked(StrEnum):
    """What evidence a body expects of those whom it helps."""

    ANY = "any"
    NONE_YET = "none_yet"
    SOME = "some"


class Geography(StrEnum):
    """Whom a body serves."""

    PLACES = "places"
    WEST_YORKSHIRE = "west_yorkshire"
    YORKSHIRE_AND_HUMBER = "yorkshire_and_humber"
    ENGLAND = "england"
    UNITED_KINGDOM = "united_kingdom"


class ReferralState(StrEnum):
    """Where a referral stands."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CLOSED = "closed"


class Answered(StrEnum):
    """What a body may say to an offer."""

    ACCEPTED = "accepted"
    DECLINED = "declined"


class DeclineCode(StrEnum):
    """Why a body does not take it on."""

    NOT_OUR_REMIT = "not_our_remit"
    OUTSIDE_OUR_AREA = "outside_our_area"
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"
    EVIDENCE_TOO_WEAK = "evidence_too_weak"
    NO_CAPACITY = "no_capacity"
    KNOWN_ALREADY = "known_already"
    OTHER = "other"


class ReferralOutcome(StrEnum):
    """How a referral ended."""

    HELPED = "helped"
    ADVISED_ONLY = "advised_only"
    NO_CONTACT = "no_contact"
    REFERRED_ON = "referred_on"
    TAKEN_BACK = "taken_back"
    INNOVATION_GONE = "innovation_gone"
    OTHER = "other"


OPEN_REFERRALS: Final = frozenset({ReferralState.OFFERED, ReferralState.ACCEPTED})
_STEPS: Final[dict[ReferralState, frozenset[ReferralState]]] = {
    ReferralState.OFFERED: frozenset({ReferralState.ACCEPTED, ReferralState.DECLINED, ReferralState.CLOSED}),
    ReferralState.ACCEPTED: frozenset({ReferralState.CLOSED}),
    ReferralState.DECLINED: frozenset({ReferralState.CLOSED}),
    ReferralState.CLOSED: frozenset(),
}


class ReferralRefused(DomainError):
    """The innovation may not be referred, or the referral is past that step; the message says who did what, and when."""


class BodyIncomplete(DomainError):
    """What is said of a body leaves out whom it serves."""


class BodyAddedBefore(DomainError):
    """The same form was sent before, and added the body."""


class SupportBody(Versioned, Base):
    """A body that helps innovators: what with, whom, and how it is reached; no criteria of a sort mean all of that sort.

    `contact_email` is where offers are mailed; a body without one is told by the Hub. `verified` says that the text
    of `source_url` was read when the row was written.
    """

    __tablename__ = "support_body"
    __table_args__ = (
        CheckConstraint("length(name) BETWEEN 1 AND 300", name="name_length"),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
        Index("ix_support_body_name_id", "name", "id"),
    )

    id: Mapped[Key]
    key: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[BodyKind]
    helps_with: Mapped[str] = mapped_column(Text, default="")
    stages: Mapped[list[str]] = mapped_column(default=list)
    kinds: Mapped[list[str]] = mapped_column(default=list)
    categories: Mapped[list[str]] = mapped_column(default=list)
    areas: Mapped[list[str]] = mapped_column(default=list)
    evidence: Mapped[EvidenceAsked] = mapped_column(default=EvidenceAsked.ANY)
    geography: Mapped[Geography] = mapped_column(default=Geography.WEST_YORKSHIRE)
    places: Mapped[list[str]] = mapped_column(default=list)
    contact_email: Mapped[str] = mapped_column(Text, default="")
    contact_url: Mapped[str] = mapped_column(Text, default="")
    source_url: Mapped[str] = mapped_column(Text, default="")
    verified: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)

    @property
    def serves_nobody(self) -> bool:
        """Whether it is said to serve some places, and none is named."""
        return self.geography is Geography.PLACES and not self.places


class Referral(Versioned, Base):
    """A hand-on of one innovation to one body, with why; `steps` is what became of it and when."""

    __tablename__ = "referral"
    __table_args__ = (
        CheckConstraint("length(reason) >= 1", name="says_why"),
        CheckConstraint("state <> 'declined' OR decline_code IS NOT NULL", name="declined_with_reason"),
        CheckConstraint("(state = 'closed') = (outcome IS NOT NULL)", name="closed_with_outcome"),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
        Index(
            "ix_referral_open",
            "innovation_id",
            "body_id",
            unique=True,
            sqlite_where=text("state IN ('offered', 'accepted')"),
            postgresql_where=text("state IN ('offered', 'accepted')"),
        ),
        Index("ix_referral_created_at_id", "created_at", "id"),
        Index("ix_referral_state", "state"),
    )

    id: Mapped[Key]
    innovation_id: Mapped[UUID] = mapped_column(ForeignKey("innovation.id"), index=True)
    submission_id: Mapped[UUID | None] = mapped_column(ForeignKey("submission.id"), index=True)
    body_id: Mapped[UUID] = mapped_column(ForeignKey("support_body.id"), index=True)
    state: Mapped[ReferralState] = mapped_column(default=ReferralState.OFFERED)
    reason: Mapped[str] = mapped_column(Text)
    offered_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    offered_by_name: Mapped[str]
    decline_code: Mapped[DeclineCode | None]
    outcome: Mapped[ReferralOutcome | None]

    body: Mapped[SupportBody] = relationship(lazy="joined")
    innovation: Mapped[Innovation] = relationship(lazy="joined")
    steps: Mapped[list["ReferralStep"]] = relationship(
        back_populates="referral", order_by="(ReferralStep.at, ReferralStep.ordinal)", lazy="selectin"
    )

    @property
    def is_open(self) -> bool:
        """Whether the body has it, or is asked to take it."""
        return self.state in OPEN_REFERRALS

    @property
    def in_words(self) -> str:
        """Who brought it where it is, and when, as a sentence for those who came after."""
        last = self.steps[-1]
        return f"{last.by_name} set it to {last.state} at {in_london(last.at)}."

    def must_take(self, state: ReferralState) -> None:
        """Refuse a step that may not be taken from here; raises ReferralRefused, which tells who brought it here, and when."""
        if state not in _STEPS[self.state]:
            raise ReferralRefused(f"This referral is {self.state} and cannot become {state}. {self.in_words}", state=self.state.value)

    def step(self, state: ReferralState, *, by_name: str, at: datetime, code: str = "", note: str = "") -> "ReferralStep":
        """Go one step on; raises ReferralRefused when it may not be taken from here, ReasonMissing when *other* says nothing."""
        if self.steps:
            self.must_take(state)
        if code == "other" and not says_something(note):
            raise ReasonMissing("The reason 'other' needs a note. Say it in a few words.", field="note")
        row = ReferralStep(ordinal=len(self.steps), state=state, at=at, by_name=by_name, code=code, note=note)
        self.steps.append(row)
        self.state, self.updated_at = state, at
        if state is ReferralState.DECLINED:
            self.decline_code = DeclineCode(code)
        elif state is ReferralState.CLOSED:
            self.outcome = ReferralOutcome(code)
        self.version = (self.version or 0) + 1
        return row


class ReferralStep(Base):
    """One step of a referral: who took it, when and why; rows are only ever added."""

    __tablename__ = "referral_step"

    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[ReferralState]
    at: Mapped[datetime]
    by_name: Mapped[str]
    code: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(Text, default="")
    referral: Mapped[Referral] = relationship(back_populates="steps")
