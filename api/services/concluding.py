"""in triage -> active, referred or archived, or back to the innovator: one outcome a submission, and its letter.

What cannot be taken back (the letter, the question's link, the offer to a body) leaves when the undo window has
passed, so that an outcome that was undone never left.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from api.queue import Job, enqueue
from api.services import clocks, deciding, letters, mailing, referring, triaging
from api.services.feedback import invite
from api.services.letters import Choice
from api.services.links import make
from api.services.recording import record
from models.actors import SYSTEM, Actor
from models.base import DomainError
from models.clocks import ClockKind
from models.decisions import NotUndoable, ReasonMissing
from models.documents import Side
from models.innovations import InnovationStatus
from models.links import LinkPurpose
from models.people import Person, Role
from models.policies import SUBMISSION_DECIDE
from models.proposals import Proposal, ProposalState
from models.queries import proposals, recipients, referrals, triage
from models.referrals import ReferralRefused
from models.triage import STATUS_AFTER, Ask, Outcome, OutcomeKind, Submission
from models.working_days import day_of

ANSWERABLE_FOR: Final = timedelta(days=120)
"""How long after the day asked for a question's link still works: a late answer is taken."""
_LONGEST_ASK: Final = timedelta(days=365)
_BY_ITSELF: Final = "The service"


class Undecided(DomainError):
    """Proposals of the submission are still to be decided."""


class OutcomeContradicts(DomainError):
    """The outcome does not go together with a decision that stands."""


def draft(session: Session, submission_id: UUID, choice: Choice, *, actor: Actor, at: datetime, contact: str = "") -> str:
    """The letter that an outcome would send, for staff to read and to change; `contact` is the Hub's own address."""
    SUBMISSION_DECIDE.check(actor)
    return _draft(session, triage.get(session, submission_id, actor), choice, actor=actor, at=at, contact=contact)


def conclude(
    session: Session,
    submission_id: UUID,
    choice: Choice,
    *,
    actor: Actor,
    at: datetime,
    undo_window_seconds: float,
    letter: str = "",
    leave_undecided: bool = False,
    version: int | None = None,
    contact: str = "",
) -> Outcome:
    """Give a submission its outcome; the first one stands. An *ask* leaves it in triage until there is an answer.

    Every outcome but *ask* wants a decision on each proposal that is shown, or `leave_undecided` said knowingly.
    Raises SubmissionClosed, SubmissionTaken or AlreadyAsked, which tell who, when and what; Undecided; ReasonMissing.
    """
    row, person_id = triaging.to_change(session, submission_id, SUBMISSION_DECIDE, actor)
    row.must_be_open()
    row.must_be_free_for(person_id)
    triaging.must_be_as_read(row, version)
    _must_be_whole(session, row, choice, at=at)
    left = _undecided(session, row, choice, person_id, allowed=leave_undecided)
    outcome = Outcome(
        id=uuid4(),
        kind=choice.kind,
        given_by=person_id,
        given_by_name=actor.shown_as,
        given_at=at,
        reason_code=choice.reason.code,
        note=choice.reason.note,
        letter=letter or _draft(session, row, choice, actor=actor, at=at, contact=contact),
        left_undecided=left,
        body_id=choice.body_id,
    )
    asked_before = row.open_ask
    row.take(by=person_id, by_name=actor.shown_as, at=at)
    row.conclude(outcome)
    session.flush()
    _follow(session, row, outcome, choice, asked_before, actor=actor, at=at)
    enqueue(session, Job.LETTER, at=at, due_at=at + timedelta(seconds=undo_window_seconds), outcome=str(outcome.id))
    session.flush()
    return outcome


