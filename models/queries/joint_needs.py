"""Joint needs: the one a need is in, the needs that are in it with it, what was dismissed and proposed."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, aliased

from models.documents import Revision
from models.joint_needs import AlignmentDismissal, AlignmentProposal, JointNeed, Membership
from models.needs import Need, NeedStatus, need_place
from models.places import Place
from models.queries.documents import NotFound


def joint_of(session: Session, need_id: UUID) -> JointNeed | None:
    """The joint need that a need is in; None when it is in none."""
    query = select(JointNeed).join(Membership).where(Membership.need_id == need_id, Membership.left_at.is_(None))
    return session.scalars(query).unique().first()


def get(session: Session, joint_need_id: UUID, *, lock: bool = False) -> JointNeed:
    """A joint need, in force or not, whoever asks; raises NotFound."""
    query = select(JointNeed).where(JointNeed.id == joint_need_id)
    if lock:
        query = query.with_for_update(of=JointNeed, key_share=True).execution_options(populate_existing=True)
    found = session.scalars(query).unique().first()
    if found is None:
        raise NotFound("There is no joint need of that id that you may see. Check the id, or sign in as somebody who may.")
    return found


def members(session: Session, joint_need_id: UUID) -> Sequence[Need]:
    """The needs that are in a joint need now, in the order in which they joined."""
    query = select(Need).join(Membership, Membership.need_id == Need.id)
    query = query.where(Membership.joint_need_id == joint_need_id, Membership.left_at.is_(None))
    return session.scalars(query.order_by(Membership.joined_at, Membership.id)).unique().all()


def together(session: Session, need_id: UUID) -> Sequence[Need]:
    """All needs that are in one joint need with a need, itself among them; only itself when it is in none."""
    joint = joint_of(session, need_id)
    if joint is not None:
        return members(session, joint.id)
    return session.scalars(select(Need).where(Need.id == need_id)).unique().all()


def places_of(session: Session, need_id: UUID) -> Sequence[Place]:
    """The places of a need and of all that are in one joint need with it, each once, by name."""
    ids = [need.id for need in together(session, need_id)]
    named = select(need_place.c.place_id).where(need_place.c.need_id.in_(ids))
    return session.scalars(select(Place).where(Place.id.in_(named)).order_by(Place.name)).all()


def joint_ids(session: Session, need_ids: Collection[UUID] | None = None) -> dict[UUID, UUID]:
    """Which joint need each of these needs is in, by need; of all needs when that is None. Those in none are left out."""
    if need_ids is not None and not need_ids:
        return {}
    query = select(Membership.need_id, Membership.joint_need_id).where(Membership.left_at.is_(None))
    if need_ids is not None:
        query = query.where(Membership.need_id.in_(need_ids))
    return {row.need_id: row.joint_need_id for row in session.execute(query)}


def read_as(session: Session, allowed: Collection[str]) -> frozenset[tuple[UUID, int, int | None, str | None]]:
    """The open needs by what the matching has read of them: their ids, the revision and the encoder; of those that are allowed."""
    query = select(Need.id, Need.revision, Need.embedded_revision, Need.embedded_encoder).where(Need.status == NeedStatus.OPEN)
    return frozenset(
        (row.id, row.revision, row.embedded_revision, row.embedded_encoder) for row in session.execute(query) if str(row.id) in allowed
    )


def with_mates(session: Session, need_ids: Collection[UUID]) -> set[UUID]:
    """These needs and all that are in one joint need with any of them."""
    joints = set(joint_ids(session, need_ids).values())
    if not joints:
        return set(need_ids)
    query = select(Membership.need_id).where(Membership.joint_need_id.in_(joints), Membership.left_at.is_(None))
    return {*need_ids, *session.scalars(query)}


def worded_since(session: Session, need_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """Since when the needs that were reworded after they joined read as they do; the others are left out."""
    query = (
        select(Revision.need_id, Revision.saved_at)
        .join(Need, and_(Need.id == Revision.need_id, Need.revision == Revision.number))
        .join(Membership, and_(Membership.need_id == Need.id, Membership.left_at.is_(None)))
        .where(Need.id.in_(need_ids), Revision.saved_at > Membership.joined_at)
    )
    return {row.need_id: row.saved_at for row in session.execute(query)}


def dismissed(session: Session) -> Sequence[AlignmentDismissal]:
    """What was dismissed of needs that both still read as they did then, latest first."""
    one, other = aliased(Need), aliased(Need)
    query = (
        select(AlignmentDismissal)
        .join(one, and_(one.id == AlignmentDismissal.one_id, one.revision == AlignmentDismissal.one_revision))
        .join(other, and_(other.id == AlignmentDismissal.other_id, other.revision == AlignmentDismissal.other_revision))
    )
    return session.scalars(query.order_by(AlignmentDismissal.dismissed_at.desc(), AlignmentDismissal.id)).all()


def dismissal_of(session: Session, one_id: UUID, other_id: UUID) -> AlignmentDismissal | None:
    """The dismissal of a pair, whichever is named first; None when it was not dismissed."""
    row = AlignmentDismissal
    pair = or_(and_(row.one_id == one_id, row.other_id == other_id), and_(row.one_id == other_id, row.other_id == one_id))
    return session.scalars(select(row).where(pair)).first()


def proposal_of(session: Session, need_id: UUID, with_need_id: UUID) -> AlignmentProposal | None:
    """What the Hub proposed to the owners of a need about another one; None when it did not."""
    query = select(AlignmentProposal).where(AlignmentProposal.need_id == need_id, AlignmentProposal.with_need_id == with_need_id)
    return session.scalars(query).first()


def proposals_among(session: Session, need_ids: Collection[UUID]) -> Sequence[AlignmentProposal]:
    """What the Hub proposed to the owners of these needs, latest first."""
    query = select(AlignmentProposal).where(AlignmentProposal.need_id.in_(need_ids))
    return session.scalars(query.order_by(AlignmentProposal.proposed_at.desc(), AlignmentProposal.id)).all()
