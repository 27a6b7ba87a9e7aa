"""How needs ended."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.actors import Actor
from models.need_results import NeedResult
from models.needs import Need
from models.queries.documents import NotFound
from models.queries.visibility import needs_visible_to


def get(session: Session, need_id: UUID, actor: Actor) -> NeedResult:
    """The end of a need that the actor may read; raises NotFound."""
    readable = select(Need.id).where(Need.id == need_id, needs_visible_to(actor))
    found = session.scalars(select(NeedResult).where(NeedResult.need_id.in_(readable))).first()
    if found is None:
        raise NotFound("There is no result of a need of that id that you may see. It is there once the need is met or closed.")
    return found
