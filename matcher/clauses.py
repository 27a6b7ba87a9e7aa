"""The quotable stretches of a document: sentences, long ones in parts, each with its words; worked out once a document."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from matcher.criteria import spans
from matcher.pairing import Prepared
from matcher.text import FIELD_ASPECTS
from matcher.types import Aspect, Quote
from matcher.vocabulary import Vocabulary, Words

LONGEST_QUOTE = 240  # characters; a longer sentence is quoted by clauses
KEPT = 2_048  # documents whose clauses are kept: the same ones are explained for query after query

_CLAUSE_END = re.compile(r"(?<=[;:,–])\s+")


@dataclass(frozen=True, slots=True)
class Clause:
    """A quotable stretch of a text with its words, and the row of the document's vectors that holds it."""

    quote: Quote
    aspect: Aspect
    words: Words
    row: int


@lru_cache(maxsize=KEPT)
def clauses(prepared: Prepared, vocabulary: Vocabulary) -> tuple[Clause, ...]:
    """The clauses of the fields that are read, in reading order, names and titles among them."""
    aspects = FIELD_ASPECTS[prepared.document.side]
    return tuple(
        Clause(part, aspects[part.field], vocabulary.words(part.text), _row(prepared, part))
        for quote in spans(prepared.document)
        for part in _parts(quote)
    )


def _row(prepared: Prepared, quote: Quote) -> int:
    """The row of the passage in which a quote begins; row 0, the pooled vector, if none does."""
    rows = enumerate(prepared.encoded.passages, start=1)
    return next((row for row, each in rows if each.field == quote.field and each.start <= quote.start < each.end), 0)


def _parts(quote: Quote) -> Iterator[Quote]:
    """A sentence itself, or its clauses joined up to the longest quote; a clause beyond that is cut between words."""
    start = 0
    while len(quote.text) - start > LONGEST_QUOTE:
        borders = list(_CLAUSE_END.finditer(quote.text, start, start + LONGEST_QUOTE + 1))
        gap = quote.text.rfind(" ", start + 1, start + LONGEST_QUOTE)
        end, following = (borders[-1].start(), borders[-1].end()) if borders else (gap, gap + 1)
        if end <= start:
            end = following = start + LONGEST_QUOTE
        yield _part(quote, start, end)
        start = following
    yield _part(quote, start, len(quote.text))


def _part(quote: Quote, start: int, end: int) -> Quote:
    return Quote(field=quote.field, start=quote.start + start, end=quote.start + end, text=quote.text[start:end])
