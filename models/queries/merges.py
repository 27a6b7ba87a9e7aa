"""Merges: which stand, what is part of an innovation, what happened to all of its parts, and what was built on a merge."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from models.actors import Actor
from models.decisions import Decision, Verdict
from models.documents import Side
from models.events import ACCESS_REFUSED, Event
from models.innovations import Innovation, InnovationStatus
from models.merges import Merge
from models.proposals import Proposal, ProposalState
from models.queries.pages import Page, page_of
from models.queries.visibility import proposals_visible_to
from models.referrals import Referral

_NEVER_HANDED_IN = (InnovationStatus.DRAFT, InnovationStatus.WITHDRAWN)


def standing(session: Session, merged_id: UUID) -> Merge | None:
    """The merge by which an innovation is part of another; None when it stands by itself."""
    return session.scalars(select(Merge).where(Merge.merged_id == merged_id, Merge.undone_at.is_(None))).first()


def of(session: Session, innovation_ids: Collection[UUID]) -> Sequence[Merge]:
    """Every merge of some innovations into others, those that were undone among them, oldest first."""
    query = select(Merge).where(or_(Merge.merged_id.in_(innovation_ids), Merge.kept_id.in_(innovation_ids)))
    return session.scalars(query.order_by(Merge.merged_at, Merge.id)).all()


def parts(session: Session, kept_id: UUID) -> Sequence[Innovation]:
    """The innovations for which one stands, whether merged into it or into one that was, oldest first."""
    query = select(Innovation).where(Innovation.merged_into_id == kept_id).order_by(Innovation.created_at, Innovation.id)
    return session.scalars(query).unique().all()


def under(session: Session, innovation_id: UUID) -> set[UUID]:
    """The innovations that were merged into one, and into those, and so on."""
    found: set[UUID] = set()
    reached = {innovation_id}
    while reached:
        query = select(Merge.merged_id).where(Merge.kept_id.in_(reached), Merge.undone_at.is_(None))
        reached = set(session.scalars(query)) - found
        found |= reached
    return found


def lock(session: Session, innovation_ids: Collection[UUID]) -> dict[UUID, Innovation]:
    """Innovations, whoever asks, locked in the order of their ids."""
    query = (
        select(Innovation).where(Innovation.id.in_(innovation_ids)).order_by(Innovation.id).with_for_update(of=Innovation, key_share=True)
    )
    return {row.id: row for row in session.scalars(query.execution_options(populate_existing=True)).unique()}


def confirmed_since(session: Session, innovation_id: UUID, since: datetime) -> bool:
    """Whether a match of an innovation was confirmed after a moment, and still is."""
    decided = Proposal.decisions.any(and_(Decision.verdict == Verdict.CONFIRMED, Decision.decided_at > since))
    query = select(Proposal.id).where(Proposal.innovation_id == innovation_id, Proposal.state == ProposalState.CONFIRMED, decided)
    return session.scalars(query).first() is not None


def referred_since(session: Session, innovation_id: UUID, since: datetime) -> bool:
    """Whether an innovation was referred to anybody after a moment."""
    return (
        session.scalars(select(Referral.id).where(Referral.innovation_id == innovation_id, Referral.created_at > since)).first() is not None
    )


def confirmed(session: Session, innovation_ids: Collection[UUID], actor: Actor) -> Sequence[Proposal]:
    """The confirmed matches of some innovations that the actor may read, most probable first."""
    query = select(Proposal).where(
        Proposal.innovation_id.in_(innovation_ids), Proposal.state == ProposalState.CONFIRMED, proposals_visible_to(actor)
    )
    return session.scalars(query.order_by(Proposal.probability.desc(), Proposal.id)).unique().all()


def happened(session: Session, innovation_ids: Collection[UUID], *, after: str | None, limit: int) -> Page[Event]:
    """What happened to some innovations and to their proposals, latest first; refused attempts are left out."""
    own = and_(Event.subject_kind == Side.INNOVATION.value, Event.subject_id.in_(innovation_ids))
    theirs = select(Proposal.id).where(Proposal.innovation_id.in_(innovation_ids))
    matches = and_(Event.subject_kind == "proposal", Event.subject_id.in_(theirs))
    query = select(Event).where(or_(own, matches), Event.kind != ACCESS_REFUSED)
    return page_of(session, query.order_by(Event.recorded_at.desc(), Event.id), after=after, limit=limit, kinds=(datetime, UUID))


def handed_in_by(session: Session, organisation_id: UUID, *, but: UUID, limit: int) -> Sequence[Innovation]:
    """What an organisation handed in and has not withdrawn, latest first, without one and without what was merged."""
    query = select(Innovation).where(
        Innovation.supplier_id == organisation_id,
        Innovation.id != but,
        Innovation.live,
        Innovation.merged_into_id.is_(None),
        Innovation.status.not_in(_NEVER_HANDED_IN),
    )
    return session.scalars(query.order_by(Innovation.created_at.desc(), Innovation.id).limit(limit)).unique().all()
