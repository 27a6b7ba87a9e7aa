"""Notes on submissions: what staff write down for each other."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from api.services import triaging
from api.services.recording import record
from models.actors import Actor
from models.base import DomainError
from models.policies import SUBMISSION_NOTE, SUBMISSION_READ_NOTES
from models.queries import submission_notes, triage
from models.subjects import subject_of
from models.submission_notes import SubmissionNote


class NoteEmpty(DomainError):
    """The note says nothing."""


def notes(session: Session, submission_id: UUID, *, actor: Actor) -> Sequence[SubmissionNote]:
    """The notes on a submission, latest first; raises NotFound."""
    SUBMISSION_READ_NOTES.check(actor)
    return submission_notes.of_submission(session, triage.get(session, submission_id, actor).id)


def write(session: Session, submission_id: UUID, text: str, *, actor: Actor, at: datetime) -> SubmissionNote:
    """Write a note, also on a submission that has left triage; the same words of the same person twice are one. Raises NoteEmpty."""
    row = triage.get(session, submission_id, actor)
    person_id = SUBMISSION_NOTE.person(actor, subject_of(row))
    if not text:
        raise NoteEmpty("Write what your colleagues should know.", field="text")
    there = submission_notes.of_submission(session, row.id)
    if there and (there[0].text, there[0].written_by) == (text, person_id):
        return there[0]
    note = SubmissionNote(id=uuid4(), submission_id=row.id, text=text, written_by=person_id, written_by_name=actor.shown_as, written_at=at)
    session.add(note)
    record(session, triaging.event("submission.noted", row, actor, at, note=str(note.id)), at=at)
    session.flush()
    return note


def delete(session: Session, submission_id: UUID, note_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Delete a note, whoever of the Hub wrote it: what should not stand there can always be taken away. Raises NotFound."""
    row = triage.get(session, submission_id, actor)
    SUBMISSION_NOTE.person(actor, subject_of(row))
    note = submission_notes.one(session, row.id, note_id)
    record(session, triaging.event("submission.note_deleted", row, actor, at, note=str(note.id)), at=at)
    session.delete(note)
    session.flush()
