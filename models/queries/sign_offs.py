"""Who writes a need together, and who is asked to sign it off; whether the need may be read is asked before."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from models.actors import Actor
from models.queries.documents import NotFound
from models.sign_offs import NeedShare, SignOff


def shares_of(session: Session, need_id: UUID) -> Sequence[NeedShare]:
    """Those with whom a need was shared, in force or not, the latest first."""
    query = select(NeedShare).where(NeedShare.need_id == need_id).order_by(NeedShare.made_at.desc(), NeedShare.id)
    return session.scalars(query).unique().all()


def share(session: Session, share_id: UUID, *, lock: bool = False) -> NeedShare:
    """One share; raises NotFound."""
    query = select(NeedShare).where(NeedShare.id == share_id)
    if lock:
        query = query.with_for_update(of=NeedShare).execution_options(populate_existing=True)
    found = session.scalars(query).unique().first()
    if found is None:
        raise NotFound("This need is not shared so. Look at the need to see with whom it is.")
    return found


def in_force(session: Session, need_id: UUID, address: str, *, at: datetime) -> NeedShare | None:
    """The share of a need with an address that still works; None for none."""
    query = select(NeedShare).where(NeedShare.need_id == need_id, NeedShare.address == address, *_working(at))
    return session.scalars(query).unique().first()


def count_in_force(session: Session, need_id: UUID, *, at: datetime) -> int:
    """With how many people a need is shared now."""
    query = select(func.count(NeedShare.id)).where(NeedShare.need_id == need_id, *_working(at))
    return session.scalars(query).one()


def _working(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return (NeedShare.ended_at.is_(None), NeedShare.expires_at > at)


def forget_shares_with(session: Session, address: str) -> None:
    """Delete the shares with an address, because whose it is was erased."""
    session.execute(delete(NeedShare).where(NeedShare.address == address))


def forget_shares_before(session: Session, moment: datetime) -> None:
    """Forget with whom needs were shared whose links have long been too old."""
    session.execute(update(NeedShare).where(NeedShare.expires_at < moment).values(address=""))


def sign_offs_of(session: Session, need_id: UUID) -> Sequence[SignOff]:
    """Who was asked to sign a need off, and what they said, the latest first."""
    query = select(SignOff).where(SignOff.need_id == need_id).order_by(SignOff.asked_at.desc(), SignOff.id)
    return session.scalars(query).unique().all()


def waiting_for(session: Session, actor: Actor) -> Sequence[SignOff]:
    """What waits for the actor's own answer, the oldest first."""
    query = select(SignOff).where(SignOff.person_id == actor.person_id, SignOff.answered_at.is_(None))
    return session.scalars(query.order_by(SignOff.asked_at, SignOff.id)).unique().all()


def sign_off(session: Session, sign_off_id: UUID, *, lock: bool = False) -> SignOff:
    """One that was asked for, whoever asks; raises NotFound."""
    query = select(SignOff).where(SignOff.id == sign_off_id)
    if lock:
        query = query.with_for_update(of=SignOff).execution_options(populate_existing=True)
    found = session.scalars(query).unique().first()
    if found is None:
        raise NotFound("There is no sign-off of that id that you may see. Check the id, or sign in as whoever was asked.")
    return found