def undo(
    session: Session, submission_id: UUID, *, actor: Actor, at: datetime, undo_window_seconds: float, version: int | None = None
) -> Outcome:
    """Take one's own latest outcome back within the window: the submission is in triage again, and no letter leaves.

    Raises NotUndoable when there is nothing of one's own to undo, StaleVersion when `version` is not the present one.
    """
    row, person_id = triaging.to_change(session, submission_id, SUBMISSION_DECIDE, actor)
    last = row.undoable(by=person_id, at=at, window_seconds=undo_window_seconds)
    if not _is_latest(session, row):
        raise NotUndoable("The innovation has been handed in again since. Give the new submission its outcome.")
    if not _still_stands(row, last):
        raise NotUndoable("The innovation has been withdrawn, merged or moved on since, so that the outcome can no longer be undone.")
    triaging.must_be_as_read(row, version)
    asked = row.open_ask
    undoing = row.undo(by=person_id, by_name=actor.shown_as, at=at, window_seconds=undo_window_seconds)
    session.flush()
    if asked is not None:
        clocks.stop(session, ClockKind.ASK, asked.id, at=at)
    _back_to_triage(session, row, undoing, actor=actor, at=at)
    return undoing


def _take_back(session: Session, row: Submission, outcome: Outcome, *, why: str, at: datetime) -> None:
    """Take back what can no longer follow, in the service's own name; the Hub reads why beside it."""
    undoing = row.take_back(outcome, by=outcome.given_by, by_name=_BY_ITSELF, at=at, note=why)
    session.flush()
    _back_to_triage(session, row, undoing, actor=SYSTEM, at=at)


def _back_to_triage(session: Session, row: Submission, undoing: Outcome, *, actor: Actor, at: datetime) -> None:
    triaging.go_on(session, row, at=at)
    triaging.move_to(row.innovation, InnovationStatus.IN_TRIAGE, at=at)
    told = triaging.event("submission.undone", row, actor, at, outcome_id=str(undoing.id), undoes=str(undoing.undoes_id))
    record(session, told, at=at)
    session.flush()


def settle(session: Session, outcome_id: UUID, *, at: datetime, undo_window_seconds: float) -> Outcome | None:
    """Let the letter leave, once, when the window has passed and the outcome stands; None otherwise.

    An archived innovation's proposals go out of force now; one that is referred is offered to its body now. Where that
    can no longer be, the outcome is taken back: its letter would not be true, and the Hub has to choose another.
    """
    submission_id = triage.submission_of_outcome(session, outcome_id)
    if submission_id is None:
        return None
    row = triage.to_change(session, submission_id)
    outcome = next(each for each in row.outcomes if each.id == outcome_id)
    if outcome.settled_at is not None or outcome.id in {each.undoes_id for each in row.outcomes}:
        return None
    due = outcome.given_at + timedelta(seconds=undo_window_seconds)
    if at < due:
        enqueue(session, Job.LETTER, at=at, due_at=due, outcome=str(outcome_id))
        return None
    if not _is_to_be_told(session, row, outcome):
        outcome.settle(mailed_to=0, at=at)
    else:
        try:
            _let_follow(session, row, outcome, at=at)
        except ReferralRefused as refused:  # before anything was written
            _take_back(session, row, outcome, why=str(refused), at=at)
            return None
        outcome.settle(mailed_to=_mail(session, row, outcome, at=at), at=at)
    session.flush()
    return outcome


def innovators_of(session: Session, submission: Submission) -> Sequence[Person]:
    """Whom an outcome is told to; empty when nobody is known but the Hub's own staff who typed it in."""
    supplier_id = submission.innovation.supplier_id
    found = recipients.of_innovation(session, submission.innovation)
    return [person for person in found if _offers(person, supplier_id) or not _of_the_hub(person)]


def _offers(person: Person, supplier_id: UUID | None) -> bool:
    return any(grant.role is Role.INNOVATOR and grant.organisation_id == supplier_id for grant in person.grants)


def _of_the_hub(person: Person) -> bool:
    return any(grant.role in {Role.HUB, Role.LEAD} for grant in person.grants)


def _draft(session: Session, row: Submission, choice: Choice, *, actor: Actor, at: datetime, contact: str) -> str:
    found = triage.proposals_of(session, row.innovation_id, actor)
    body = referrals.body(session, choice.body_id).name if choice.body_id is not None else "a body that may help you"
    ranked = triaging.is_ranked(row.innovation)
    return letters.draft(row, found, choice, given_by=actor.shown_as, body=body, ranked=ranked, at=at, contact=contact)


