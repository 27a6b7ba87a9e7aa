"""An outcome whose letter has left, and the link of the question in it; for tests of feedback."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from api.services import feedback
from models.decisions import ReasonCode
from models.people import Role
from models.triage import Outcome, OutcomeKind, Submission, SubmissionState
from tests import factories
from tests.factories import NOW


def make_outcome(session: Session, kind: OutcomeKind = OutcomeKind.ARCHIVE, **values: Any) -> Outcome:
    """The outcome of a submission of its own."""
    officer = factories.make_person(session, Role.HUB)
    submission = Submission(
        innovation=factories.make_innovation(session),
        number=1,
        revision=1,
        submitted_at=NOW,
        state=SubmissionState.CLOSED,
        assigned_to=officer.id,
        assigned_to_name=officer.name,
        taken_at=NOW,
        outcome=kind,
        ended_at=NOW,
        version=2,
    )
    said = {
        "reason_code": ReasonCode.NOT_READY if kind is OutcomeKind.ARCHIVE else None,
        "body_id": uuid4() if kind is OutcomeKind.REFER else None,
    }
    row = Outcome(kind=kind, given_by=officer.id, given_by_name=officer.name, given_at=NOW, settled_at=NOW, mailed_to=1, **said | values)
    row.submission = submission
    session.add(row)
    session.flush()
    return row


def token_of(session: Session, at: datetime = NOW) -> str:
    """The secret of the link by which a new outcome's question is answered."""
    outcome = make_outcome(session)
    return feedback.invite(session, outcome.id, person_id=outcome.given_by, at=at).rpartition("/")[2]


def _asked(world: Any) -> str:
    token: str = world.on(world.make(token_of, datetime.now(UTC)))
    return token


CHANGES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "POST /api/v1/feedback/{token}": (
        "feedback.given",
        lambda world: world.stranger.post(f"/api/v1/feedback/{_asked(world)}", json={"answer": "yes"}),
    ),
    "POST /feedback/{token}": (
        "feedback.given",
        lambda world: world.stranger.post(f"/feedback/{_asked(world)}", data={"answer": "no"}, headers={"Accept": "text/html"}),
    ),
}
"""The routes of feedback, by the one event that each writes."""
