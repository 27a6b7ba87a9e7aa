"""Why and why not: a verdict on each aspect and must-have of a need, with the words of both texts that carry it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from matcher.codes import label
from matcher.criteria import assess, facet_missing, facet_verdict, spans, speaking_of, told
from matcher.pairing import Prepared, similarities
from matcher.text import FIELD_ASPECTS
from matcher.types import Aspect, Criterion, CriterionKind, Facet, Finding, Quote, Side, Verdict
from matcher.vocabulary import Vocabulary, Words, coverage

_WORDS_WEIGHT = 0.3  # beside a cosine: what the share of words that the innovation holds adds to the fit of an aspect
_LONGEST_QUOTE = 240  # characters; a longer sentence is quoted by clauses
_CLAUSE_END = re.compile(r"(?<=[;:,–])\s+")
_TEXT_ASPECTS = {
    Aspect.PROBLEM: frozenset({Aspect.TITLE, Aspect.PROBLEM}),  # a title says the problem in short
    Aspect.POPULATION: frozenset({Aspect.POPULATION}),
    Aspect.OUTCOME: frozenset({Aspect.OUTCOME}),
}
_ASPECT_OF = FIELD_ASPECTS[Side.NEED]
_CODE_ASPECTS = ((Aspect.SETTING, Facet.CARE_SETTINGS), (Aspect.CONDITIONS, Facet.CONDITIONS))
_MISSING = {
    Aspect.PROBLEM: "Say which part of this problem it takes on, and how.",
    Aspect.POPULATION: "Say for whom it is, and whether these people are among them.",
    Aspect.OUTCOME: "Say what changes where it is used, and by how much.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From which fit, in the ranker's own measure, an aspect counts as met or partly met."""

    met: float
    partly: float


@dataclass(frozen=True, slots=True)
class _Clause:
    """A quotable stretch of a text with its words."""

    quote: Quote
    words: Words


def explain(need: Prepared, innovation: Prepared, *, thresholds: Thresholds, vocabulary: Vocabulary) -> tuple[Finding, ...]:
    """Give the findings on every aspect that the need speaks of, then on each must-have, in the need's order."""
    findings = [*_text_findings(need, innovation, thresholds, vocabulary), *_code_findings(need, innovation)]
    return (*findings, *(_criterion_finding(criterion, need, innovation) for criterion in need.document.criteria))


def _text_findings(need: Prepared, innovation: Prepared, thresholds: Thresholds, vocabulary: Vocabulary) -> Iterator[Finding]:
    clauses = [_Clause(quote, vocabulary.words(quote.text)) for quote in _clauses(innovation)]
    cosines = similarities(need, innovation)
    for aspect, speaking in _TEXT_ASPECTS.items():
        rows = [row for row, passage in enumerate(need.encoded.passages, start=1) if passage.aspect in speaking]
        asked = [quote for quote in _clauses(need) if _ASPECT_OF[quote.field] in speaking]
        if not asked:
            continue
        nearest = cosines[np.ix_(rows, innovation.answering)].max(axis=0)
        words = vocabulary.words(" ".join(need.encoded.passages[row - 1].text for row in rows))
        fit = float(nearest.max()) + _WORDS_WEIGHT * coverage(words, innovation.words)
        field = _field(innovation, innovation.answering[int(np.argmax(nearest))])
        own = max(asked, key=lambda quote: coverage(vocabulary.words(quote.text), innovation.words))
        yield _text_finding(aspect, fit, thresholds, need_quote=own, innovation_quote=_best(clauses, words, field))


def _text_finding(aspect: Aspect, fit: float, thresholds: Thresholds, *, need_quote: Quote, innovation_quote: Quote) -> Finding:
    """Another problem is a gap; of a population or an outcome that it does not speak of, nothing is known."""
    silent = Verdict.GAP if aspect is Aspect.PROBLEM else Verdict.UNKNOWN
    verdict = Verdict.MET if fit >= thresholds.met else Verdict.PARTLY if fit >= thresholds.partly else silent
    return Finding(
        aspect=aspect,
        criterion=None,
        verdict=verdict,
        need_quote=need_quote,
        innovation_quote=None if verdict is Verdict.UNKNOWN else innovation_quote,
        missing="" if verdict is Verdict.MET else _MISSING[aspect],
    )


def _code_findings(need: Prepared, innovation: Prepared) -> Iterator[Finding]:
    for aspect, facet in _CODE_ASPECTS:
        verdict = facet_verdict(facet, need.document, innovation.document)
        if verdict is None:
            continue
        words = [label(facet, code) for code in told(facet, need.document, innovation.document)]
        yield Finding(
            aspect=aspect,
            criterion=None,
            verdict=verdict,
            need_quote=_naming(words, need),
            innovation_quote=None if verdict is Verdict.UNKNOWN else _naming(words, innovation),
            missing="" if verdict is Verdict.MET else facet_missing(facet, need.document, innovation.document),
        )


def _naming(labels: Sequence[str], prepared: Prepared) -> Quote | None:
    """The first sentence that speaks of one of these codes, if the text names them in words at all."""
    found = (speaking_of(words, prepared.document) for words in labels)
    return next((quote for quote in found if quote is not None), None)


def _criterion_finding(criterion: Criterion, need: Prepared, innovation: Prepared) -> Finding:
    found = assess(criterion, innovation.document)
    spoken = criterion.kind in {CriterionKind.OTHER, CriterionKind.STAFF_LEARNING, CriterionKind.PATIENT_LEARNING}
    return Finding(
        aspect=None,
        criterion=criterion,
        verdict=found.verdict,
        need_quote=speaking_of(criterion.value, need.document) if spoken else None,
        innovation_quote=found.quote,
        missing=found.missing,
    )


def _field(prepared: Prepared, row: int) -> str:
    """The field of a row of a document's vectors; empty for the pooled one and the windows over all fields."""
    return prepared.encoded.passages[row - 1].field if row else ""


def _best(clauses: list[_Clause], asked: Words, field: str) -> Quote:
    """The clause that holds most of the weight of these words; where none holds any, the first of the nearest field."""
    held = [coverage(asked, clause.words) for clause in clauses]
    if any(held):
        return clauses[int(np.argmax(held))].quote
    return next(clause.quote for clause in clauses if not field or clause.quote.field == field)


def _clauses(prepared: Prepared) -> Iterator[Quote]:
    """The sentences of the fields that are read, names and titles left out unless nothing else is said; long ones in parts."""
    quotes = list(spans(prepared.document))
    titles = {name for name, aspect in FIELD_ASPECTS[prepared.document.side].items() if aspect is Aspect.TITLE}
    prose = [quote for quote in quotes if quote.field not in titles]
    for quote in prose or quotes:
        yield from _parts(quote)


def _parts(quote: Quote) -> Iterator[Quote]:
    """A sentence itself, or its clauses joined up to the longest quote; a clause beyond that is cut between words."""
    start = 0
    while len(quote.text) - start > _LONGEST_QUOTE:
        borders = [found for found in _CLAUSE_END.finditer(quote.text, start) if found.start() - start <= _LONGEST_QUOTE]
        gap = quote.text.rfind(" ", start + 1, start + _LONGEST_QUOTE)
        end, following = (borders[-1].start(), borders[-1].end()) if borders else (gap, gap + 1)
        if end <= start:
            end = following = start + _LONGEST_QUOTE
        yield _part(quote, start, end)
        start = following
    yield _part(quote, start, len(quote.text))


def _part(quote: Quote, start: int, end: int) -> Quote:
    return Quote(field=quote.field, start=quote.start + start, end=quote.start + end, text=quote.text[start:end])
