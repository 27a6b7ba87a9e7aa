"""Who may read what: the policies for reading as SQL; every query that answers somebody filters by one of these."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, false, or_, select, true
from sqlalchemy.orm import aliased

from models.actors import Actor
from models.decisions import Decision
from models.documents import Readability, Visibility
from models.events import Event
from models.grants import Policy, Relation
from models.imports import ImportBatch
from models.innovations import SEARCHABLE_STATUSES, Innovation
from models.links import Invitation
from models.needs import Need, NeedStatus
from models.place_answers import Closing, PlaceAnswer, QuestionState
from models.places import Place
from models.policies import (
    EVENT_READ,
    IMPORT_READ,
    INNOVATION_READ,
    INVITATION_READ,
    NEED_READ,
    PLACE_ANSWER_READ,
    PROPOSAL_READ,
    REFERRAL_READ,
    SUBMISSION_READ,
)
from models.proposals import Proposal, ProposalState
from models.referrals import BodyKind, Referral, SupportBody
from models.triage import Submission

Condition = ColumnElement[bool]

NEED_IS_SEARCHABLE = and_(Need.live, Need.status == NeedStatus.OPEN, Need.readability == Readability.READABLE)
INNOVATION_IS_SEARCHABLE = and_(
    Innovation.live,
    Innovation.merged_into_id.is_(None),
    Innovation.status.in_(SEARCHABLE_STATUSES),
    Innovation.consent_at.is_not(None),
    Innovation.readability == Readability.READABLE,
)

# A question that was never put to a place is none of its business, however it ended; nor is one about what was taken back to
# the Hub alone before anybody was introduced.
_NOT_HIDDEN = or_(
    PlaceAnswer.introduced_at.is_not(None),
    PlaceAnswer.proposal.has(Proposal.innovation.has(Innovation.visibility != Visibility.HUB_ONLY)),
)
QUESTION_IS_PUT = and_(PlaceAnswer.asked_at.is_not(None), PlaceAnswer.state != QuestionState.HELD, _NOT_HIDDEN)
_STATE_OF_A_QUESTION = case((QUESTION_IS_PUT, cast(PlaceAnswer.state, String)), else_=QuestionState.HELD.value)
_HANDED_ON = and_(Proposal.state == ProposalState.CONFIRMED, Proposal.decisions.any(Decision.announced_at.is_not(None)))


def needs_visible_to(actor: Actor) -> Condition:
    """The needs that an actor may read."""
    return and_(Need.live, _granted(NEED_READ, actor, Need.status, Need, _of_a_need))


def innovations_visible_to(actor: Actor) -> Condition:
    """The innovations that an actor may read."""
    return and_(Innovation.live, _granted(INNOVATION_READ, actor, Innovation.status, Innovation, _of_an_innovation))


def proposals_visible_to(actor: Actor) -> Condition:
    """The proposals that an actor may read."""
    return _granted(PROPOSAL_READ, actor, Proposal.state, Proposal, _of_a_proposal)


def place_answers_visible_to(actor: Actor) -> Condition:
    """The questions to places that an actor may read."""
    return _granted(PLACE_ANSWER_READ, actor, _STATE_OF_A_QUESTION, PlaceAnswer, {Relation.OWNER: _is_asked})


def events_visible_to(actor: Actor) -> Condition:
    """The events that an actor may read."""
    return _granted(EVENT_READ, actor, Event.kind, Event, {})


def submissions_visible_to(actor: Actor) -> Condition:
    """The submissions that an actor may read."""
    return _granted(SUBMISSION_READ, actor, Submission.state, Submission, {})


def invitations_visible_to(actor: Actor) -> Condition:
    """The invitations that an actor may see."""
    own = or_(Invitation.place_id.in_(actor.place_ids), Invitation.organisation_id.in_(actor.organisation_ids))
    return _granted(INVITATION_READ, actor, Invitation.role, Invitation, {Relation.OWNER: lambda _actor: own})


def imports_visible_to(actor: Actor) -> Condition:
    """The imports whose reports an actor may read."""
    return _granted(IMPORT_READ, actor, ImportBatch.status, ImportBatch, {Relation.AUTHOR: _by_them(ImportBatch)})


def referrals_visible_to(actor: Actor) -> Condition:
    """The referrals that an actor may read."""
    return and_(Referral.innovation.has(Innovation.live), _granted(REFERRAL_READ, actor, Referral.state, Referral, _of_a_referral))


Relations = dict[Relation, Callable[[Actor], Condition]]


def _granted(policy: Policy, actor: Actor, state: Any, table: Any, relations: Relations) -> Condition:  # noqa: ANN401 -- columns and tables
    """The rows that the actor's grants cover: `Policy.allows`, asked of all rows at once."""
    clauses: list[Condition] = []
    for grant in policy.held(actor):
        needed = [] if grant.on is Relation.ANY else [relations[grant.on](actor)]
        if grant.states:
            needed.append(state.in_(sorted(grant.states)))
        if grant.visibilities:
            needed.append(table.visibility.in_(sorted(grant.visibilities)))
        if grant.consented:
            needed.append(table.consent_at.is_not(None))
        if not needed:
            return true()
        clauses.append(and_(*needed))
    return or_(false(), *clauses)


