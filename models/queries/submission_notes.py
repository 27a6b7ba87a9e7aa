"""Notes on submissions: those of one, how many there are of many, one to delete."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from models.queries.documents import NotFound
from models.submission_notes import SubmissionNote
from models.triage import Submission


def of_submission(session: Session, submission_id: UUID) -> Sequence[SubmissionNote]:
    """The notes on a submission, latest first."""
    query = select(SubmissionNote).where(SubmissionNote.submission_id == submission_id)
    return session.scalars(query.order_by(SubmissionNote.written_at.desc(), SubmissionNote.id)).all()


def counts(session: Session, submission_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """How many notes there are on each of many submissions; those without one are left out."""
    query = select(SubmissionNote.submission_id, func.count()).where(SubmissionNote.submission_id.in_(submission_ids))
    return {row[0]: row[1] for row in session.execute(query.group_by(SubmissionNote.submission_id))}


def one(session: Session, submission_id: UUID, note_id: UUID) -> SubmissionNote:
    """One note on a submission; raises NotFound."""
    query = select(SubmissionNote).where(SubmissionNote.id == note_id, SubmissionNote.submission_id == submission_id)
    found = session.scalars(query).first()
    if found is None:
        raise NotFound("There is no note of that id on this submission. Somebody may have deleted it: read the notes again.")
    return found


def forget_of_innovation(session: Session, innovation_id: UUID) -> None:
    """Delete every note on the submissions of an innovation."""
    submissions = select(Submission.id).where(Submission.innovation_id == innovation_id)
    session.execute(delete(SubmissionNote).where(SubmissionNote.submission_id.in_(submissions)))
