"""Where an innovation is, for whoever offers it: whose turn it is, by when, and the last letter."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from models.actors import Actor
from models.clocks import OVERDUE_AFTER, ClockKind
from models.documents import Visibility
from models.innovations import Innovation, InnovationStatus
from models.pipeline import PipelineStage
from models.place_answers import PlaceAnswer, PlaceReply, QuestionState
from models.policies import INNOVATION_READ_STATUS
from models.queries import clocks, documents, triage
from models.queries import following as rows
from models.referrals import Referral, ReferralState
from models.subjects import subject_of
from models.triage import STATUS_AFTER, Ask, Outcome, OutcomeKind, Submission
from models.working_days import add_working_days, day_of, is_working_day

_DAY: Final = timedelta(days=1)


class Turn(StrEnum):
    """Who has to do something next."""

    YOU = "you"
    PLACES = "places"
    BODY = "body"
    HUB = "hub"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """One plain status and the next step; `letters` are the outcomes whose letters have left, oldest first.

    `status` is the innovation's as far as it has been told: what can still be undone stands as being looked at.
    """

    innovation: Innovation
    submission: Submission | None
    status: InnovationStatus
    says: str
    turn: Turn
    by: date | None = None
    ask: Ask | None = None
    letters: Sequence[Outcome] = ()

    @property
    def letter(self) -> Outcome | None:
        """The last of them."""
        return self.letters[-1] if self.letters else None


@dataclass(frozen=True, slots=True)
class _Where:
    says: str
    turn: Turn
    by: date | None = None


_READING: Final = "We are reading it. We tell you what we decided."
_LISTED: Final = _Where("It is on our list. We compare it with every new need, and write to you when one fits.", Turn.HUB)
_ARCHIVED: Final = _Where("We do not take it further now. Our letter says why. You can change it and send it in again.", Turn.YOU)
_STAGES: Final[Mapping[PipelineStage, tuple[str, Turn]]] = MappingProxyType(
    {
        PipelineStage.INTRODUCED: ("You were introduced to {places}. Write to them, if they have not written to you.", Turn.YOU),
        PipelineStage.PILOTING: ("They try it out: {places}.", Turn.PLACES),
        PipelineStage.EVALUATING: ("They look at whether it works for them: {places}.", Turn.PLACES),
        PipelineStage.SPREAD: ("They use it, and others begin to: {places}.", Turn.HUB),
        PipelineStage.ADOPTED: ("They use it: {places}.", Turn.HUB),
        PipelineStage.STOPPED: ("They go no further with it: {places}.", Turn.HUB),
    }
)
"""How far a match has come in the places where it stands, in the order in which it is told."""
_OFFERED: Final[Mapping[ReferralState, tuple[str, Turn]]] = MappingProxyType(
    {
        ReferralState.OFFERED: ("We have passed it on to {body}. They say whether they can help.", Turn.BODY),
        ReferralState.ACCEPTED: ("{body} can help you. Get in touch with them; our mail says how.", Turn.YOU),
        ReferralState.DECLINED: ("{body} cannot help now. We look for somebody else who can, and tell you.", Turn.HUB),
        ReferralState.CLOSED: ("We had asked {body} to help you. That has ended.", Turn.HUB),
    }
)


def whereabouts(session: Session, innovation_id: UUID, *, actor: Actor, at: datetime, undo_window_seconds: float) -> Whereabouts:
    """Where an innovation is; raises NotFound or NotAllowed. What can still be undone or changed is not told, nor hinted at."""
    innovation = documents.innovation(session, innovation_id, actor)
    INNOVATION_READ_STATUS.check(actor, subject_of(innovation))
    row = triage.current(session, innovation_id)
    found = _outside(session, innovation) or _inside(session, row, at=at, undo_window_seconds=undo_window_seconds)
    letters = [each for one in triage.of_innovation(session, innovation_id) for each in one.outcomes if each.settled_at is not None]
    asked = _asked(row) if row is not None and found.turn is Turn.YOU else None
    return Whereabouts(
        innovation=innovation,
        submission=row,
        status=_told(innovation, row),
        says=found.says,
        turn=found.turn,
        by=found.by,
        ask=asked,
        letters=letters,
    )


def _told(innovation: Innovation, row: Submission | None) -> InnovationStatus:
    last = row.standing if row is not None else None
    untold = last is not None and last.settled_at is None and innovation.status in STATUS_AFTER.values()
    return InnovationStatus.IN_TRIAGE if untold else innovation.status


def _inside(session: Session, row: Submission | None, *, at: datetime, undo_window_seconds: float) -> _Where:
    if row is None:
        return _Where("It is not in our queue: nobody has agreed yet that we may use it. Say who agrees, and we read it.", Turn.YOU)
    if (asked := _asked(row)) is not None:
        return _Where("We have a question. Answer it, so that we can go on.", Turn.YOU, asked.answer_by)
    last = row.standing
    if row.outcome is None or last is None or last.settled_at is None:
        return _Where(_READING, Turn.HUB, _read_by(session, row, at=at))
    if row.outcome is OutcomeKind.ARCHIVE:
        return _ARCHIVED
    questions = rows.questions(session, row.innovation_id)
    waited_for = [each for each in questions if _is_waited_for(each, at, undo_window_seconds)]
    return _together([*_in_places(session, row, questions), *_put_to_places(row, questions, waited_for), *_referred(session, row)])


def _asked(row: Submission) -> Ask | None:
    """What the innovator was asked and has not answered, also while an outcome that ended it can still be undone."""
    told = {each.id: each.settled_at for each in row.outcomes if each.settled_at is not None}
    last = row.standing
    untold = last.given_at if last is not None and last.settled_at is None else None
    waits = (each for each in row.asks if each.outcome_id in told and each.answered_at is None)
    return next((each for each in waits if each.closed_at is None or told[each.outcome_id] <= each.closed_at == untold), None)


def _outside(session: Session, innovation: Innovation) -> _Where | None:
    """What is said of one that nobody is to read now; None of the others."""
    if innovation.status is InnovationStatus.WITHDRAWN:
        return _Where("You have withdrawn it. Nobody looks for needs for it any more. The Hub still sees it on its record.", Turn.NOBODY)
    if innovation.merged_into_id is not None:
        kept = rows.kept(session, innovation.merged_into_id)
        return _Where(f"It is the same as {_whose(kept, innovation)}, which goes on in its place.", Turn.NOBODY)
    if innovation.status is InnovationStatus.DRAFT:
        return _Where("It is a draft. Send it in when you are ready.", Turn.YOU)
    return None


def _whose(kept: Innovation, innovation: Innovation) -> str:
    if kept.supplier_id is None or innovation.supplier_id is None:
        return "another innovation that we know"
    own = kept.supplier_id == innovation.supplier_id
    return "another innovation of yours or of a colleague" if own else "an innovation of another organisation"


def _read_by(session: Session, row: Submission, *, at: datetime) -> date | None:
    """The day on which it is overdue in triage, the same whether its clock runs or was halted by an outcome that is not told yet.

    A halted clock has no days; were none told then, that would tell that there is an outcome.
    """
    clock, last = clocks.of(session, ClockKind.TRIAGE, row.id), row.standing
    if clock is None:
        return None
    today = day_of(last.given_at if last is not None and not clock.is_running else at)
    left = OVERDUE_AFTER - clock.working_days(at)
    return add_working_days(today, left) if left > 0 else _working_days_before(today, -left)


def _working_days_before(day: date, count: int) -> date:
    """The working day from which `count` working days are counted until a day."""
    while count or not is_working_day(day):
        count -= is_working_day(day)
        day -= _DAY
    return day


def _together(parts: Sequence[_Where]) -> _Where:
    """All of them in one, those first that wait for somebody; what nobody outside the Hub is waited for stays on our list."""
    ordered = sorted(parts, key=lambda part: list(Turn).index(part.turn))
    if not ordered or ordered[0].turn is Turn.HUB:
        ordered.append(_LISTED)
    first = ordered[0]
    days = [part.by for part in ordered if part.turn is first.turn and part.by is not None]
    return _Where(" ".join(part.says for part in ordered), first.turn, max(days, default=None))


def _in_places(session: Session, row: Submission, questions: Sequence[PlaceAnswer]) -> Iterable[_Where]:
    """How far it has come in each place; West Yorkshire as one voice stands as introduced until some place takes a step."""
    steps = rows.steps(session, row.innovation_id)
    stands = {(step.proposal_id, step.place.name): step.stage for step in steps}
    begun = {step.proposal_id for step in steps}
    met = (each for each in questions if each.introduced_at is not None and each.proposal_id not in begun)
    stands |= {(each.proposal_id, each.asked_as): PipelineStage.INTRODUCED for each in met}
    for stage, (says, turn) in _STAGES.items():
        if names := sorted({name for (_, name), reached in stands.items() if reached is stage}):
            yield _Where(says.format(places=", ".join(names)), turn)


def _put_to_places(row: Submission, questions: Sequence[PlaceAnswer], waited_for: Sequence[PlaceAnswer]) -> Iterable[_Where]:
    """What places are asked, by the last day that they were told; nobody is named who has not chosen to meet."""
    if waited_for:
        by = max((each.answer_by for each in waited_for if each.answer_by is not None), default=None)
        yield _Where("We have asked places whether they want to meet you. It is their turn to answer.", Turn.PLACES, by)
    if row.innovation.visibility is Visibility.HUB_ONLY and any(each.state is QuestionState.HELD for each in questions):
        yield _Where("Places may want to meet you, but only the Hub may read about it. Let partners read it, and we ask them.", Turn.YOU)


def _is_waited_for(row: PlaceAnswer, at: datetime, undo_window_seconds: float) -> bool:
    """Whether the place has not answered, or may still change what it said."""
    ends = row.changeable_until(undo_window_seconds)
    to_be_introduced = row.answer is PlaceReply.MEET and row.introduced_at is None
    return row.state is QuestionState.ASKED or (ends is not None and row.introduced_at is None and (to_be_introduced or at < ends))


def _referred(session: Session, row: Submission) -> Iterable[_Where]:
    """Where the latest referral stands that is open, else the latest of this handing-in."""
    told = [each for each in rows.referrals(session, row.innovation_id) if each.is_open or each.submission_id == row.id]
    if told:
        latest: Referral = max(told, key=lambda each: (each.is_open, each.created_at))
        says, turn = _OFFERED[latest.state]
        clock = clocks.of(session, ClockKind.REFERRAL, latest.id) if latest.state is ReferralState.OFFERED else None
        yield _Where(says.format(body=latest.body.name), turn, clock.overdue_on if clock is not None else None)
