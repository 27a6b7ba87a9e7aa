"""Codes suggested from the text: words that tell a code, found in what is read of a document, with how sure they make us.

The words stand in `data/code_words.json`: a code's *names* say it outright, its *hints* make it likelier, and a set
phrase is read as a whole and tells nothing. How likely a person would choose a code that is told so is a curve by facet,
in `data/code_confidence.json`, fitted on codes that people chose.
"""

import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from matcher.codes import chosen, parent
from matcher.text import FIELD_ASPECTS, fields_read
from matcher.types import Aspect, Document, Facet, Quote
from matcher.vocabulary import abbreviations, spelt, stems

SUGGESTED = (Facet.CARE_SETTINGS, Facet.AREAS, Facet.CONDITIONS, Facet.INEQUALITIES)
"""The facets for which codes are suggested; an innovation's categories are compared with nothing."""

MOST = 5  # codes of one facet that are suggested
LEAST = 0.3  # confidence below which a code is not worth a person's look
QUOTED = 5  # places in the text that are shown for one code

_NAME, _HINT = 0.6, 0.2  # how sure one name or one hint of a code makes us, read in a title
_SAID_IN = MappingProxyType(
    {
        Aspect.TITLE: 1.0,
        Aspect.PROBLEM: 1.0,
        Aspect.POPULATION: 1.0,
        Aspect.SETTING: 1.0,
        Aspect.SOLUTION: 0.9,
        Aspect.OUTCOME: 0.8,
        Aspect.PRACTICE: 0.5,  # what is done today may be what is to be left behind
        Aspect.EVIDENCE: 0.4,  # trials tell of many things beside
    }
)
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_TERM_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*\*?")
_BORDER = re.compile(r"[.,;:!?()\n\r]")
_ABBREVIATION = re.compile(r"(?=.*[A-Z])[A-Z0-9]{2,}s?|[A-Z]")
_NOT_MEANT = re.compile(
    r"\b(?:not (?:yet )?(?:for|(?:suitable|intended|designed|recommended|appropriate|licensed|meant|used|validated) (?:for|in|with|by))"
    r"|exclud(?:es?|ing)|contra-?indicated (?:in|for|with)|does not (?:treat|cover|include|apply to))\b(?:(?!\bbut\b)[^.;:\n]){0,120}"
    r"|\b(?:without|other than|rather than|unlike|except(?: for| in)?)\b(?:(?!\bbut\b)[^.,;:\n]){0,30}",
    re.IGNORECASE,
)

SIGNS = ("strength", "of_best", "of_all", "narrower")
"""What the confidence in a code is worked out from: how strongly it is told, by itself, against the best told code of its
facet and against all of them together, and how strongly a narrower condition is told."""

