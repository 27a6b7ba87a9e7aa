"""The same done to many submissions: first what would happen to each, then each in a transaction of its own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.services import assigning, concluding, triaging
from api.services.letters import Choice
from models.actors import Actor
from models.decisions import Reason
from models.grants import OWN_OFFER
from models.policies import SUBMISSION_DECIDE
from models.proposals import Proposal, ProposalState
from models.queries import triage
from models.subjects import subject_of
from models.triage import OutcomeKind, Submission

MOST: Final = 50
"""How many submissions one form is about."""


class Do(StrEnum):
    """What is done to each."""

    TAKE = "take"
    GIVE_BACK = "give_back"
    ASSIGN = "assign"
    SNOOZE = "snooze"
    WAKE = "wake"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What is said besides: to whom, whether colleagues lose what they have, until when, and why."""

    to: UUID | None = None
    over: bool = False
    until: date | None = None
    reason: Reason = field(default_factory=Reason)


@dataclass(frozen=True, slots=True)
class Line:
    """One submission: `refusal` says why nothing will be done to it, empty when it will; `left` matches would stay undecided."""

    submission: Submission
    refusal: str = ""
    left: int = 0


def preview(session: Session, do: Do, ids: Sequence[UUID], *, actor: Actor, over: bool = False) -> list[Line]:
    """What would be done to which, in the order asked for; one that is not there is left out. Nothing is written."""
    rows = triage.of_ids(session, ids, actor)
    found = triage.proposals_of_many(session, [row.innovation_id for row in rows.values()]) if do is Do.ARCHIVE else {}
    standing = triage.with_standing_match(session, [row.innovation_id for row in rows.values()])
    return [_line(rows[each], do, actor, over=over, standing=standing, found=found) for each in dict.fromkeys(ids) if each in rows]


def act(
    session: Session,
    do: Do,
    submission_id: UUID,
    details: Details,
    *,
    actor: Actor,
    at: datetime,
    undo_window_seconds: float,
    version: int | None = None,
    contact: str = "",
) -> None:
    """Do it to one; raises what the service behind it raises, which says why it was not done."""
    said: dict[str, Any] = {"actor": actor, "at": at, "version": version}
    if do is Do.TAKE:
        triaging.take(session, submission_id, **said)
    elif do is Do.GIVE_BACK:
        triaging.give_back(session, submission_id, **said)
    elif do is Do.WAKE:
        assigning.wake(session, submission_id, **said)
    elif do is Do.ASSIGN and details.to is not None:
        assigning.assign(session, submission_id, details.to, over=details.over, **said)
    elif do is Do.SNOOZE and details.until is not None:
        assigning.snooze(session, submission_id, details.until, **said)
    else:
        concluding.conclude(
            session,
            submission_id,
            Choice(kind=OutcomeKind.ARCHIVE, reason=details.reason),
            undo_window_seconds=undo_window_seconds,
            leave_undecided=True,
            contact=contact,
            **said,
        )


def _line(
    row: Submission, do: Do, actor: Actor, *, over: bool, standing: frozenset[UUID], found: Mapping[UUID, Sequence[Proposal]]
) -> Line:
    refusal = next(_refusals(row, do, actor, over=over, standing=standing), "")
    shown = found.get(row.innovation_id, ())[: triage.MOST_SHOWN]
    return Line(row, refusal, left=sum(each.state is ProposalState.OPEN for each in shown))


def _refusals(row: Submission, do: Do, actor: Actor, *, over: bool, standing: frozenset[UUID]) -> Iterator[str]:
    """Why it would not be done, what says most first; the services behind `act` refuse for the same reasons."""
    if not row.is_open:
        yield row.in_words
    if row.assigned_to not in {None, actor.person_id} and do is not Do.WAKE and not (over and do is Do.ASSIGN):
        yield f"{row.assigned_to_name} has it. Ask them first."
    if do is Do.GIVE_BACK and row.assigned_to is None:
        yield "Nobody has it."
    if do is Do.WAKE and row.snoozed_until is None:
        yield "It is not put off."
    if do is Do.ARCHIVE and not SUBMISSION_DECIDE.allows(actor, subject_of(row)):
        yield OWN_OFFER
    if do is Do.ARCHIVE and row.innovation_id in standing:
        yield "A match of this innovation stands confirmed. Undo the match first, or choose another outcome."
