"""Versions of the ranker: all, one by name, the one that judges."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.decisions import CLOSING, Decision, ReasonCode, Verdict
from models.innovations import Innovation, InnovationStatus
from models.proposals import Proposal
from models.queries.documents import NotFound
from models.ranker_versions import RankerState, RankerVersion
from models.runs import RankingRun

# Written once: every ranking asks for these.
_ACTIVE = select(RankerVersion).where(RankerVersion.state == RankerState.ACTIVE)
_ACTIVE_ID = select(RankerVersion.id).where(RankerVersion.state == RankerState.ACTIVE)


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
    return session.scalars(_ACTIVE).first()


def active_id(session: Session) -> UUID | None:
    """The id of the version that judges; None when the ranker of the settings does."""
    return session.scalar(_ACTIVE_ID)


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
    """The latest decision before a moment on each pair, of those that were not undone, oldest first.

    Also on a proposal that has lapsed since: what was rejected before its submission was archived was rejected all the same.
    Of an innovation that its owner withdrew there is none.
    """
    undone = select(Decision.undoes_id).where(Decision.undoes_id.is_not(None))
    latest_first = (Decision.decided_at.desc(), Decision.id)
    standing = (
        select(
            Proposal.need_id,
            Proposal.features,
            Decision.verdict,
            Decision.reason_code,
            Decision.decided_at,
            RankingRun.ranker_hash.label("ranker"),
            RankingRun.encoder_id,
            Decision.id,
            func.row_number().over(partition_by=(Proposal.need_id, Proposal.innovation_id), order_by=latest_first).label("number"),
        )
        .join(Decision, Decision.proposal_id == Proposal.id)
        .join(RankingRun, RankingRun.id == Proposal.run_id)
        .join(Innovation, Innovation.id == Proposal.innovation_id)
        .where(
            Decision.verdict.in_(CLOSING),
            Decision.id.not_in(undone),
            Decision.decided_at < until,
            Innovation.status != InnovationStatus.WITHDRAWN,
        )
        .subquery()
    )
    told = [column for column in standing.c if column.name not in {"id", "number"}]
    query = select(*told).where(standing.c.number == 1).order_by(standing.c.decided_at, standing.c.id)
    return [Reviewed(**row._mapping) for row in session.execute(query)]


def ids_like(session: Session, base: str) -> set[str]:
    """The ids of a ranker and of those that were trained from it, which read a pair by the same numbers."""
    return {base, *session.scalars(select(RankerVersion.ranker_id).where(RankerVersion.base == base))}
