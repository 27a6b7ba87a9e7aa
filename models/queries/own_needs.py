"""What innovators offer, and the needs that it was found to answer."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.actors import Actor
from models.innovations import Innovation, InnovationStatus
from models.proposals import Band, Proposal, ProposalState
from models.queries.pages import Page, page_of
from models.queries.visibility import NEED_IS_SEARCHABLE, needs_visible_to

_GONE = (InnovationStatus.ARCHIVED, InnovationStatus.WITHDRAWN)
_TOLD = (ProposalState.OPEN, ProposalState.DEFERRED, ProposalState.CONFIRMED)


def offered_by(session: Session, actor: Actor, *, after: str | None, limit: int) -> Page[Innovation]:
    """What the actor's organisations offer, drafts among it, latest first; nothing that was archived, withdrawn or merged."""
    query = select(Innovation).where(
        Innovation.live,
        Innovation.supplier_id.in_(actor.organisation_ids),
        Innovation.status.not_in(_GONE),
        Innovation.merged_into_id.is_(None),
    )
    return page_of(session, query.order_by(Innovation.created_at.desc(), Innovation.id), after=after, limit=limit, kinds=(datetime, UUID))


def proposals_for(session: Session, innovation_ids: Collection[UUID], actor: Actor) -> Sequence[Proposal]:
    """The proposals in force of these innovations that were not turned down, on open needs that the actor may read, best first."""
    query = select(Proposal).where(
        Proposal.innovation_id.in_(innovation_ids),
        Proposal.state.in_(_TOLD),
        Proposal.band != Band.WEAK,
        Proposal.need.has(NEED_IS_SEARCHABLE),
        Proposal.need.has(needs_visible_to(actor)),
    )
    return session.scalars(query.order_by(Proposal.probability.desc(), Proposal.id)).unique().all()
