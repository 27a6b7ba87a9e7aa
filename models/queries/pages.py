"""Keyset pages: the next page begins where the last one ended, however many rows came between."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import sqlakeyset
from sqlalchemy import Select
from sqlalchemy.orm import Session

from models.base import DomainError

Row = TypeVar("Row")


class BadCursor(DomainError):
    """The page marker was not made by this list."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows of a list and the marker of the next page; None at the end."""

    rows: Sequence[Row]
    following: str | None


def page_of(session: Session, query: Select[Row], *, after: str | None, limit: int, kinds: tuple[type, ...]) -> Page[Row]:
    """One page of an ordered query; raises BadCursor for a marker that is not one of this list's.

    `kinds` are the types of what the query is ordered by: a marker that holds anything else would reach the database.
    """
    if after is not None:
        _check_marker(after, kinds)
    found: Any = sqlakeyset.select_page(session, query, per_page=limit, page=after)
    return Page(rows=[row[0] for row in found], following=found.paging.bookmark_next if found.paging.has_next else None)


def _check_marker(after: str, kinds: tuple[type, ...]) -> None:
    try:
        marker = sqlakeyset.unserialize_bookmark(after)
        place = tuple(value.astimezone(UTC) if isinstance(value, datetime) else value for value in marker.place or ())
    except (ValueError, OverflowError) as error:
        raise BadCursor("Take the page marker 'after' from 'next' of the page before.") from error
    if marker.backwards or tuple(type(value) for value in place) != kinds:
        raise BadCursor("Take the page marker 'after' from 'next' of the page before.")
