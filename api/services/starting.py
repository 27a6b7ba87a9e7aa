"""What waits for somebody when they come in: a few of each kind, what is most pressing first, as far as they may see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.services import following
from api.services.following import Turn, Whereabouts
from api.services.place_answers import name_as_judged
from models.actors import Actor
from models.innovations import Innovation
from models.people import Role
from models.place_answers import PlaceAnswer, QuestionState
from models.policies import ACCOUNT_READ, PROPOSAL_DECIDE, REFERRAL_CLOSE, SUBMISSION_READ
from models.queries import organisations, place_answers, proposals, referrals, sign_offs, starting, triage
from models.queries.triage import Wanted
from models.referrals import ReferralState
from models.working_days import day_of

SHOWN: Final = 3
"""Of each kind; the lists have the rest."""
_LATELY: Final = timedelta(days=14)


class Todo(StrEnum):
    """What may wait."""

    OFFERS = "offers"
    QUESTIONS = "questions"
    QUESTIONS_FOR_ALL = "questions_for_all"
    SIGN_OFFS = "sign_offs"
    JOINED = "joined"
    RENEWALS = "renewals"
    DRAFTS = "drafts"
    TRIAGE = "triage"
    MATCHES = "matches"
    DECLINED = "declined"
    ORGANISATIONS = "organisations"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits: its id and words; for an innovator where it is, for others by when."""

    id: UUID
    name: str
    other: str = ""
    by: date | None = None
    where: Whereabouts | None = None


Found = dict[Todo, Sequence[Waiting]]


def waiting_for(session: Session, actor: Actor, *, at: datetime, undo_window_seconds: float) -> Found:
    """What waits for the actor, kind by kind, in the order in which it is shown; a kind that is not theirs is left out."""
    found: Found = {}
    if Role.INNOVATOR in actor.roles:
        found[Todo.OFFERS] = _offers(session, actor, at, undo_window_seconds)
    if Role.PLACE in actor.roles:
        found |= _of_places(session, actor, at)
    if SUBMISSION_READ.admits(actor):
        queue = triage.queue(session, actor, Wanted(waits_for=actor.person_id), today=day_of(at), limit=SHOWN).rows
        found[Todo.TRIAGE] = [Waiting(row.id, row.innovation.name, _supplier(row.innovation)) for row in queue]
    if actor.is_hub:
        asked = place_answers.page(session, actor, state=QuestionState.ASKED, for_all=True, oldest_first=True, limit=SHOWN).rows
        found[Todo.QUESTIONS_FOR_ALL] = [_question(row) for row in asked]
    if PROPOSAL_DECIDE.admits(actor):
        matches = proposals.queue(session, actor, at=at, but_innovations=triage.put_off(day_of(at)), limit=SHOWN).rows
        found[Todo.MATCHES] = [Waiting(row.id, row.innovation.name, row.need.title) for row in matches]
    if REFERRAL_CLOSE.admits(actor):
        declined = referrals.page(session, actor, state=ReferralState.DECLINED, limit=SHOWN).rows
        found[Todo.DECLINED] = [Waiting(row.innovation_id, row.innovation.name, row.body.name) for row in declined]
    if ACCOUNT_READ.admits(actor):
        found[Todo.ORGANISATIONS] = [Waiting(row.id, row.name) for row in organisations.unconfirmed(session)[:SHOWN]]
    return found


def _question(row: PlaceAnswer) -> Waiting:
    return Waiting(row.id, name_as_judged(row.proposal), row.need.title, row.answer_by)


def _supplier(innovation: Innovation) -> str:
    return innovation.supplier.name if innovation.supplier is not None else ""


def _offers(session: Session, actor: Actor, at: datetime, undo_window_seconds: float) -> list[Waiting]:
    """What the actor's organisations offer, latest first, but what waits for them before the rest."""
    told = [
        following.whereabouts(session, row.id, actor=actor, at=at, undo_window_seconds=undo_window_seconds)
        for row in starting.offers(session, actor, limit=SHOWN)
    ]
    ordered = sorted(told, key=lambda where: where.turn is not Turn.YOU)
    return [Waiting(where.innovation.id, where.innovation.name, where=where) for where in ordered]


def _of_places(session: Session, actor: Actor, at: datetime) -> Found:
    asked = place_answers.page(session, actor, state=QuestionState.ASKED, oldest_first=True, limit=SHOWN).rows
    due = starting.needs_to_renew(session, actor, day=day_of(at), limit=SHOWN)
    begun = starting.needs_begun(session, actor, limit=SHOWN)
    joined = starting.joined_lately(session, actor, since=at - _LATELY, limit=SHOWN)
    return {
        Todo.QUESTIONS: [_question(row) for row in asked],
        Todo.SIGN_OFFS: [Waiting(row.id, row.need.title, row.asked_by_name) for row in sign_offs.waiting_for(session, actor)[:SHOWN]],
        Todo.JOINED: [Waiting(theirs.id, theirs.title, own.title) for theirs, own in joined],
        Todo.RENEWALS: [Waiting(row.id, row.title, by=row.review_date) for row in due],
        Todo.DRAFTS: [Waiting(row.id, row.title) for row in begun],
    }
