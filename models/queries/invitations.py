"""Invitations: those that somebody may see, and the one of a link."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.actors import Actor
from models.links import Invitation
from models.queries.documents import NotFound
from models.queries.pages import Page, page_of
from models.queries.visibility import invitations_visible_to


def page(session: Session, actor: Actor, *, after: str | None, limit: int) -> Page[Invitation]:
    """The invitations that an actor may see, latest first."""
    query = select(Invitation).where(invitations_visible_to(actor)).order_by(Invitation.made_at.desc(), Invitation.id)
    return page_of(session, query, after=after, limit=limit, kinds=(datetime, UUID))


def open_ones(session: Session, actor: Actor, *, at: datetime, limit: int) -> Sequence[Invitation]:
    """Those that the actor may see and that may still be accepted, latest first."""
    waits = Invitation.accepted_at.is_(None) & Invitation.taken_back_at.is_(None) & (Invitation.expires_at > at)
    query = select(Invitation).where(invitations_visible_to(actor), waits)
    return session.scalars(query.order_by(Invitation.made_at.desc(), Invitation.id).limit(limit)).all()


def get(session: Session, invitation_id: UUID, actor: Actor, *, lock: bool = False) -> Invitation:
    """An invitation that the actor may see; raises NotFound. `lock` keeps it from being accepted at the same time."""
    query = select(Invitation).where(Invitation.id == invitation_id, invitations_visible_to(actor))
    found = session.scalars(query.with_for_update().execution_options(populate_existing=True) if lock else query).first()
    if found is None:
        raise NotFound("There is no invitation of that id that you may see. Check the id, or sign in as somebody who may.")
    return found


def of_link(session: Session, invitation_id: UUID) -> Invitation:
    """The invitation that a good link is about."""
    return session.get_one(Invitation, invitation_id)


def same_since(session: Session, wanted: Invitation, since: datetime) -> Invitation | None:
    """The invitation of the same person to the same address and role that was made since a moment and still counts; None for none."""
    query = select(Invitation).where(
        Invitation.invited_by == wanted.invited_by,
        Invitation.address == wanted.address,
        Invitation.role == wanted.role,
        Invitation.place_id.is_not_distinct_from(wanted.place_id),
        Invitation.organisation_id.is_not_distinct_from(wanted.organisation_id),
        Invitation.made_at > since,
        Invitation.accepted_at.is_(None),
        Invitation.taken_back_at.is_(None),
    )
    return session.scalars(query.order_by(Invitation.made_at.desc(), Invitation.id)).first()


def made_since(session: Session, person_id: UUID, since: datetime) -> int:
    """How many invitations a person has made since a moment."""
    return session.scalars(select(func.count()).where(Invitation.invited_by == person_id, Invitation.made_at > since)).one()
