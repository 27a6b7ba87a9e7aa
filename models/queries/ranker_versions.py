"""Versions of the ranker: all, one by name, the one that judges."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.decisions import CLOSING, Decision, ReasonCode, Verdict
from models.proposals import Proposal, ProposalState
from models.queries.documents import NotFound
from models.ranker_versions import RankerState, RankerVersion
from models.runs import RankingRun


def every(session: Session, *, lock: bool = False) -> Sequence[RankerVersion]:
    """All versions, newest first; `lock` lets one change at a time which of them judges."""
    query = select(RankerVersion).order_by(RankerVersion.trained_at.desc(), RankerVersion.id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).all()


def named(session: Session, name: str) -> RankerVersion:
    """The version of a name; raises NotFound."""
    found = session.scalars(select(RankerVersion).where(RankerVersion.name == name)).first()
    if found is None:
        raise NotFound("There is no ranker of that name. See the list of rankers.")
    return found


def is_taken(session: Session, name: str) -> bool:
    """Whether a version has that name."""
    return session.scalar(select(RankerVersion.id).where(RankerVersion.name == name)) is not None


def active(session: Session) -> RankerVersion | None:
    """The version that judges; None when the ranker of the settings does."""
    return session.scalars(select(RankerVersion).where(RankerVersion.state == RankerState.ACTIVE)).first()


def active_id(session: Session) -> UUID | None:
    """The id of the version that judges; None when the ranker of the settings does."""
    return session.scalar(select(RankerVersion.id).where(RankerVersion.state == RankerState.ACTIVE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A confirmation or rejection that stands, with the features of its pair and who had judged it."""

    need_id: UUID
    features: Sequence[float]
    verdict: Verdict
    reason_code: ReasonCode | None
    decided_at: datetime
    ranker: str
    encoder_id: str


def reviewed(session: Session, *, until: datetime) -> Sequence[Reviewed]:
    """The decisions before a moment that stand on proposals in force, oldest first; what was undone or has lapsed is left out."""
    undone = select(Decision.undoes_id).where(Decision.undoes_id.is_not(None))
    query = (
        select(
            Proposal.need_id,
            Proposal.features,
            Decision.verdict,
            Decision.reason_code,
            Decision.decided_at,
            RankingRun.ranker_hash.label("ranker"),
            RankingRun.encoder_id,
        )
        .join(Decision, Decision.proposal_id == Proposal.id)
        .join(RankingRun, RankingRun.id == Proposal.run_id)
        .where(
            Proposal.state.in_([ProposalState.CONFIRMED, ProposalState.REJECTED]),
            Decision.verdict.in_(CLOSING),
            Decision.id.not_in(undone),
            Decision.decided_at < until,
        )
        .order_by(Decision.decided_at, Decision.id)
    )
    return [Reviewed(**row._mapping) for row in session.execute(query)]


def ids_like(session: Session, base: str) -> set[str]:
    """The ids of a ranker and of those that were trained from it, which read a pair by the same numbers."""
    return {base, *session.scalars(select(RankerVersion.ranker_id).where(RankerVersion.base == base))}
