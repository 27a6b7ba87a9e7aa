"""Decisions on pairs: who, when, what and why; an undo is a new row."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, DomainError, Key
from models.documents import Visibility
from models.words import says_something
from models.working_days import in_london

if TYPE_CHECKING:
    from models.proposals import Proposal


class Verdict(StrEnum):
    """What the Hub said of a proposal; *skipped* hides it for one reviewer only and is stored apart."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    DEFERRED = "deferred"
    UNDONE = "undone"


CLOSING = frozenset({Verdict.CONFIRMED, Verdict.REJECTED})


class ReasonCode(StrEnum):
    """Why not; these are also the strategy's barriers, reported by code."""

    NOT_THIS_PROBLEM = "not_this_problem"
    WRONG_POPULATION = "wrong_population"
    WRONG_SETTING = "wrong_setting"
    NOT_READY = "not_ready"
    EVIDENCE_TOO_WEAK = "evidence_too_weak"
    DUPLICATE = "duplicate"
    ALREADY_IN_USE = "already_in_use"
    NO_CAPACITY = "no_capacity"
    NO_BUDGET = "no_budget"
    POOR_VALUE = "poor_value"
    DIGITAL_INCLUSION_RISK = "digital_inclusion_risk"
    SKILLS = "skills"
    OTHER = "other"


class ReasonMissing(DomainError):
    """The verdict needs a reason, a text or a date that was not given."""


class NotUndoable(DomainError):
    """There is nothing to undo, the window has passed, or somebody else decided."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a verdict was given; *other* needs a note."""

    code: ReasonCode | None = None
    note: str = ""
    until: datetime | None = None

    def __post_init__(self) -> None:
        if self.code is ReasonCode.OTHER and not says_something(self.note):
            raise ReasonMissing("The reason 'other' needs a note.", field="note")


class Decision(Base):
    """One verdict on one proposal; rows are only ever added."""

    __tablename__ = "decision"
    __table_args__ = (
        UniqueConstraint("undoes_id"),
        CheckConstraint("(verdict = 'undone') = (undoes_id IS NOT NULL)", name="undo_names_what_it_undoes"),
        CheckConstraint("(verdict = 'deferred') = (until IS NOT NULL)", name="deferred_until_when"),
        CheckConstraint("verdict <> 'rejected' OR reason_code IS NOT NULL", name="rejected_with_reason"),
    )

    id: Mapped[Key]
    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id"), index=True)
    verdict: Mapped[Verdict]
    decided_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    decided_by_name: Mapped[str]
    decided_at: Mapped[datetime]
    reason_code: Mapped[ReasonCode | None]
    note: Mapped[str] = mapped_column(Text, default="")
    until: Mapped[datetime | None]
    undoes_id: Mapped[UUID | None] = mapped_column(ForeignKey("decision.id"))
    announced_at: Mapped[datetime | None]
    innovation_visibility: Mapped[Visibility | None]  # of what is confirmed: who could read the text as it was judged
    proposal: Mapped["Proposal"] = relationship(back_populates="decisions")

    @property
    def in_words(self) -> str:
        """Who decided what, and when, as a sentence for those who came after."""
        did = "took back what was decided on" if self.verdict is Verdict.UNDONE else self.verdict.value
        return f"{self.decided_by_name} {did} this proposal at {in_london(self.decided_at)}."

    @property
    def in_short(self) -> dict[str, str]:
        """The same for programs."""
        return {"decided_by": self.decided_by_name, "verdict": self.verdict.value, "decided_at": self.decided_at.isoformat()}


class Skip(Base):
    """A reviewer set a proposal aside for themselves."""

    __tablename__ = "skip"
    __table_args__ = (UniqueConstraint("proposal_id", "person_id"),)

    id: Mapped[Key]
    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    skipped_at: Mapped[datetime]
    proposal: Mapped["Proposal"] = relationship(back_populates="skips")
