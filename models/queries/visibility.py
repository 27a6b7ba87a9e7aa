"""Who may read what: every query of needs, innovations and proposals goes through here."""

from sqlalchemy import ColumnElement, and_, false, or_, select, true

from models.actors import Actor
from models.decisions import Decision
from models.documents import Readability, Visibility
from models.innovations import SEARCHABLE_STATUSES, Innovation
from models.needs import Need, NeedStatus
from models.people import Role
from models.places import Place
from models.proposals import Proposal, ProposalState

_SHOWN_NEED_STATUSES = (NeedStatus.OPEN, NeedStatus.MET, NeedStatus.CLOSED)
NEED_IS_SEARCHABLE = and_(Need.live, Need.status == NeedStatus.OPEN, Need.readability == Readability.READABLE)
INNOVATION_IS_SEARCHABLE = and_(
    Innovation.live,
    Innovation.status.in_(SEARCHABLE_STATUSES),
    Innovation.consent_at.is_not(None),
    Innovation.readability == Readability.READABLE,
)

_HANDED_ON = and_(Proposal.state == ProposalState.CONFIRMED, Proposal.decisions.any(Decision.announced_at.is_not(None)))


def needs_visible_to(actor: Actor) -> ColumnElement[bool]:
    """The needs that an actor may read: public ones, partners' ones, their own place's, all for the Hub."""
    if actor.is_hub:
        return and_(Need.live)
    open_to = [Visibility.PUBLIC, Visibility.PARTNERS] if actor.is_partner else [Visibility.PUBLIC]
    readable = and_(Need.live, Need.status.in_(_SHOWN_NEED_STATUSES), Need.visibility.in_(open_to))
    if Role.PIPELINE in actor.roles:
        readable = or_(readable, Need.id.in_(select(Proposal.need_id).where(_HANDED_ON)))
    if Role.PLACE not in actor.roles:
        return readable
    return or_(readable, and_(Need.live, Need.places.any(Place.id.in_(actor.place_ids))))


def innovations_visible_to(actor: Actor) -> ColumnElement[bool]:
    """The innovations that an actor may read: all for the Hub, else their own and, for partners, the released ones.

    The pipeline also reads those of the matches that were handed on to it.
    """
    if actor.is_hub:
        return and_(Innovation.live)
    if actor.is_anonymous:
        return false()
    own = and_(Innovation.live, or_(Innovation.supplier_id.in_(actor.organisation_ids), Innovation.created_by == actor.name))
    if not actor.is_partner:
        return own
    if Role.PIPELINE in actor.roles:
        own = or_(own, Innovation.id.in_(select(Proposal.innovation_id).where(_HANDED_ON)))
    released = and_(
        Innovation.live,
        Innovation.status.in_(SEARCHABLE_STATUSES),
        Innovation.consent_at.is_not(None),
        Innovation.visibility.in_([Visibility.PUBLIC, Visibility.PARTNERS]),
    )
    return or_(own, released)


def proposals_visible_to(actor: Actor) -> ColumnElement[bool]:
    """The proposals that an actor may read: all for the Hub, and for the pipeline those that were handed on to it.

    A place reads those in force on its own needs, of innovations that are released to it and say today what was
    judged: an older text may have been for the Hub alone.
    """
    if actor.is_hub:
        return true()
    if Role.PLACE in actor.roles:
        today = and_(innovations_visible_to(actor), Innovation.revision == Proposal.innovation_revision)
        mine = Need.places.any(Place.id.in_(actor.place_ids))
        return and_(Proposal.state != ProposalState.SUPERSEDED, Proposal.need.has(mine), Proposal.innovation.has(today))
    if Role.PIPELINE in actor.roles:
        return _HANDED_ON
    return false()
