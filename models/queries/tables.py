"""Whole tables, row by row, for backup and restore: every column as it is, in an order that foreign keys allow."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, RowMapping, Select, Table, func, inspect, literal, select, text
from sqlalchemy.orm import Session, aliased

from models import Base
from models.jobs import JobRow, JobState

_RESTORE_LOCK = 7_251_002  # any constant: one restore at a time

Rows = Sequence[Mapping[Any, Any]]


def in_order(without: Collection[str] = ()) -> list[Table]:
    """Every table but those, each after the tables that it points to."""
    return [table for table in Base.metadata.sorted_tables if table.name not in without]


def read(session: Session, table: Table, *, chunk: int) -> Iterator[Rows]:
    """All rows of a table as they are now, few at a time, in the order of their keys; a row stands after the one that it points to.

    A job that runs is told as owed, because whoever reads this later does not run it; when it is owed as well, it is told once.
    """
    parent = _parent(table)
    query = select(table) if parent is None else _in_order_of_descent(table, parent)
    if table is JobRow.__table__:
        query = query.where(_not_owed_elsewhere())
    found = session.execute(query.order_by(*table.primary_key.columns), execution_options={"yield_per": chunk})
    for rows in found.mappings().partitions():
        yield [_at_rest(row) for row in rows] if table is JobRow.__table__ else rows


def add(session: Session, table: Table, rows: Rows) -> None:
    """Insert rows that name every column."""
    session.execute(table.insert(), [dict(row) for row in rows])


def clear(session: Session, table: Table) -> None:
    """Delete every row."""
    session.execute(table.delete())


def count(session: Session, table: Table) -> int:
    """How many rows a table has."""
    return session.scalar(select(func.count()).select_from(table)) or 0


def holds_any(session: Session, names: Collection[str]) -> bool:
    """Whether one of these tables has a row; a table that is not there has none."""
    there = set(inspect(session.connection()).get_table_names())
    first = (select(literal(1)).select_from(Base.metadata.tables[name]).limit(1) for name in names if name in there)
    return any(session.scalar(query) for query in first)


def lock_for_restoring(session: Session) -> bool:
    """Keep other restores of a PostgreSQL database out until the end of the transaction; False when one is under way."""
    return bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _RESTORE_LOCK}))


def others_connected(session: Session) -> list[str]:
    """The names of the programs that are connected to this PostgreSQL database, but for this one; its own workers have no user."""
    here = "datname = current_database() AND pid <> pg_backend_pid() AND usesysid IS NOT NULL"
    return [name or "unnamed" for name in session.scalars(text(f"SELECT application_name FROM pg_stat_activity WHERE {here}"))]  # noqa: S608 -- our own words


def _parent(table: Table) -> Column[Any] | None:
    """The column by which a row points to another of its own table."""
    return next((column for column in table.columns for key in column.foreign_keys if key.column.table is table), None)


def _in_order_of_descent(table: Table, parent: Column[Any]) -> Select[Any]:
    """The rows of a table that points to itself, those first that point to none."""
    (key,) = table.primary_key.columns
    first = select(key.label("key"), literal(0).label("depth")).where(parent.is_(None)).cte("descent", recursive=True)
    following = table.alias()
    descent = first.union_all(select(following.c[key.name], first.c.depth + 1).join(first, following.c[parent.name] == first.c.key))
    return select(table).join(descent, descent.c.key == key).order_by(descent.c.depth)


def _not_owed_elsewhere() -> ColumnElement[bool]:
    twin = aliased(JobRow)
    ahead = (twin.state == JobState.QUEUED) | ((twin.state == JobState.RUNNING) & (twin.id < JobRow.id))
    same = select(twin.id).where(twin.name == JobRow.name, twin.dedupe_key == JobRow.dedupe_key, ahead)
    return (JobRow.state != JobState.RUNNING) | ~same.exists()


def _at_rest(row: RowMapping) -> Mapping[str, Any]:
    state = JobState.QUEUED if row["state"] is JobState.RUNNING else row["state"]
    return {**row, "state": state, "leased_until": None, "sent_at": None}
