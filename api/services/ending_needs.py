"""open -> met or closed: a need ends with its result against where it began, or with the reason; or it is renewed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.services import calling, deciding, joining, place_answers
from api.services.recording import record
from models.actors import Actor
from models.base import DomainError
from models.documents import Side, StaleVersion, TransitionRefused
from models.events import Event
from models.grants import Policy
from models.need_results import NeedResult
from models.needs import Need, NeedStatus
from models.policies import NEED_CLOSE, NEED_MEET, NEED_RENEW
from models.queries import documents, joint_needs, proposals
from models.subjects import subject_of
from models.working_days import day_of

_RENEWED_AT_MOST: Final = timedelta(days=3 * 365 + 1)


class ResultRefused(DomainError):
    """The day or the match of a result is not one that it can have."""


@dataclass(frozen=True, slots=True)
class Result:
    """What was reached: in words, measured as the need's metric asks, since when, and by which match if by one."""

    text: str
    measured_value: str = ""
    on_date: date | None = None
    proposal_id: UUID | None = None


def meet(session: Session, need_id: UUID, result: Result, *, actor: Actor, at: datetime, version: int | None = None) -> NeedResult:
    """End a need with its result; matches that were announced go on, and whatever else is open on it ends.

    Raises ResultRefused for a day to come or before the need was there, or a match of another need, TransitionRefused unless
    the need is open.
    """
    need = _to_end(session, need_id, NEED_MEET, actor=actor, version=version)
    on_date = result.on_date or day_of(at)
    if on_date > day_of(at):
        raise ResultRefused("That day is still to come. Give the day on which it was measured.", field="on_date")
    if on_date < (first := day_of(need.created_at)):
        raise ResultRefused(f"This need was written down on {first:%d %B %Y}. Give that day or a later one.", field="on_date")
    _check_match(session, need, result.proposal_id, actor)
    return _end(
        session,
        need,
        NeedResult(
            outcome=NeedStatus.MET,
            text=result.text,
            measured_value=result.measured_value,
            on_date=on_date,
            proposal_id=result.proposal_id,
        ),
        actor=actor,
        at=at,
    )


def close(session: Session, need_id: UUID, reason: str, *, actor: Actor, at: datetime, version: int | None = None) -> NeedResult:
    """End a need that was not met, with the reason; raises TransitionRefused unless it is open."""
    need = _to_end(session, need_id, NEED_CLOSE, actor=actor, version=version)
    return _end(session, need, NeedResult(outcome=NeedStatus.CLOSED, text=reason, on_date=day_of(at)), actor=actor, at=at)


def renew(session: Session, need_id: UUID, review_date: date, *, actor: Actor, at: datetime, version: int | None = None) -> Need:
    """Say that an open need still stands, until another day.

    Raises ResultRefused for a day that is over, no later than before, or more than three years ahead.
    """
    need = _to_change(session, need_id, NEED_RENEW, actor=actor, version=version)
    if need.status is not NeedStatus.OPEN:
        raise TransitionRefused(f"Only an open need is renewed, and this one is {need.status}.", status=need.status.value)
    if review_date <= max(day_of(at), need.review_date or day_of(at)):
        raise ResultRefused("Give a day to come, later than the one on which the need was to be looked at.", field="review_date")
    if review_date > day_of(at) + _RENEWED_AT_MOST:
        raise ResultRefused("Give a day within three years. The need can be renewed again then.", field="review_date")
    need.review_date = review_date
    need.version += 1
    need.updated_at = at
    record(session, _event("need.renewed", need, actor, at, review_date=review_date.isoformat()), at=at)
    session.flush()
    return need


def _to_end(session: Session, need_id: UUID, policy: Policy, *, actor: Actor, version: int | None) -> Need:
    joining.lock(session, need_id)
    return _to_change(session, need_id, policy, actor=actor, version=version)


def _to_change(session: Session, need_id: UUID, policy: Policy, *, actor: Actor, version: int | None) -> Need:
    need: Need = documents.get(session, Side.NEED, need_id, actor, lock=True)
    policy.check(actor, subject_of(need))
    if version is not None and version != need.version:
        raise StaleVersion("Somebody changed this need after you read it. Read it again and repeat your change.", version=need.version)
    return need


def _check_match(session: Session, need: Need, proposal_id: UUID | None, actor: Actor) -> None:
    """It was announced, for this need or for one that is joint with it."""
    if proposal_id is None:
        return
    proposal = proposals.get(session, proposal_id, actor)
    if proposal.need_id not in {each.id for each in joint_needs.together(session, need.id)} or not proposal.handed_on:
        raise ResultRefused("Name a confirmed match of this need, or leave it out.", field="proposal_id")


def _end(session: Session, need: Need, result: NeedResult, *, actor: Actor, at: datetime) -> NeedResult:
    need.move_to(result.outcome, at=at)
    need.version += 1
    result.need_id = need.id
    result.metric, result.baseline, result.target = need.metric, need.baseline, need.target
    result.recorded_at, result.recorded_by, result.recorded_by_name = at, actor.name, actor.shown_as
    session.add(result)
    session.flush()
    kind = "need.met" if result.outcome is NeedStatus.MET else "need.closed"
    by = str(result.proposal_id) if result.proposal_id is not None else None
    record(session, _event(kind, need, actor, at, proposal=by, on_date=result.on_date.isoformat()), at=at)
    place_answers.close_of_need(session, need.id, at=at)
    joining.end(session, need, actor=actor, at=at)
    deciding.settle(session, need.id, actor=actor, at=at)
    calling.settled(session, need.id, actor=actor, at=at)
    session.flush()
    return result


def _event(kind: str, need: Need, actor: Actor, at: datetime, **data: str | None) -> Event:
    said: dict[str, Any] = {"revision": need.revision, "status": need.status.value, **data}
    return Event.of(kind, subject_kind=Side.NEED.value, subject_id=need.id, actor=actor.name, at=at, **said)
