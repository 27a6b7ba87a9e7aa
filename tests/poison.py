"""Every word of people that a database holds, replaced by all payloads: what pages show then comes from attackers alone."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import JSON, Column, String, Table, Text, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.base import Base
from tests.payloads import PAYLOADS

_KEPT_TABLES: Final = {
    "event",
    "kept_answer",
    "passage",
    "chain_head",
    "place_code",
    "mail_secret",
    "need_criterion",
}  # append-only, never shown, or codes
_KEPT: Final = {"password_hash", "search_text", "folded", "query"}  # secrets, and what is computed from other columns
_NAMES: Final = re.compile(r"(^|_)(name|town|partnership|value|sample)$")
_ADDRESSES: Final = re.compile(r"(^|_)(website|url|link)$")
_SHORT: Final = 150  # characters: what a title or a name may have
_CODE: Final = re.compile(r"[\w.:+/-]*")


def poison(session: Session, *, each: int = len(PAYLOADS)) -> set[str]:
    """Replace the texts of all rows by so many payloads each, other ones in every row; returns the columns that had any."""
    done = set()
    for table in Base.metadata.sorted_tables:
        for column in (one for one in table.columns if table.name not in _KEPT_TABLES and _holds_words(one)):
            if _poisoned(session, table, column, each):
                done.add(f"{table.name}.{column.name}")
    return done


def _holds_words(column: Column[Any]) -> bool:
    if column.primary_key or column.foreign_keys or column.unique or column.name in _KEPT:
        return False
    return isinstance(column.type, Text | JSON) or (type(column.type) is String and bool(_NAMES.search(column.name)))


def _poisoned(session: Session, table: Table, column: Column[Any], each: int) -> bool:
    keys = list(table.primary_key)
    changed = False
    for number, row in enumerate(session.execute(select(table)).mappings().all()):
        for words in _words(column, row[column.name], number, each):
            query = update(table).where(*(key == row[key.name] for key in keys)).values({column.name: words})
            try:
                with session.begin_nested():
                    session.execute(query)
            except IntegrityError:  # the column holds less, or no words of people at all
                continue
            changed = True
            break
    return changed


def _words(column: Column[Any], there: Any, number: int, each: int) -> Iterator[Any]:
    """What to put there, shorter and shorter; addresses get one payload each, so that it stands at their beginning."""
    if there is None:
        return
    turned = _turned(number + len(column.name), each)
    if isinstance(column.type, JSON):
        if (spoilt := _spoilt(there, number)) != there:
            yield spoilt
    elif _ADDRESSES.search(column.name):
        yield PAYLOADS[number % 7]
    else:
        yield "\n".join(turned)
        yield "".join(turned)[:_SHORT]


def _turned(number: int, each: int) -> list[str]:
    """Payloads, each time others."""
    first = (number * 37) % len(PAYLOADS)
    return [*PAYLOADS[first:], *PAYLOADS[:first]][:each]


def _spoilt(value: Any, number: int) -> Any:
    """The same with a payload for each string that is no code."""
    if isinstance(value, Mapping):
        return {name: _spoilt(each, number + place) for place, (name, each) in enumerate(value.items())}
    if isinstance(value, list):
        return [_spoilt(each, number + place) for place, each in enumerate(value)]
    if isinstance(value, str) and not _CODE.fullmatch(value):
        return " ".join(PAYLOADS[(number * 11 + place) % len(PAYLOADS)] for place in range(12))
    return value
