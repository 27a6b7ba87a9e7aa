"""How needs ended."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.actors import Actor
from models.need_results import NeedResult
from models.needs import Need
from models.queries.visibility import needs_visible_to


def of_need(session: Session, need_id: UUID, actor: Actor) -> NeedResult | None:
    """The end of a need that the actor may read; None while it has none."""
    readable = select(Need.id).where(Need.id == need_id, needs_visible_to(actor))
    return session.scalars(select(NeedResult).where(NeedResult.need_id.in_(readable))).first()
