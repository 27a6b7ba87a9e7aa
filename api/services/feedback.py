"""One question after each outcome: the link by which it is answered, and the answer."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.services import links
from api.services.recording import record
from models.events import Event
from models.feedback import Answer, AnsweredBefore, Feedback
from models.links import LinkPurpose, LinkSpent
from models.queries import feedback

OPEN_FOR: Final = timedelta(days=90)


def invite(session: Session, outcome_id: UUID, *, person_id: UUID, at: datetime) -> str:
    """The path of a link by which a person answers the question about an outcome, once for all who are asked."""
    token = links.make(session, LinkPurpose.FEEDBACK, subject_id=outcome_id, person_id=person_id, at=at, valid_for=OPEN_FOR)
    return f"/feedback/{token}"


def check(session: Session, token: str, *, at: datetime) -> None:
    """Whether the question may still be answered by this link; raises LinkSpent. Looking spends nothing."""
    links.peek(session, token, LinkPurpose.FEEDBACK, at=at)


def give(session: Session, token: str, answer: Answer, comment: str, *, at: datetime) -> Feedback:
    """Keep the answer; raises LinkSpent, or AnsweredBefore when another link to the same question was used."""
    link = links.spend(session, token, LinkPurpose.FEEDBACK, at=at)
    outcome = feedback.outcome(session, link.subject_id)
    if outcome is None:
        raise LinkSpent("What this question was about has been deleted. There is nothing left to do.", why="gone")
    if feedback.of_outcome(session, outcome.id) is not None:
        raise AnsweredBefore("This question was answered before. Thank you; there is nothing left to do.")
    row = Feedback(outcome_id=outcome.id, answer=answer, comment=comment, given_at=at)
    session.add(row)
    innovation_id = outcome.submission.innovation_id
    record(
        session,
        Event.of(
            "feedback.given",
            subject_kind="innovation",
            subject_id=innovation_id,
            actor=f"person:{link.person_id}",
            at=at,
            outcome=str(outcome.id),
            answer=answer.value,
        ),
        at=at,
    )
    session.flush()
    return row
