"""Where an innovation is, for whoever offers it: whose turn it is, by when, and the last letter."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from models.actors import Actor
from models.clocks import ClockKind
from models.innovations import Innovation, InnovationStatus
from models.policies import INNOVATION_READ_STATUS
from models.queries import clocks, documents, triage
from models.subjects import subject_of
from models.triage import Ask, Outcome, OutcomeKind, Submission


class Turn(StrEnum):
    """Who has to do something next."""

    YOU = "you"
    HUB = "hub"
    BODY = "body"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """One plain status and the next step; `letter` is the last outcome whose letter has left."""

    innovation: Innovation
    submission: Submission | None
    says: str
    turn: Turn
    by: date | None = None
    ask: Ask | None = None
    letter: Outcome | None = None


_READING = "We are reading it. We tell you what we decided."
_AFTER: dict[OutcomeKind | None, tuple[str, Turn]] = {
    OutcomeKind.ACTIVE: ("It is on our list. We compare it with every new need, and write to you when one fits.", Turn.HUB),
    OutcomeKind.REFER: ("We have passed it on to a body that may help you. They say whether they can.", Turn.BODY),
    OutcomeKind.ARCHIVE: ("We do not take it further now. Our letter says why. You can change it and hand it in again.", Turn.YOU),
}


def whereabouts(session: Session, innovation_id: UUID, *, actor: Actor, at: datetime) -> Whereabouts:
    """Where an innovation is. An outcome that can still be undone is not told; raises NotFound or NotAllowed."""
    innovation = documents.innovation(session, innovation_id, actor)
    INNOVATION_READ_STATUS.check(actor, subject_of(innovation))
    row = triage.current(session, innovation_id)
    found = _where(session, innovation, row)
    letters = [each for one in triage.of_innovation(session, innovation_id) for each in one.outcomes if each.settled_at is not None]
    asked = row.open_ask if row is not None and found.turn is Turn.YOU else None
    return Whereabouts(
        innovation=innovation,
        submission=row,
        says=found.says,
        turn=found.turn,
        by=found.by,
        ask=asked,
        letter=letters[-1] if letters else None,
    )


@dataclass(frozen=True, slots=True)
class _Where:
    says: str
    turn: Turn
    by: date | None = None


def _where(session: Session, innovation: Innovation, row: Submission | None) -> _Where:
    if (found := _outside(innovation)) is not None:
        return found
    if row is None:
        return _Where("It is not in our queue: nobody has agreed yet that we may use it. Say who agrees, and we read it.", Turn.YOU)
    last = row.standing
    if row.is_open and row.open_ask is not None and last is not None and last.settled_at is not None:
        return _Where("We have a question. Answer it, so that we can go on.", Turn.YOU, row.open_ask.answer_by)
    if row.is_open or last is None or last.settled_at is None:
        clock = clocks.of(session, ClockKind.TRIAGE, row.id)
        return _Where(_READING, Turn.HUB, clock.overdue_on if clock is not None else None)
    says, turn = _AFTER[row.outcome]
    offered = clocks.of(session, ClockKind.REFERRAL, last.referral_id) if last.referral_id is not None else None
    return _Where(says, turn, offered.overdue_on if offered is not None else None)


def _outside(innovation: Innovation) -> _Where | None:
    """What is said of one that nobody is to read now; None of the others."""
    if innovation.status is InnovationStatus.WITHDRAWN:
        return _Where("You have withdrawn it. Nobody reads it any more.", Turn.NOBODY)
    if innovation.merged_into_id is not None:
        return _Where("It is the same as another innovation of yours or of a colleague, which goes on in its place.", Turn.NOBODY)
    if innovation.status is InnovationStatus.DRAFT:
        return _Where("It is a draft. Hand it in when you are ready.", Turn.YOU)
    return None
