"""Answers that were kept, and claims on the keys of those to come."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.answers import AnswerState, KeptAnswer


def of_key(session: Session, actor: str, key: str) -> KeptAnswer | None:
    """What is known of an actor's key."""
    return session.scalars(select(KeptAnswer).where(KeptAnswer.actor == actor, KeptAnswer.key == key)).first()


def claimed(session: Session, claim: dict[str, Any]) -> KeptAnswer:
    """The row of the claim's actor and key, locked: the claim itself, or what stood there before it."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(KeptAnswer).values(claim)
    # To set the actor to itself changes nothing, and yet locks and returns the row, whoever wrote it.
    either = row.on_conflict_do_update(index_elements=["actor", "key"], set_={"actor": row.excluded.actor}).returning(KeptAnswer)
    return session.scalars(either, execution_options={"populate_existing": True}).one()


def keep(session: Session, claim_id: UUID, token: UUID, **answer: Any) -> bool:  # noqa: ANN401 -- the row's columns
    """Write the answer to a claim; False when the claim is no longer held by that token."""
    mine = update(KeptAnswer).where(KeptAnswer.id == claim_id, KeptAnswer.token == token, KeptAnswer.state == AnswerState.IN_FLIGHT)
    return bool(session.scalars(mine.values(state=AnswerState.KEPT, **answer).returning(KeptAnswer.id)).all())


def free(session: Session, claim_id: UUID, token: UUID) -> None:
    """Give up a claim, unless its answer was kept or somebody else has claimed the key since."""
    mine = (KeptAnswer.id == claim_id) & (KeptAnswer.token == token) & (KeptAnswer.state == AnswerState.IN_FLIGHT)
    session.execute(delete(KeptAnswer).where(mine))


def purge(session: Session, at: datetime) -> int:
    """Forget what has expired; returns how much that was."""
    return len(session.scalars(delete(KeptAnswer).where(KeptAnswer.expires_at <= at).returning(KeptAnswer.id)).all())
