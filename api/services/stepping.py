"""In triage, from one thing to the next: the pair that waits, the outcome that the verdicts speak for, what may be taken back."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from models.actors import Actor
from models.decisions import Decision, NotUndoable, ReasonCode
from models.proposals import Proposal, ProposalState
from models.queries import triage
from models.queries.triage import Wanted
from models.triage import Outcome, OutcomeKind, Submission
from models.working_days import day_of

_MOST_WAITING: Final = 1000
"""How far down the queue the next submission is looked for; whoever is further down begins at the top again."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the verdicts on the pairs speak for; a person decides. None where they speak for nothing yet."""

    kind: OutcomeKind | None = None
    reason: ReasonCode | None = None


def waits_for(proposal: Proposal, person_id: UUID | None) -> bool:
    """Whether a pair is still to be judged by somebody: it is open, and they have not skipped it."""
    return proposal.state is ProposalState.OPEN and person_id not in {skip.person_id for skip in proposal.skips}


def next_pair(found: Sequence[Proposal], *, person_id: UUID | None, after: UUID | None = None) -> Proposal | None:
    """The first pair that waits for somebody, looked for after one and then from the top; None when none does."""
    start = next((place + 1 for place, each in enumerate(found) if each.id == after), 0)
    return next((each for each in (*found[start:], *found[:start]) if waits_for(each, person_id)), None)


def next_submission(session: Session, actor: Actor, *, at: datetime, after: UUID, done: bool) -> Submission | None:
    """The submission that is worth a look next, of those that the actor can see to now; None when there is no other.

    When one is done, that is the first of all; whoever only passes it by goes on down the queue, and begins again at its end.
    """
    waiting = triage.ids(session, actor, Wanted(waits_for=actor.person_id), today=day_of(at), limit=_MOST_WAITING)
    start = waiting.index(after) + 1 if after in waiting and not done else 0
    following = next((each for each in (*waiting[start:], *waiting[:start]) if each != after), None)
    return triage.by_id(session, following) if following is not None else None


def suggestion(found: Sequence[Proposal], *, person_id: UUID | None, ranked: bool) -> Suggestion:
    """The outcome for which the verdicts speak, with the reason that most rejections give; none while a pair still waits."""
    if any(waits_for(each, person_id) for each in found):
        return Suggestion()
    states = {each.state for each in found}
    if ProposalState.CONFIRMED in states:
        return Suggestion(OutcomeKind.ACTIVE)
    if states == {ProposalState.REJECTED}:
        return Suggestion(OutcomeKind.ARCHIVE, usual_reason(found, ranked=ranked))
    return Suggestion()


def usual_reason(found: Sequence[Proposal], *, ranked: bool) -> ReasonCode | None:
    """Why it would be archived: what most rejections give, the likeliest pair's first; that no need is near, where none is.

    None beside a confirmed match.
    """
    if not found and ranked:
        return ReasonCode.NOT_THIS_PROBLEM
    if any(each.state is ProposalState.CONFIRMED for each in found):
        return None
    given = [last.reason_code for each in found if (last := each.closing_decision) is not None and last.reason_code is not None]
    return Counter(given).most_common(1)[0][0] if given else None


def last_step(
    submission: Submission, found: Sequence[Proposal], *, person_id: UUID | None, at: datetime, window_seconds: float
) -> Outcome | Decision | None:
    """What somebody may still take back of a submission, the latest of it: its outcome, or a verdict on one of its pairs."""
    if person_id is None:
        return None
    steps: list[tuple[datetime, Outcome | Decision]] = []
    with suppress(NotUndoable):
        outcome = submission.undoable(by=person_id, at=at, window_seconds=window_seconds)
        steps.append((outcome.given_at, outcome))
    for each in found:
        with suppress(NotUndoable):
            decision = each.undoable(by=person_id, at=at, window_seconds=window_seconds)
            steps.append((decision.decided_at, decision))
    return max(steps, key=lambda step: step[0], default=(at, None))[1]


def just_given(session: Session, *, person_id: UUID | None, at: datetime, window_seconds: float) -> Outcome | None:
    """The outcome that somebody gave last, of whatever submission, while they may take it back."""
    given = triage.latest_outcome(session, person_id, at - timedelta(seconds=window_seconds)) if person_id is not None else None
    with suppress(NotUndoable):
        if given is not None and person_id is not None:
            return given.submission.undoable(by=person_id, at=at, window_seconds=window_seconds)
    return None
