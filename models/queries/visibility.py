"""Who may read what: every query of needs, innovations and proposals goes through here."""

from sqlalchemy import ColumnElement, and_, false, or_, true

from models.actors import Actor
from models.documents import Readability, Visibility
from models.innovations import SEARCHABLE_STATUSES, Innovation
from models.needs import Need, NeedStatus
from models.people import Role
from models.places import Place
from models.proposals import Proposal

_SHOWN_NEED_STATUSES = (NeedStatus.OPEN, NeedStatus.MET, NeedStatus.CLOSED)
NEED_IS_SEARCHABLE = and_(Need.live, Need.status == NeedStatus.OPEN, Need.readability == Readability.READABLE)
INNOVATION_IS_SEARCHABLE = and_(
    Innovation.live,
    Innovation.status.in_(SEARCHABLE_STATUSES),
    Innovation.consent_at.is_not(None),
    Innovation.readability == Readability.READABLE,
)


def needs_visible_to(actor: Actor) -> ColumnElement[bool]:
    """The needs that an actor may read: public ones, partners' ones, their own place's, all for the Hub."""
    if actor.is_hub:
        return and_(Need.live)
    open_to = [Visibility.PUBLIC, Visibility.PARTNERS] if actor.is_partner else [Visibility.PUBLIC]
    readable = and_(Need.live, Need.status.in_(_SHOWN_NEED_STATUSES), Need.visibility.in_(open_to))
    if Role.PLACE not in actor.roles:
        return readable
    return or_(readable, and_(Need.live, Need.places.any(Place.id.in_(actor.place_ids))))


def innovations_visible_to(actor: Actor) -> ColumnElement[bool]:
    """The innovations that an actor may read: all for the Hub, their own for innovators, released ones for partners."""
    if actor.is_hub:
        return and_(Innovation.live)
    own = and_(Innovation.live, Innovation.supplier_id.in_(actor.organisation_ids)) if actor.organisation_ids else false()
    if not actor.is_partner:
        return own
    released = and_(
        Innovation.live,
        Innovation.status.in_(SEARCHABLE_STATUSES),
        Innovation.consent_at.is_not(None),
        Innovation.visibility.in_([Visibility.PUBLIC, Visibility.PARTNERS]),
    )
    return or_(own, released)


def proposals_visible_to(actor: Actor) -> ColumnElement[bool]:
    """The proposals that an actor may read: all for the Hub; for places those on their own needs, of innovations released to them."""
    if actor.is_hub:
        return true()
    if Role.PLACE in actor.roles:
        return and_(
            Proposal.need.has(Need.places.any(Place.id.in_(actor.place_ids))), Proposal.innovation.has(innovations_visible_to(actor))
        )
    return false()
