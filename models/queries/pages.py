"""Keyset pages: the next page begins where the last one ended, however many rows came between."""

import csv
from collections.abc import Callable, Sequence
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


def page_of_long_rows(
    session: Session,
    queries: Sequence[Select[Row]],
    *,
    order: Callable[[tuple[Any, ...]], Any],
    after: str | None,
    limit: int,
    kinds: tuple[type, ...],
) -> Page[Row]:
    """One page of several queries of one table that share no row, all in the same order, which `order` gives as a key to sort by.

    Its rows are long: they are put in order by their keys alone, and the few of the page are read. Each query may be told
    by an index where all of them in one, joined by *or*, would be sorted whole.
    """
    entity = queries[0].column_descriptions[0]["entity"]
    mine = f"{entity.__tablename__}."
    place = _place_of(after, mine, kinds) if after is not None else None
    keys = [query.with_only_columns(entity.id, maintain_column_froms=True) for query in queries]
    parts: list[Any] = [sqlakeyset.select_page(session, each, per_page=limit, after=place).paging for each in keys]
    listed = sorted((each for part in parts for each in part.items()), key=lambda each: order(each[0].place))
    more = len(listed) > limit or any(part.has_next for part in parts)
    ids = [row[0] for _, row in listed[:limit]]
    rows: Any = (
        [row for query in queries for row in session.scalars(query.order_by(None).where(entity.id.in_(ids))).unique()] if ids else []
    )
    found = {row.id: row for row in rows}  # one may have changed since its id was read, and be of another list by now
    following = f"{mine}{sqlakeyset.serialize_bookmark(listed[limit - 1][0])}" if more else None
    return Page(rows=[found[each] for each in ids if each in found], following=following)


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
