"""How staff share out submissions: give one to a colleague, put it off, note what others should know."""

from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from api.errors import CREATING, READING, SENDING, problems
from api.requests import Creation, ExpectedVersion, Now, Reading, StrictRoute, Transaction, tag
from api.routes.submissions import TAKING
from api.schemas.submission_work import AssignIn, NoteIn, NoteOut, SnoozeIn
from api.schemas.submissions import SubmissionRow
from api.security import NoteReader, NoteWriter, SubmissionTaker
from api.services import assigning, noting
from api.services.assigning import UnknownColleague
from models.actors import Actor
from models.clocks import ClockKind
from models.queries import clocks, triage
from models.triage import SnoozeRefused, Submission

router = APIRouter(prefix="/submissions/{submission_id}", tags=["submissions"], route_class=StrictRoute)


@router.post("/assign", response_model=SubmissionRow, responses=problems(*TAKING, UnknownColleague))
def assign_submission(
    submission_id: UUID,
    *,
    body: AssignIn,
    staff: SubmissionTaker,
    version: ExpectedVersion,
    now: Now,
    session: Transaction,
    response: Response,
) -> SubmissionRow:
    """Give a submission to a colleague, who sees to it from now on."""
    row = assigning.assign(session, submission_id, body.to, actor=staff, at=now, version=version, over=body.over)
    return _told(session, row, staff, now, response)


@router.post("/snooze", response_model=SubmissionRow, responses=problems(*TAKING, SnoozeRefused))
def snooze_submission(
    submission_id: UUID,
    *,
    body: SnoozeIn,
    staff: SubmissionTaker,
    version: ExpectedVersion,
    now: Now,
    session: Transaction,
    response: Response,
) -> SubmissionRow:
    """Put a submission off until a day; its clock runs on."""
    row = assigning.snooze(session, submission_id, body.until, actor=staff, at=now, version=version)
    return _told(session, row, staff, now, response)


@router.post("/wake", response_model=SubmissionRow, responses=problems(*TAKING))
def wake_submission(
    submission_id: UUID, *, staff: SubmissionTaker, version: ExpectedVersion, now: Now, session: Transaction, response: Response
) -> SubmissionRow:
    """Put a submission off no longer."""
    return _told(session, assigning.wake(session, submission_id, actor=staff, at=now, version=version), staff, now, response)


@router.get("/notes", response_model=list[NoteOut], responses=problems(*READING))
def read_notes(submission_id: UUID, *, reader: NoteReader, session: Reading) -> list[NoteOut]:
    """Read what colleagues noted, latest first."""
    return [NoteOut.of(row) for row in noting.notes(session, submission_id, actor=reader)]


@router.post("/notes", status_code=201, response_model=NoteOut, responses=problems(*CREATING, *READING))
def write_note(submission_id: UUID, *, body: NoteIn, writer: NoteWriter, now: Now, session: Creation) -> NoteOut:
    """Note something for your colleagues."""
    return NoteOut.of(noting.write(session, submission_id, body.text, actor=writer, at=now))


@router.delete("/notes/{note_id}", status_code=204, responses=problems(*READING, *SENDING))
def delete_note(submission_id: UUID, note_id: UUID, *, writer: NoteWriter, now: Now, session: Transaction) -> None:
    """Delete a note, whoever wrote it."""
    noting.delete(session, submission_id, note_id, actor=writer, at=now)


def _told(session: Session, row: Submission, staff: Actor, now: Now, response: Response) -> SubmissionRow:
    found = triage.proposals_of(session, row.innovation_id, staff)
    return tag(response, SubmissionRow.of(row, clocks.of(session, ClockKind.TRIAGE, row.id), found, actor=staff, at=now))
