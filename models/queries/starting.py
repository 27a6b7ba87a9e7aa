"""What waits for somebody when they come in, where no list of its own tells it."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.actors import Actor
from models.innovations import Innovation, InnovationStatus
from models.needs import Need, NeedStatus


def needs_to_renew(session: Session, actor: Actor, *, day: date, limit: int) -> Sequence[Need]:
    """The open needs of the actor's own places whose review was due before a day, the longest overdue first."""
    mine = Need.owner_place_id.in_(actor.place_ids)
    query = select(Need).where(Need.status == NeedStatus.OPEN, Need.live, mine, Need.review_date < day)
    return session.scalars(query.order_by(Need.review_date, Need.id).limit(limit)).unique().all()


def needs_begun(session: Session, actor: Actor, *, limit: int) -> Sequence[Need]:
    """The drafts of the actor's own places, the latest changed first."""
    mine = Need.owner_place_id.in_(actor.place_ids)
    query = select(Need).where(Need.status == NeedStatus.DRAFT, Need.live, mine)
    return session.scalars(query.order_by(Need.updated_at.desc(), Need.id).limit(limit)).unique().all()


def offers(session: Session, actor: Actor, *, limit: int) -> Sequence[Innovation]:
    """What the actor's organisations offer, drafts and what was archived among it, the latest changed first."""
    query = select(Innovation).where(
        Innovation.live,
        Innovation.supplier_id.in_(actor.organisation_ids),
        Innovation.status != InnovationStatus.WITHDRAWN,
        Innovation.merged_into_id.is_(None),
    )
    return session.scalars(query.order_by(Innovation.updated_at.desc(), Innovation.id).limit(limit)).unique().all()
