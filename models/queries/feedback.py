"""Feedback: whether an outcome has an answer, and how many there are of each."""

from collections import Counter
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.feedback import Answer, Feedback
from models.queries.reports import within
from models.triage import Outcome, OutcomeKind


def of_outcome(session: Session, outcome_id: UUID) -> Feedback | None:
    """The answer after an outcome; None when there is none yet."""
    return session.scalars(select(Feedback).where(Feedback.outcome_id == outcome_id)).first()


def by_outcome(session: Session, since: datetime | None, until: datetime | None) -> Counter[tuple[str, Answer]]:
    """How many answers of each sort were given in a time after outcomes of each kind."""
    query = select(Outcome.kind, Feedback.answer, func.count()).join(Feedback, Feedback.outcome_id == Outcome.id)
    rows = session.execute(query.where(within(Feedback.given_at, since, until)).group_by(Outcome.kind, Feedback.answer))
    return Counter({(kind.value, answer): count for kind, answer, count in rows})


def outcomes(session: Session, since: datetime | None, until: datetime | None) -> Counter[str]:
    """How many outcomes of each kind were given in a time and stand."""
    undone = select(Outcome.undoes_id).where(Outcome.undoes_id.is_not(None))
    query = select(Outcome.kind, func.count()).where(
        Outcome.kind != OutcomeKind.UNDONE, Outcome.id.not_in(undone), within(Outcome.given_at, since, until)
    )
    return Counter({kind.value: count for kind, count in session.execute(query.group_by(Outcome.kind))})


def outcome(session: Session, outcome_id: UUID) -> Outcome | None:
    """An outcome, locked; None when there is none."""
    return session.scalars(select(Outcome).where(Outcome.id == outcome_id).with_for_update(key_share=True)).first()
