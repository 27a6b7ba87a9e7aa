"""Matches that a place adopted, of needs and innovations that somebody may read."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.actors import Actor
from models.innovations import Innovation
from models.need_results import NeedResult
from models.needs import Need
from models.pipeline import ADOPTED_HERE, StageChange
from models.proposals import Proposal, ProposalState
from models.queries.visibility import innovations_visible_to, needs_visible_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """A confirmed match with its steps in one place, in their order; the last one says where it stands there."""

    proposal: Proposal
    steps: Sequence[StageChange]


def adopted(session: Session, actor: Actor, *, but_of: UUID) -> list[Adopted]:
    """The confirmed matches that stand adopted or spread in a place, of other needs than one; both texts readable."""
    query = (
        select(Proposal, StageChange)
        .join(StageChange, StageChange.proposal_id == Proposal.id)
        .where(
            Proposal.state == ProposalState.CONFIRMED,
            Proposal.need_id != but_of,
            Proposal.id.in_(select(StageChange.proposal_id).where(StageChange.stage.in_(ADOPTED_HERE))),
            Proposal.need_id.in_(select(Need.id).where(needs_visible_to(actor))),
            Proposal.innovation_id.in_(select(Innovation.id).where(innovations_visible_to(actor))),
        )
        .order_by(StageChange.changed_at, StageChange.id)
    )
    by_place: dict[tuple[UUID, UUID], tuple[Proposal, list[StageChange]]] = {}
    for proposal, step in session.execute(query).unique():
        by_place.setdefault((proposal.id, step.place_id), (proposal, []))[1].append(step)
    return [Adopted(proposal=proposal, steps=steps) for proposal, steps in by_place.values() if steps[-1].stage in ADOPTED_HERE]


def results(session: Session, proposal_ids: Sequence[UUID]) -> dict[UUID, NeedResult]:
    """How the needs ended that were met by one of these matches, by the match."""
    query = select(NeedResult).where(NeedResult.proposal_id.in_(proposal_ids))
    return {row.proposal_id: row for row in session.scalars(query) if row.proposal_id is not None}
