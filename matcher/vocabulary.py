"""The words of a text as the judging of pairs compares them: stemmed, abbreviations written out, weighted by frozen counts."""

import json
import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from matcher.text import normalise

PREFIX = 5  # letters that two words of one family share at least: dermatology, dermatoscope
FAMILY_CREDIT = 0.5  # what a word of the same family counts, against 1 for the word itself

_SPELLINGS = (
    (re.compile("ae|oe"), "e"),
    (re.compile("(?<=[a-z]{3})our"), "or"),
    (re.compile(r"(?<=[a-z]{3}[iy])s(?=(?:e[ds]?|ers?|ing|ations?|ational)\b)"), "z"),
    (re.compile(r"\b(cent|fib|lit|met|theat)re(?=s?\b)"), r"\1er"),
    (re.compile(r"\bprogramme"), "program"),
)


@dataclass(frozen=True, slots=True)
class Words:
    """The distinct words of one text with their weights, and the word families among them with their words."""

    weights: Mapping[str, float]
    families: Mapping[str, tuple[str, ...]]
    total: float

    @classmethod
    def of(cls, weights: Mapping[str, float]) -> "Words":
        """The words that have these weights."""
        families: dict[str, tuple[str, ...]] = {}
        for stem in weights:
            if len(stem) >= PREFIX:
                families[stem[:PREFIX]] = (*families.get(stem[:PREFIX], ()), stem)
        return cls(weights=MappingProxyType(weights), families=MappingProxyType(families), total=math.fsum(weights.values()))

    def only(self, stems: Collection[str]) -> "Words":
        """Those of the words that are among these stems."""
        return Words.of({stem: weight for stem, weight in self.weights.items() if stem in stems})


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """In how many of `documents` reference texts each stem stands; an unknown stem counts as standing in one."""

    documents: int
    counts: Mapping[str, int]

    def weight(self, stem: str) -> float:
        """How much a stem tells, from near 0 for one that stands everywhere, growing as it becomes rare (BM25's idf)."""
        count = self.counts.get(stem, 1)
        return math.log(1 + (self.documents - count + 0.5) / (count + 0.5))

    def words(self, text: str) -> Words:
        """The distinct stems of a text with their weights."""
        return Words.of({stem: self.weight(stem) for stem in stems(text)})


def coverage(asked: Words, given: Words) -> float:
    """The share of the weight of one text's words that another holds, in [0, 1]; a word of the same family counts half."""
    return _covered(asked, *_common(asked, given))


def coverages(one: Words, other: Words) -> tuple[float, float]:
    """The `coverage` of the first by the other and of the other by the first, in one go: every candidate of a list is asked for both."""
    held, families = _common(one, other)
    return _covered(one, held, families), _covered(other, held, families)


def _common(one: Words, other: Words) -> tuple[Collection[str], Collection[str]]:
    """The words and the word families that two texts both have."""
    return one.weights.keys() & other.weights.keys(), one.families.keys() & other.families.keys()


def _covered(asked: Words, held: Collection[str], families: Collection[str]) -> float:
    if not asked.total:
        return 0.0
    weights, own = asked.weights, asked.families
    exact = math.fsum([weights[stem] for stem in held])
    akin = math.fsum([weights[stem] for family in families for stem in own[family] if stem not in held])
    return (exact + FAMILY_CREDIT * akin) / asked.total


@lru_cache(maxsize=16_384)
def stems(text: str) -> frozenset[str]:
    """The distinct stems of a text without stop words, numbers and single letters; abbreviations of the NHS written out."""
    return frozenset(stems_in_order(text))


def stems_in_order(text: str) -> tuple[str, ...]:
    """The stems of a text as `stems` tells them, each as often as it stands, in reading order."""
    found: Iterable[str] = _analyser().analyze(spelt(written_out(normalise(text)).lower()))
    return tuple(stem for stem in found if len(stem) > 1 and not stem.isdigit())


def written_out(text: str) -> str:
    """Write out the abbreviations that are listed in `data/abbreviations.json`, as written there or wholly in either case."""
    return _abbreviation_pattern().sub(lambda found: abbreviations()[found.group()], text)


@cache
def abbreviations() -> Mapping[str, str]:
    """The abbreviations with their meaning, in the forms that are read; one that is another word is none (*fit*, *GPS*)."""
    stored = json.loads(files("matcher").joinpath("data/abbreviations.json").read_text(encoding="utf-8"))
    listed: dict[str, str] = stored["abbreviations"]
    forms = {form: meaning for written, meaning in listed.items() for form in (written.lower(), written.upper())}
    return MappingProxyType({form: meaning for form, meaning in forms.items() if form not in stored["other_words"]} | listed)


@cache
def _abbreviation_pattern() -> re.Pattern[str]:
    longest_first = sorted(abbreviations(), key=len, reverse=True)
    return re.compile(rf"(?<![\w&])(?:{'|'.join(map(re.escape, longest_first))})(?![\w&])")


@cache
def _analyser() -> Any:  # noqa: ANN401 -- tantivy ships no types
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer  # noqa: PLC0415 -- a compiled library, only when words are compared

    filters = (Filter.lowercase(), Filter.ascii_fold(), Filter.stopword("english"), Filter.stemmer("english"))
    builder = TextAnalyzerBuilder(Tokenizer.simple())
    for each in filters:
        builder = builder.filter(each)
    return builder.build()


def spelt(text: str) -> str:
    """One form for British and American spelling; what it makes of other words is the same on both sides."""
    for pattern, form in _SPELLINGS:
        text = pattern.sub(form, text)
    return text
