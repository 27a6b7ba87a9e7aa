"""What waits for somebody when they come in, where no list of its own tells it."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from models.actors import Actor
from models.documents import Side
from models.innovations import Innovation, InnovationStatus
from models.joint_needs import Membership
from models.needs import Need, NeedStatus
from models.queries.documents import of_ids


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


def joined_lately(session: Session, actor: Actor, *, since: datetime, limit: int) -> Sequence[tuple[Need, Need]]:
    """Open needs of other places that joined one of the actor's own places since then, each with that one, the latest first."""
    theirs, own = aliased(Need), aliased(Need)
    joining, staying = aliased(Membership), aliased(Membership)
    query = (
        select(theirs, own)
        .join(joining, joining.need_id == theirs.id)
        .join(staying, staying.joint_need_id == joining.joint_need_id)
        .join(own, own.id == staying.need_id)
        .where(joining.left_at.is_(None), staying.left_at.is_(None), joining.joined_at >= since, staying.joined_at <= joining.joined_at)
        .where(own.owner_place_id.in_(actor.place_ids), theirs.id != own.id)
        .where(or_(theirs.owner_place_id.is_(None), theirs.owner_place_id.not_in(actor.place_ids)))
        .order_by(joining.joined_at.desc(), theirs.id)
        .limit(limit)
    )
    rows = session.execute(query).unique().all()
    readable = of_ids(session, Side.NEED, {row[0].id for row in rows}, actor)
    return [(row[0], row[1]) for row in rows if row[0].id in readable]


def offers(session: Session, actor: Actor, *, limit: int) -> Sequence[Innovation]:
    """What the actor's organisations offer, drafts and what was archived among it, the latest changed first."""
    query = select(Innovation).where(
        Innovation.live,
        Innovation.supplier_id.in_(actor.organisation_ids),
        Innovation.status != InnovationStatus.WITHDRAWN,
        Innovation.merged_into_id.is_(None),
    )
    return session.scalars(query.order_by(Innovation.updated_at.desc(), Innovation.id).limit(limit)).unique().all()
