"""Bodies that help, and referrals to them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.actors import Actor
from models.queries.documents import NotFound
from models.queries.pages import Page, page_of
from models.queries.visibility import referrals_visible_to
from models.referrals import OPEN_REFERRALS, BodyKind, Referral, ReferralState, SupportBody


def bodies(
    session: Session, *, kind: BodyKind | None = None, active: bool = True, after: str | None = None, limit: int = 50
) -> Page[SupportBody]:
    """Bodies that help, by name: those that are asked, or those that are asked no more."""
    query = select(SupportBody).where(SupportBody.active.is_(active))
    if kind is not None:
        query = query.where(SupportBody.kind == kind)
    return page_of(session, query.order_by(SupportBody.name, SupportBody.id), after=after, limit=limit, kinds=(str, UUID))


def add_body(session: Session, row: SupportBody) -> bool:
    """Keep a new body; False when there is one of its id, which ends the transaction."""
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        return False
    return True


def active_bodies(session: Session) -> Sequence[SupportBody]:
    """All bodies that may be asked, by name."""
    return session.scalars(select(SupportBody).where(SupportBody.active).order_by(SupportBody.name, SupportBody.id)).all()


def body(session: Session, body_id: UUID, *, lock: bool = False) -> SupportBody:
    """A body that helps; raises NotFound."""
    query = select(SupportBody).where(SupportBody.id == body_id)
    found = session.scalars(query.with_for_update(key_share=True).execution_options(populate_existing=True) if lock else query).first()
    if found is None:
        raise NotFound("There is no body of that id. See GET /api/v1/bodies for those that there are.")
    return found


def body_keys(session: Session) -> frozenset[str]:
    """The keys of the bodies that were brought in with the software."""
    return frozenset(session.scalars(select(SupportBody.key).where(SupportBody.key.is_not(None))))


def get(session: Session, referral_id: UUID, actor: Actor, *, lock: bool = False) -> Referral:
    """A referral that the actor may read; raises NotFound. `lock` keeps others from answering at the same time."""
    if lock:
        session.scalars(select(Referral.id).where(Referral.id == referral_id).with_for_update(key_share=True)).first()
    query = select(Referral).where(Referral.id == referral_id, referrals_visible_to(actor)).execution_options(populate_existing=lock)
    found = session.scalars(query).unique().first()
    if found is None:
        raise NotFound("There is no referral of that id that you may see. Check the id, or sign in as somebody who may.")
    return found


def of_clock(session: Session, referral_id: UUID) -> Referral | None:
    """The referral that a clock runs for, whoever asks; None when there is none. For chasers only."""
    return session.scalars(select(Referral).where(Referral.id == referral_id)).unique().first()


def innovation_of(session: Session, referral_id: UUID) -> UUID | None:
    """Whose referral it is, whoever asks; None when there is none."""
    return session.scalar(select(Referral.innovation_id).where(Referral.id == referral_id))


def page(
    session: Session,
    actor: Actor,
    *,
    state: ReferralState | None = None,
    body_id: UUID | None = None,
    innovation_id: UUID | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[Referral]:
    """Referrals that the actor may read, newest first."""
    query = select(Referral).where(referrals_visible_to(actor))
    if state is not None:
        query = query.where(Referral.state == state)
    if body_id is not None:
        query = query.where(Referral.body_id == body_id)
    if innovation_id is not None:
        query = query.where(Referral.innovation_id == innovation_id)
    return page_of(session, query.order_by(Referral.created_at.desc(), Referral.id), after=after, limit=limit, kinds=(datetime, UUID))


def counts(session: Session, actor: Actor) -> dict[str, int]:
    """How many referrals that the actor may read are in each state."""
    query = select(Referral.state, func.count()).where(referrals_visible_to(actor)).group_by(Referral.state)
    return {state.value: count for state, count in session.execute(query)}


def to_end(session: Session, innovation_id: UUID, states: Collection[ReferralState]) -> Sequence[Referral]:
    """The referrals of an innovation in some states, locked against those who answer, oldest first."""
    query = (
        select(Referral)
        .where(Referral.innovation_id == innovation_id, Referral.state.in_(states))
        .with_for_update(of=Referral, key_share=True)
    )
    return session.scalars(query.order_by(Referral.created_at, Referral.id).execution_options(populate_existing=True)).unique().all()


def open_of(session: Session, innovation_id: UUID, body_id: UUID) -> Referral | None:
    """The referral of an innovation that a body has or is asked to take; None when there is none."""
    query = select(Referral).where(Referral.innovation_id == innovation_id, Referral.body_id == body_id, Referral.state.in_(OPEN_REFERRALS))
    return session.scalars(query).unique().first()


def tried(session: Session, innovation_id: UUID) -> frozenset[UUID]:
    """The bodies that have an innovation now, or did not take it."""
    query = select(Referral.body_id).where(
        Referral.innovation_id == innovation_id, Referral.state.in_(OPEN_REFERRALS) | Referral.decline_code.is_not(None)
    )
    return frozenset(session.scalars(query))