def _must_be_whole(session: Session, row: Submission, choice: Choice, *, at: datetime) -> None:
    """Refuse an outcome that lacks what its kind needs, or that goes against a decision."""
    if choice.kind is OutcomeKind.ASK:
        _must_be_answerable(choice, at=at)
    elif choice.kind is OutcomeKind.REFER:
        _must_be_referable(session, row, choice)
    elif choice.kind is OutcomeKind.ARCHIVE:
        _must_be_refusable(session, row, choice)
    elif choice.kind is OutcomeKind.ACTIVE:
        _must_be_matchable(row)
    else:
        raise ReasonMissing("Take an outcome back by undoing it.", field="outcome")


def _must_be_matchable(row: Submission) -> None:
    """Refuse to call active what is compared with no need: its letter would promise it."""
    if row.innovation.held:
        raise OutcomeContradicts(
            "Nobody has consented to its use, so that it is compared with no need. Ask for consent first.", state="held"
        )
    if not row.innovation.searchable:
        raise OutcomeContradicts(
            "Its text cannot be read, so that it is compared with no need. Ask what it is about first.", state="unread"
        )


def _must_be_answerable(choice: Choice, *, at: datetime) -> None:
    if not choice.question:
        raise ReasonMissing("Write what you want to ask.", field="question")
    if choice.answer_by is None or not day_of(at) < choice.answer_by <= day_of(at + _LONGEST_ASK):
        raise ReasonMissing("Say until which day an answer helps: a day to come, within a year.", field="answer_by")


def _must_be_referable(session: Session, row: Submission, choice: Choice) -> None:
    if choice.body_id is None:
        raise ReasonMissing("Say to which body it is referred.", field="body_id")
    if not choice.reason.note:
        raise ReasonMissing("Say why this body may help.", field="reason")
    body = referrals.body(session, choice.body_id)
    if row.innovation.held:
        raise ReferralRefused("Its owner has not consented yet, so nothing may be passed on. Ask them first.", state="held")
    if not body.active:
        raise ReferralRefused(f"{body.name} is asked no more. Choose another body.", state="inactive")


def _must_be_refusable(session: Session, row: Submission, choice: Choice) -> None:
    if choice.reason.code is None:
        raise ReasonMissing("Archiving needs a reason code.", field="reason")
    found = proposals.of_document(session, SYSTEM, innovation_id=row.innovation_id, lock=True)  # weak ones too, which are not shown
    standing = [each for each in found if each.state is ProposalState.CONFIRMED]
    if standing:
        raise OutcomeContradicts(
            "A match of this innovation stands confirmed. Choose 'active' or 'refer', or undo the match first.",
            proposals=[str(each.id) for each in standing],
        )


def _shown(session: Session, row: Submission) -> Sequence[Proposal]:
    return triage.proposals_of(session, row.innovation_id, SYSTEM)[: triage.MOST_SHOWN]


def _undecided(session: Session, row: Submission, choice: Choice, person_id: UUID, *, allowed: bool) -> int:
    """How many of the proposals that are shown were neither decided nor set aside; raises Undecided unless that is allowed."""
    if choice.kind is OutcomeKind.ASK:
        return 0  # the answer makes a new text, on which they are judged anew
    left = [
        each
        for each in _shown(session, row)
        if each.state is ProposalState.OPEN and person_id not in {skip.person_id for skip in each.skips}
    ]
    ranked = triaging.is_ranked(row.innovation)
    if (left or not ranked) and not allowed:
        told = f"Proposals still to be decided: {len(left)}." if left else "Matches of this text are still being looked for."
        raise Undecided(f"{told} Decide or skip each, or say 'leave_undecided'.", proposals=[str(each.id) for each in left], ranked=ranked)
    return len(left)


