"""How far the walk is behind: in figures for those who watch, each query a count and the oldest moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnClause, String, column, func, inspect, select, table
from sqlalchemy.orm import Session

from models.documents import Side
from models.events import Event
from models.jobs import JobRow, JobState
from models.queries.documents import TABLES, is_searchable, is_unembedded, is_unproposed


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait, and since when the one that has waited longest."""

    count: int = 0
    since: datetime | None = None


def schema_step(session: Session) -> str | None:
    """At which step of its history the database stands; None when nothing was ever made in it."""
    if not inspect(session.connection()).has_table("alembic_version"):
        return None
    step: ColumnClause[str] = column("version_num", String)
    return session.scalar(select(step).select_from(table("alembic_version", step)))


def due_since(session: Session, at: datetime) -> Mapping[int, datetime]:
    """Since when the oldest due job waits, by priority; a queue in which nothing is due is left out."""
    query = select(JobRow.priority, func.min(JobRow.due_at)).where(JobRow.state == JobState.QUEUED, JobRow.due_at <= at)
    return {row[0]: row[1] for row in session.execute(query.group_by(JobRow.priority))}


def documents(session: Session, side: Side, encoder_id: str | None) -> tuple[Waiting, Waiting]:
    """Documents that wait to be embedded by this encoder, and those that are embedded and wait to be ranked.

    Without an encoder those count as embedded that any encoder has embedded.
    """
    row = TABLES[side]
    unembedded, unproposed = is_unembedded(side, encoder_id), is_unproposed(side)
    found = session.execute(
        select(
            func.count().filter(unembedded),
            func.min(row.updated_at).filter(unembedded),
            func.count().filter(unproposed),
            func.min(row.updated_at).filter(unproposed),
        )
        .select_from(row)
        .where(is_searchable(side), unembedded | unproposed)
    ).one()
    return Waiting(found[0], found[1]), Waiting(found[2], found[3])


def unsealed(session: Session) -> Waiting:
    """Events that have no place in the chain yet."""
    found = session.execute(select(func.count(), func.min(Event.recorded_at)).where(Event.position.is_(None))).one()
    return Waiting(found[0], found[1])