_Symbols = tuple[str, ...]  # the forms under which one word of a text is known: its stem, beginnings, an abbreviation


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A code that the text tells, how likely a person would choose it, and the words that tell it, the plainest first."""

    facet: Facet
    code: str
    confidence: float
    evidence: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class _Word:
    stem: str
    symbols: _Symbols  # those that stand in some phrase
    start: int
    end: int
    begins: bool  # whether a border stands before it, over which no phrase reaches


_Codes = dict[Facet, dict[str, float]]  # what a phrase tells: facet -> code -> strength


class _Phrases:
    """All phrases by the first of their symbols, each with what it tells."""

    def __init__(self) -> None:
        self.by_first: dict[str, list[tuple[_Symbols, _Codes]]] = {}

    def codes(self, symbols: _Symbols) -> _Codes:
        """What a phrase tells, to be added to; a phrase that was not there tells nothing yet."""
        others = self.by_first.setdefault(symbols[0], [])
        told = next((told for rest, told in others if rest == symbols[1:]), None)
        if told is None:
            told = {}
            others.append((symbols[1:], told))
        return told

    def add(self, symbols: _Symbols, facet: Facet, code: str, strength: float) -> None:
        """Let a phrase tell a code; of two strengths the greater holds."""
        codes = self.codes(symbols).setdefault(facet, {})
        codes[code] = max(strength, codes.get(code, 0.0))

    def add_abbreviation(self, symbols: _Symbols, meaning: Sequence[_Word]) -> None:
        """Let an abbreviation tell what the words tell for which it stands, where it is not listed itself."""
        listed = dict(self.codes(symbols))
        for facet, (_, codes) in self.longest(meaning, 0).items():
            for code, strength in codes.items():
                if facet not in listed:
                    self.add(symbols, facet, code, strength)

    def longest(self, words: Sequence[_Word], at: int) -> dict[Facet, tuple[int, dict[str, float]]]:
        """By facet, how many words the longest phrase has that begins here, and what it tells."""
        found: dict[Facet, tuple[int, dict[str, float]]] = {}
        for symbol in words[at].symbols:
            for rest, told in self.by_first.get(symbol, ()):
                if rest and not _follows(words, at + 1, rest):
                    continue
                length = len(rest) + 1
                for facet, codes in told.items():
                    longest, beside = found.get(facet, (0, {}))
                    if length >= longest:
                        found[facet] = (length, beside | codes if length == longest else codes)
        return found


def suggest(document: Document) -> Mapping[Facet, Mapping[str, float]]:
    """The codes that the text tells, by facet, each with its confidence in [0, 1]; a facet without any is left out."""
    found: dict[Facet, dict[str, float]] = defaultdict(dict)
    for suggestion in suggestions(document):
        found[suggestion.facet][suggestion.code] = suggestion.confidence
    return MappingProxyType(found)


def completed(document: Document) -> Document:
    """The document with suggestions for each facet of which it has neither chosen nor suggested codes."""
    bare = [facet for facet in SUGGESTED if not chosen(document, facet) and facet not in document.suggested_codes]
    if not bare:
        return document
    found: dict[Facet, Mapping[str, float]] = dict(document.suggested_codes)
    for suggestion in _suggestions(document, bare):
        found[suggestion.facet] = {**found.get(suggestion.facet, {}), suggestion.code: suggestion.confidence}
    return replace(document, suggested_codes=MappingProxyType(found))


def suggestions(document: Document) -> tuple[Suggestion, ...]:
    """What the text tells of each facet, the surest first, with the words that tell it; chosen codes have no say in it."""
    return tuple(_suggestions(document, SUGGESTED))


@dataclass(slots=True)
class _Telling:
    """What tells one code so far: each distinct phrase with its strength where it is told most strongly, and that place."""

    phrases: dict[str, tuple[float, str, int, int]]

    def add(self, phrase: str, strength: float, field: str, start: int, end: int) -> None:
        if phrase not in self.phrases or strength > self.phrases[phrase][0]:
            self.phrases[phrase] = (strength, field, start, end)

    @property
    def strength(self) -> float:
        return 1 - math.prod(1 - strength for strength, *_ in self.phrases.values())

    def places(self) -> list[tuple[str, int, int]]:
        """The places of the strongest phrases, equally strong ones in reading order."""
        best = sorted(self.phrases.values(), key=lambda told: -told[0])
        return [(field, start, end) for _, field, start, end in best[:QUOTED]]


def told_signs(document: Document, facet: Facet) -> Mapping[str, tuple[float, ...]]:
    """The signs of each code that the text tells, in the order of `SIGNS`."""
    return _signs(_told(document)[facet])


def _suggestions(document: Document, facets: Sequence[Facet]) -> Iterator[Suggestion]:
    everything = _told(document)
    for facet in facets:
        told = everything[facet]
        sure = {code: _confidence(facet, signs) for code, signs in _signs(told).items()}
        for code in sorted(sure, key=lambda code: (-sure[code], code))[:MOST]:
            if sure[code] >= LEAST:
                quotes = tuple(
                    Quote(field=name, start=start, end=end, text=document.fields[name][start:end])
                    for name, start, end in told[code].places()
                )
                yield Suggestion(facet=facet, code=code, confidence=sure[code], evidence=quotes)


def _told(document: Document) -> Mapping[Facet, Mapping[str, _Telling]]:
    """What the text tells by facet and code; of phrases of one facet that overlap the longest is read."""
    phrases = _phrases()
    told: dict[Facet, dict[str, _Telling]] = {facet: {} for facet in SUGGESTED}
    for name, text in fields_read(document).items():
        weight = _SAID_IN[FIELD_ASPECTS[document.side][name]]
        words = list(_words(text))
        free = dict.fromkeys(SUGGESTED, 0)
        for at, word in enumerate(words):
            for facet, (length, codes) in phrases.longest(words, at).items() if word.symbols else ():
                if at < free[facet]:
                    continue
                free[facet] = at + length
                phrase = " ".join([each.stem for each in words[at : at + length]])
                for code, strength in codes.items():
                    telling = told[facet].setdefault(code, _Telling({}))
                    telling.add(phrase, weight * strength, name, word.start, words[at + length - 1].end)
    return told


def _signs(told: Mapping[str, _Telling]) -> dict[str, tuple[float, ...]]:
    strengths = {code: telling.strength for code, telling in told.items()}
    best, total = max(strengths.values(), default=0.0), math.fsum(strengths.values())
    narrower: dict[str | None, float] = defaultdict(float)
    for code, strength in strengths.items():
        wider = parent(code)
        narrower[wider] = max(narrower[wider], strength)
    return {code: (strength, strength / best, strength / total, narrower.get(code, 0.0)) for code, strength in strengths.items()}


def _confidence(facet: Facet, signs: Sequence[float]) -> float:
    """How likely a person would choose a code with these signs."""
    curve = _curves()[facet]
    logit = curve["base"] + math.fsum(curve[name] * sign for name, sign in zip(SIGNS, signs, strict=True))
    return round(1 / (1 + math.exp(-logit)), 3)


def _words(text: str) -> Iterator[_Word]:
    """The words of a field that are meant: what follows *not for*, *excludes* or *without* is left out."""
    unmeant = [found.span() for found in _NOT_MEANT.finditer(text)]
    shouted = text.isupper()
    last = 0
    for found in _TOKEN.finditer(text):
        start, end = found.span()
        skipped = any(begin <= start < border for begin, border in unmeant)
        begins = text[last:start] != " " and _BORDER.search(text, last, start) is not None
        stem, symbols = _symbols(found.group().lower() if shouted else found.group())
        yield _Word(stem, () if skipped else symbols, start, end, begins)
        last = end


def _follows(words: Sequence[_Word], at: int, rest: _Symbols) -> bool:
    if at + len(rest) > len(words):
        return False
    for symbol in rest:
        word = words[at]
        if word.begins or symbol not in word.symbols:
            return False
        at += 1
    return True


@lru_cache(maxsize=65_536)
def _symbols(word: str) -> tuple[str, _Symbols]:
    """The stem of a word, and the forms of it that are listed: the stem, its beginnings, itself as an abbreviation."""
    listed, stem, spelling = _listed_symbols(), _stem(word), spelt(word.lower())
    begun = (f"{spelling[:length]}*" for length in range(2, len(spelling) + 1))
    own = (f"={word.removesuffix('s')}",) if _ABBREVIATION.fullmatch(word) else ()
    return stem, tuple(symbol for symbol in (stem, *own, *begun) if symbol in listed)


def _stem(word: str) -> str:
    return " ".join(sorted(stems(word.lower()))) or word.lower()


def _listed(term: str) -> list[_Symbols]:
    """The symbols of a listed term, one tuple for each way in which its beginnings may be spelt."""
    ways: list[_Symbols] = [()]
    for token in _TERM_TOKEN.findall(term):
        if token.endswith("*"):
            start = spelt(token[:-1].lower())
            forms = [f"{start}*"] + ([f"{start[:-1]}z*"] if start.endswith(("is", "ys")) else [])
        else:
            forms = [f"={token.removesuffix('s')}" if _ABBREVIATION.fullmatch(token) else _stem(token)]
        ways = [(*way, form) for way in ways for form in forms]
    return ways


@cache
def _lists() -> Mapping[str, Any]:
    stored: dict[str, Any] = json.loads(files("matcher").joinpath("data/code_words.json").read_text(encoding="utf-8"))
    return MappingProxyType(stored)


@cache
def _curves() -> Mapping[str, Mapping[str, float]]:
    stored = json.loads(files("matcher").joinpath("data/code_confidence.json").read_text(encoding="utf-8"))
    return MappingProxyType(stored["curves"])


@cache
def _listed_symbols() -> frozenset[str]:
    told = (term for codes in _lists()["facets"].values() for words in codes.values() for kind in words.values() for term in kind)
    return frozenset(symbol for way in _ways((*told, *_lists()["set_phrases"], *abbreviations())) for symbol in way)


@cache
def _phrases() -> _Phrases:
    """All listed phrases, the abbreviations of the NHS among them; a set phrase tells nothing of any facet."""
    phrases = _Phrases()
    for facet in SUGGESTED:
        for code, words in _lists()["facets"][facet].items():
            for kind, strength in (("names", _NAME), ("hints", _HINT)):
                for way in _ways(words[kind]):
                    phrases.add(way, facet, code, strength)
    for way in _ways(_lists()["set_phrases"]):
        phrases.codes(way).update({facet: {} for facet in SUGGESTED})
    for short, meaning in abbreviations().items():
        for way in _listed(short):
            phrases.add_abbreviation(way, list(_words(meaning)))
    return phrases


def _ways(terms: Iterable[str]) -> Iterator[_Symbols]:
    return (way for term in terms for way in _listed(term))