def _follow(
    session: Session, row: Submission, outcome: Outcome, choice: Choice, asked_before: Ask | None, *, actor: Actor, at: datetime
) -> None:
    """Clocks, the innovation's status and the event go with the outcome."""
    triaging.move_to(row.innovation, InnovationStatus.IN_TRIAGE, at=at)
    if asked_before is not None:
        clocks.stop(session, ClockKind.ASK, asked_before.id, at=at)
    if outcome.kind is OutcomeKind.ASK:
        asked = _ask(session, row, outcome, choice, at=at)
        clocks.pause(session, ClockKind.TRIAGE, row.id, at=at)
        clocks.start(session, ClockKind.ASK, asked.id, at=at)
        told = triaging.event("submission.asked", row, actor, at, outcome_id=str(outcome.id), ask=str(asked.id))
    else:
        clocks.stop(session, ClockKind.TRIAGE, row.id, at=at)
        triaging.move_to(row.innovation, STATUS_AFTER[outcome.kind], at=at)
        why = outcome.reason_code.value if outcome.reason_code else None
        told = triaging.event("submission.outcome", row, actor, at, outcome_id=str(outcome.id), outcome=outcome.kind.value, reason=why)
    record(session, told, at=at)


def _ask(session: Session, row: Submission, outcome: Outcome, choice: Choice, *, at: datetime) -> Ask:
    asked = Ask(
        id=uuid4(),
        outcome_id=outcome.id,
        question=choice.question,
        answer_by=choice.answer_by,
        asked_by_name=outcome.given_by_name,
        asked_at=at,
        answer="",
        late=False,
    )
    row.asks.append(asked)
    session.flush()
    return asked


def _still_stands(row: Submission, outcome: Outcome) -> bool:
    """Whether the innovation is where the outcome left it, so that it can go back."""
    there = STATUS_AFTER.get(outcome.kind, InnovationStatus.IN_TRIAGE)
    return row.innovation.merged_into_id is None and row.innovation.status is there


def _is_latest(session: Session, row: Submission) -> bool:
    return triage.of_innovation(session, row.innovation_id)[-1].id == row.id


def _is_to_be_told(session: Session, row: Submission, outcome: Outcome) -> bool:
    """Whether the letter still makes sense: nobody is asked what they answered, or told of what they took back or handed in again."""
    if outcome.kind is OutcomeKind.ASK:
        return any(asked.outcome_id == outcome.id and asked.is_open for asked in row.asks)
    return _still_stands(row, outcome) and _is_latest(session, row)


def _let_follow(session: Session, row: Submission, outcome: Outcome, *, at: datetime) -> None:
    by = replace(SYSTEM, name=f"person:{outcome.given_by}", shown_as=outcome.given_by_name, person_id=outcome.given_by)
    if outcome.kind is OutcomeKind.ARCHIVE:
        deciding.lapse(session, Side.INNOVATION, row.innovation_id, actor=by, at=at)
        referring.end_all(session, row.innovation_id, actor=by, at=at)  # of an earlier submission of it
        row.innovation.proposed_revision = None  # handed in again, it is ranked again
    elif outcome.body_id is not None:
        standing = referrals.open_of(session, row.innovation_id, outcome.body_id)
        offered = standing or referring.refer(session, row.innovation_id, outcome.body_id, reason=outcome.note, actor=by, at=at)
        outcome.referral_id = offered.id


def _mail(session: Session, row: Submission, outcome: Outcome, *, at: datetime) -> int:
    """Mail the letter to everybody who offers the innovation; returns how many that are."""
    people = innovators_of(session, row)
    for person in people:
        if outcome.kind is OutcomeKind.ASK:
            path = ask_link(session, next(each for each in row.asks if each.outcome_id == outcome.id), person, at=at)
        else:
            path = invite(session, outcome.id, person_id=person.id, at=at)
        mailing.post(
            session,
            f"outcome_{outcome.kind.value}_link",
            mailing.to_person(person),
            once_key=f"outcome:{outcome.id}:{person.id}",
            at=at,
            name=person.name,
            innovation=row.innovation.name,
            innovation_id=str(row.innovation_id),
            letter=outcome.letter,
            path=path,
        )
    return len(people)


def ask_link(session: Session, asked: Ask, person: Person, *, at: datetime) -> str:
    """The path of a link by which one person answers a question, also some time after its day."""
    left = timedelta(days=max((asked.answer_by - day_of(at)).days, 0))
    token = make(session, LinkPurpose.ANSWER, subject_id=asked.id, at=at, valid_for=left + ANSWERABLE_FOR, person_id=person.id)
    return f"/answers/{token}"
