"""Keyset pages: the next page begins where the last one ended, however many rows came between."""

from collections.abc import Sequence
from dataclasses import dataclass
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


def page_of(session: Session, query: Select[Any], *, after: str | None, limit: int) -> Page[Row]:
    """One page of an ordered query; raises BadCursor for a marker that is not one of this list's."""
    try:
        found: Any = sqlakeyset.select_page(session, query, per_page=limit, page=after or None)
    except (sqlakeyset.BadBookmark, sqlakeyset.InvalidPage, ValueError) as error:
        raise BadCursor("Take the page marker 'after' from 'next' of the page before.") from error
    return Page(rows=[row[0] for row in found], following=found.paging.bookmark_next if found.paging.has_next else None)
