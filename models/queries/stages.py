"""Stages of matches, place by place: the history of one match, and how far innovations have come anywhere."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session

from models.actors import Actor
from models.innovations import Innovation
from models.people import Role
from models.pipeline import StageChange
from models.proposals import Proposal


def history(session: Session, proposal_id: UUID, actor: Actor) -> Sequence[StageChange]:
    """The steps of a match that the actor may know of, in their order; a place reads its own.

    Whether they may read the match is asked before.
    """
    query = select(StageChange).where(StageChange.proposal_id == proposal_id, steps_visible_to(actor))
    return session.scalars(query.order_by(StageChange.changed_at, StageChange.id)).all()


def last(session: Session, proposal_id: UUID, place_id: UUID) -> StageChange | None:
    """The step that stands in a place; None before the first. For services, which have locked the match."""
    query = select(StageChange).where(StageChange.proposal_id == proposal_id, StageChange.place_id == place_id)
    return session.scalars(query.order_by(StageChange.changed_at.desc(), StageChange.id.desc()).limit(1)).first()


def of_innovations(
    session: Session, innovation_ids: Collection[UUID], *, offered_by: Collection[UUID] | None = None
) -> dict[UUID, list[StageChange]]:
    """Every step of every match of these innovations, in their order, also of matches that ended.

    What was merged is one innovation, whichever of its parts was matched; `offered_by` are the organisations whose parts count.
    """
    stands_for_it = func.coalesce(Innovation.merged_into_id, Innovation.id)
    asked = {
        row.id: row.whole
        for row in session.execute(select(Innovation.id, stands_for_it.label("whole")).where(Innovation.id.in_(innovation_ids)))
    }
    query = select(stands_for_it, StageChange).join(Proposal, Proposal.innovation_id == Innovation.id)
    query = query.join(StageChange, StageChange.proposal_id == Proposal.id)
    query = query.where(or_(Innovation.id.in_(asked.values()), Innovation.merged_into_id.in_(asked.values())))
    if offered_by is not None:
        query = query.where(Innovation.supplier_id.in_(offered_by))
    found: dict[UUID, list[StageChange]] = {whole: [] for whole in asked.values()}
    for whole, step in session.execute(query.order_by(StageChange.changed_at, StageChange.id)):
        found[whole].append(step)
    return {innovation_id: found[whole] for innovation_id, whole in asked.items()}


def steps_visible_to(actor: Actor) -> ColumnElement[bool]:
    """The steps of a match that an actor may read, given that they may read the match."""
    if actor.is_hub or Role.PIPELINE in actor.roles:
        return true()
    return StageChange.place_id.in_(actor.place_ids)
