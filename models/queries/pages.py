"""Keyset pages: the next page begins where the last one ended, however many rows came between."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import sqlakeyset
from sqlalchemy import Select
from sqlalchemy.orm import Session

from models.base import DomainError, in_utc

Row = TypeVar("Row")


class BadCursor(DomainError):
    """The page marker was not made by this list."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows of a list and the marker of the next page; None at the end."""

    rows: Sequence[Row]
    following: str | None


def page_of(session: Session, query: Select[Row], *, after: str | None, limit: int, kinds: tuple[type, ...]) -> Page[Row]:
    """One page of an ordered query of one table; raises BadCursor for a marker that is not one of its lists'.

    `kinds` are the types of what the query is ordered by: a marker that holds anything else would reach the database.
    """
    mine = f"{query.column_descriptions[0]['entity'].__tablename__}."
    place = _place_of(after, mine, kinds) if after is not None else None
    found: Any = sqlakeyset.select_page(session, query, per_page=limit, after=place)
    return Page(rows=[row[0] for row in found], following=f"{mine}{found.paging.bookmark_next}" if found.paging.has_next else None)


def page_of_long_rows(session: Session, query: Select[Row], *, after: str | None, limit: int, kinds: tuple[type, ...]) -> Page[Row]:
    """The same of a table whose rows are long: thousands are put in order by their keys alone, and the few of the page are read."""
    entity = query.column_descriptions[0]["entity"]
    ids = page_of(session, query.with_only_columns(entity.id, maintain_column_froms=True), after=after, limit=limit, kinds=kinds)
    rows: Any = session.scalars(query.order_by(None).where(entity.id.in_(ids.rows))).unique()
    found = {row.id: row for row in rows}  # one may have changed since its id was read, and be of another list by now
    return Page(rows=[found[each] for each in ids.rows if each in found], following=ids.following)


def _place_of(after: str, mine: str, kinds: tuple[type, ...]) -> tuple[Any, ...]:
    """Where the page before ended; the marker names the table, because a place in one is none in another."""
    try:
        marker = sqlakeyset.unserialize_bookmark(after.removeprefix(mine))
        place = tuple(in_utc(value) if isinstance(value, datetime) else value for value in marker.place or ())
    except (ValueError, csv.Error) as error:
        raise BadCursor("Take the page marker 'after' from 'next' of the page before.") from error
    if not after.startswith(mine) or marker.backwards or tuple(type(value) for value in place) != kinds:
        raise BadCursor("Take the page marker 'after' from 'next' of the page before.")
    return place
