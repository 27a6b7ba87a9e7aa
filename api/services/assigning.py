"""Submissions are given to colleagues, and put off until a day: who sees to what, and when."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.services import triaging
from api.services.recording import record
from models.actors import Actor
from models.base import DomainError
from models.innovations import InnovationStatus
from models.policies import SUBMISSION_TAKE
from models.queries import recipients
from models.triage import Submission
from models.working_days import day_of


class UnknownColleague(DomainError):
    """The person is not of the Hub's staff, or their account is closed."""


def assign(
    session: Session, submission_id: UUID, to: UUID, *, actor: Actor, at: datetime, version: int | None = None, over: bool = False
) -> Submission:
    """Give a submission to somebody of the Hub, who may be oneself; `over` takes it from the colleague who has it.

    Raises SubmissionClosed, SubmissionTaken, UnknownColleague or StaleVersion.
    """
    row, person_id = triaging.to_change(session, submission_id, SUBMISSION_TAKE, actor)
    row.must_be_open()
    if row.assigned_to == to:
        return row
    if not over:
        row.must_be_free_for(person_id)
    triaging.must_be_as_read(row, version)
    name = next((person.name for person in recipients.hub_staff(session) if person.id == to), None)
    if name is None:
        raise UnknownColleague("Nobody of the Hub has that account. Choose a colleague from the list.", field="to")
    row.take(by=to, by_name=name, at=at)
    triaging.move_to(row.innovation, InnovationStatus.IN_TRIAGE, at=at)
    record(session, triaging.event("submission.assigned", row, actor, at, to=str(to)), at=at)
    session.flush()
    return row


def snooze(session: Session, submission_id: UUID, until: date, *, actor: Actor, at: datetime, version: int | None = None) -> Submission:
    """Put a submission off until a day: lists leave it out until then, or until it is overdue or the innovator answers.

    Its clock runs on, because somebody waits all the same. Raises SubmissionClosed, SubmissionTaken, SnoozeRefused or StaleVersion.
    """
    row, person_id = triaging.to_change(session, submission_id, SUBMISSION_TAKE, actor)
    row.must_be_open()
    row.must_be_free_for(person_id)
    triaging.must_be_as_read(row, version)
    if row.snoozed_until != until:
        row.snooze(until, by=person_id, by_name=actor.shown_as, today=day_of(at))
        record(session, triaging.event("submission.snoozed", row, actor, at, until=until.isoformat()), at=at)
        session.flush()
    return row


def wake(session: Session, submission_id: UUID, *, actor: Actor, at: datetime, version: int | None = None) -> Submission:
    """Put a submission off no longer; one that is not put off stays as it is. Raises SubmissionClosed or StaleVersion."""
    row, _ = triaging.to_change(session, submission_id, SUBMISSION_TAKE, actor)
    row.must_be_open()
    triaging.must_be_as_read(row, version)
    if row.snoozed_until is not None:
        row.wake()
        record(session, triaging.event("submission.woken", row, actor, at), at=at)
        session.flush()
    return row
