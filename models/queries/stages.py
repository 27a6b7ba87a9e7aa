"""Stages of matches, place by place: the history of one match, and how far innovations have come anywhere."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from models.actors import Actor
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


def of_innovations(session: Session, innovation_ids: Collection[UUID]) -> dict[UUID, list[StageChange]]:
    """Every step of every match of these innovations, in their order, also of matches that ended."""
    query = select(Proposal.innovation_id, StageChange).join(StageChange, StageChange.proposal_id == Proposal.id)
    query = query.where(Proposal.innovation_id.in_(innovation_ids)).order_by(StageChange.changed_at, StageChange.id)
    found: dict[UUID, list[StageChange]] = {innovation_id: [] for innovation_id in innovation_ids}
    for innovation_id, step in session.execute(query):
        found[innovation_id].append(step)
    return found


def steps_visible_to(actor: Actor) -> ColumnElement[bool]:
    """The steps of a match that an actor may read, given that they may read the match."""
    if actor.is_hub or Role.PIPELINE in actor.roles:
        return true()
    return StageChange.place_id.in_(actor.place_ids)
