"""Proposals: matches stored and put before the Hub."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, and_, text
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from models.base import Base, DomainError, Key
from models.decisions import CLOSING, Decision, NotUndoable, Reason, ReasonMissing, Skip, Verdict
from models.documents import Revision, Visibility

if TYPE_CHECKING:
    from models.innovations import Innovation
    from models.needs import Need
    from models.place_answers import PlaceAnswer
    from models.runs import RankingRun


class Band(StrEnum):
    """The probability as people see it."""

    STRONG = "strong"
    POSSIBLE = "possible"
    WEAK = "weak"


class ProposalState(StrEnum):
    """Where a proposal stands; a superseded one was replaced after a text or the ranker changed."""

    OPEN = "open"
    DEFERRED = "deferred"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


class ProposalClosed(DomainError):
    """Somebody decided the proposal before."""


class Proposal(Base):
    """An innovation put before the Hub as an answer to one need.

    `probability` is the calibrated chance, in [0, 1], that the pair is a match, as it stood in ranking run
    `run_id`; it is a record and is never recomputed. One proposal of a pair is in force at a time.
    """

    __tablename__ = "proposal"
    __table_args__ = (
        UniqueConstraint("run_id", "need_id", "innovation_id"),
        CheckConstraint("probability BETWEEN 0 AND 1", name="probability_in_unit_interval"),
        CheckConstraint("rank >= 1", name="rank_counts_from_one"),
        Index(
            "ix_proposal_pair_in_force",
            "need_id",
            "innovation_id",
            unique=True,
            sqlite_where=text("state <> 'superseded'"),
            postgresql_where=text("state <> 'superseded'"),
        ),
        Index("ix_proposal_queue", "state", "probability", "id"),
        Index("ix_proposal_innovation_id", "innovation_id"),
        Index("ix_proposal_need_id", "need_id"),
    )

    id: Mapped[Key]
    run_id: Mapped[UUID] = mapped_column(ForeignKey("ranking_run.id"), index=True)
    need_id: Mapped[UUID] = mapped_column(ForeignKey("need.id"))
    innovation_id: Mapped[UUID] = mapped_column(ForeignKey("innovation.id"))
    need_revision: Mapped[int]
    innovation_revision: Mapped[int]
    rank: Mapped[int]
    probability: Mapped[float]
    band: Mapped[Band]
    features: Mapped[list[float]]
    findings: Mapped[list[dict[str, Any]]]
    flags: Mapped[list[Any]] = mapped_column(default=list)  # {kind, says, field, start, end, text}; a plain word in old rows
    state: Mapped[ProposalState] = mapped_column(default=ProposalState.OPEN)
    deferred_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    run: Mapped["RankingRun"] = relationship(lazy="joined")
    need: Mapped["Need"] = relationship(lazy="joined")
    innovation: Mapped["Innovation"] = relationship(lazy="joined")
    decisions: Mapped[list[Decision]] = relationship(
        back_populates="proposal", order_by="(Decision.decided_at, Decision.id)", lazy="selectin"
    )
    skips: Mapped[list[Skip]] = relationship(back_populates="proposal")
    place_answers: Mapped[list["PlaceAnswer"]] = relationship(
        back_populates="proposal", order_by="(PlaceAnswer.asking, PlaceAnswer.created_at, PlaceAnswer.id)", lazy="selectin"
    )
    need_as_judged: Mapped[Revision] = relationship(
        primaryjoin=lambda: and_(foreign(Proposal.need_id) == Revision.need_id, Proposal.need_revision == Revision.number), viewonly=True
    )
    innovation_as_judged: Mapped[Revision] = relationship(
        primaryjoin=lambda: and_(
            foreign(Proposal.innovation_id) == Revision.innovation_id, Proposal.innovation_revision == Revision.number
        ),
        viewonly=True,
    )

    @property
    def closing_decision(self) -> Decision | None:
        """The confirm or reject that stands; None while the proposal is open, deferred or undone."""
        undone = {row.undoes_id for row in self.decisions}
        standing = [row for row in self.decisions if row.verdict in CLOSING and row.id not in undone]
        return standing[-1] if standing else None

    @property
    def handed_on(self) -> bool:
        """Whether it was confirmed and announced, and still stands."""
        return self.state is ProposalState.CONFIRMED and any(row.announced_at for row in self.decisions)

    @property
    def may_be_put_to_places(self) -> bool:
        """Whether places may read the match as it was judged: partners may read the innovation, and no older text was for the Hub alone."""
        if self.innovation.visibility is Visibility.HUB_ONLY:
            return False
        confirmed = self.closing_decision.innovation_visibility if self.closing_decision is not None else None
        return self.innovation_revision == self.innovation.revision or confirmed in {Visibility.PARTNERS, Visibility.PUBLIC}

    def must_be_open(self) -> None:
        """Refuse when a confirm or reject stands, or a newer proposal replaced this one; raises ProposalClosed, which tells which."""
        if self.state is ProposalState.SUPERSEDED:
            raise ProposalClosed("This proposal was replaced by a newer one. Open the pair again.", state=self.state.value)
        if standing := self.closing_decision:
            raise ProposalClosed(standing.in_words, **standing.in_short)

    def decide(self, verdict: Verdict, *, by: UUID, by_name: str, at: datetime, reason: Reason) -> Decision:
        """Record a verdict. A closing one (confirm, reject) stands until undone; another raises ProposalClosed."""
        self.must_be_open()
        if verdict is Verdict.REJECTED and reason.code is None:
            raise ReasonMissing("Rejecting needs a reason code.", field="reason")
        if verdict is Verdict.DEFERRED and (reason.code is None or reason.until is None or reason.until <= at):
            raise ReasonMissing("Deferring needs a reason code and a date to come.", field="until")
        decision = Decision(
            verdict=verdict,
            decided_by=by,
            decided_by_name=by_name,
            decided_at=self._turn(at),
            reason_code=reason.code,
            note=reason.note,
            until=reason.until if verdict is Verdict.DEFERRED else None,
        )
        self.decisions.append(decision)
        self.state = ProposalState(verdict.value)
        self.deferred_until = decision.until
        self.version += 1
        return decision

    def _turn(self, at: datetime) -> datetime:
        """`at`, or just after the latest decision: who waited for another may have read the clock before them."""
        return max([at, *(row.decided_at + timedelta(microseconds=1) for row in self.decisions)])

    @property
    def is_outdated(self) -> bool:
        """Whether one of the texts was changed after it was judged."""
        return (self.need_revision, self.innovation_revision) != (self.need.revision, self.innovation.revision)

    def lapse(self) -> Decision | None:
        """Take the proposal out of force, because a text is no longer open to matching; returns a decision that had been announced."""
        standing = self.closing_decision
        self.state, self.deferred_until = ProposalState.SUPERSEDED, None
        self.version += 1
        return standing if standing is not None and standing.announced_at is not None else None

    def skip(self, *, by: UUID, at: datetime) -> Skip:
        """Hide the proposal from one reviewer; everybody else still sees it. Twice is once."""
        for row in self.skips:
            if row.person_id == by:
                return row
        row = Skip(person_id=by, skipped_at=at)
        self.skips.append(row)
        return row

    def undoable(self, *, by: UUID, at: datetime, window_seconds: float) -> Decision:
        """The latest verdict, which only who decided may take back, and only within the window; raises NotUndoable."""
        if self.state is ProposalState.SUPERSEDED:
            raise NotUndoable("This proposal was replaced by a newer one, so that its decision can no longer be undone.")
        undone = {row.undoes_id for row in self.decisions}
        live: Sequence[Decision] = [row for row in self.decisions if row.verdict is not Verdict.UNDONE and row.id not in undone]
        if not live:
            raise NotUndoable("There is no decision to undo.")
        last = live[-1]
        if last.decided_by != by:
            raise NotUndoable(f"Only {last.decided_by_name}, who decided, can undo it.", decided_by=last.decided_by_name)
        if last.announced_at is not None:
            raise NotUndoable("The match has been announced, so that it can no longer be undone.")
        if (at - last.decided_at).total_seconds() >= window_seconds:
            raise NotUndoable(f"The time to undo ended {window_seconds / 60:g} minutes after the decision.")
        return last

    def undo(self, *, by: UUID, by_name: str, at: datetime, window_seconds: float) -> Decision:
        """Take the latest verdict back by a new row; raises NotUndoable."""
        last = self.undoable(by=by, at=at, window_seconds=window_seconds)
        row = Decision(
            verdict=Verdict.UNDONE, decided_by=by, decided_by_name=by_name, decided_at=self._turn(at), undoes_id=last.id, note=""
        )
        self.decisions.append(row)
        self.state, self.deferred_until = ProposalState.OPEN, None
        self.version += 1
        return row