def _by_them(table: Any) -> Callable[[Actor], Condition]:  # noqa: ANN401 -- a table whose rows tell who brought them in
    return lambda actor: table.created_by == actor.name


def _owns_the_need(actor: Actor) -> Condition:
    """Its owning place; without one, all its places together."""
    together = and_(Need.owner_place_id.is_(None), Need.places.any(), ~Need.places.any(Place.id.not_in(actor.place_ids)))
    return or_(Need.owner_place_id.in_(actor.place_ids), together)


def _concerns(actor: Actor) -> Condition:
    return Need.places.any(Place.id.in_(actor.place_ids))


def _owns_the_innovation(actor: Actor) -> Condition:
    return Innovation.supplier_id.in_(actor.organisation_ids)


def _is_asked(actor: Actor) -> Condition:
    return PlaceAnswer.place_id.in_(actor.place_ids)


def _was_asked(actor: Actor) -> Condition:
    """Their place was, or West Yorkshire as one voice for a need that names it; who has left the joint need no longer reads its matches."""
    stays = or_(PlaceAnswer.closing.is_(None), PlaceAnswer.closing != Closing.PLACE_LEFT)
    for_them = or_(_is_asked(actor), and_(PlaceAnswer.place_id.is_(None), Proposal.need.has(_concerns(actor))))
    return Proposal.place_answers.any(and_(QUESTION_IS_PUT, stays, for_them))


def _was_handed_on(_actor: Actor) -> Condition:
    """Itself, or as one that was merged into it: whoever was handed a match finds it where it is now."""
    part = aliased(Innovation)
    matched = select(Proposal.innovation_id).where(_HANDED_ON)
    return or_(Innovation.id.in_(matched), Innovation.id.in_(select(part.merged_into_id).where(part.id.in_(matched))))


def _matched_need_concerns(actor: Actor) -> Condition:
    """An older text of the innovation than today's may have been for the Hub alone."""
    as_judged = and_(innovations_visible_to(actor), Innovation.revision == Proposal.innovation_revision)
    return and_(Proposal.need.has(_concerns(actor)), Proposal.innovation.has(as_judged))


_of_a_need: Relations = {
    Relation.OWNER: _owns_the_need,
    Relation.CONCERNED: _concerns,
    Relation.HANDED_ON: lambda _actor: Need.id.in_(select(Proposal.need_id).where(_HANDED_ON)),
}
_of_an_innovation: Relations = {
    Relation.OWNER: _owns_the_innovation,
    Relation.AUTHOR: _by_them(Innovation),
    Relation.HANDED_ON: _was_handed_on,
}
_of_a_proposal: Relations = {
    Relation.CONCERNED: _matched_need_concerns,
    Relation.ASKED: _was_asked,
    Relation.HANDED_ON: lambda _actor: _HANDED_ON,
}
_of_a_referral: Relations = {
    Relation.OWNER: lambda actor: Referral.innovation.has(_owns_the_innovation(actor)),
    Relation.HANDED_ON: lambda _actor: Referral.body.has(SupportBody.kind == BodyKind.HEALTH_INNOVATION_NETWORK),
}
