"""Text written to be found and not to be read: word lists, repetition, lists of places, one text about everything."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import NamedTuple

from matcher.tokens import Token, function_stems, tokens

LIST_WORDS = 25  # words in a row without one that sentences need; the longest of an honest abstract in a hundred is 20
WINDOW = 60  # words that are looked at together
LEAST_FUNCTION_WORDS = 0.1  # of a window; honest prose has 0.13 at the thinnest place of one text in two hundred
REPEATED_FROM = 40  # words that are told; below, repetition means nothing
MOST_REPEATED = 0.4  # share of the phrases of a text that stood in it before
MOST_OF_ONE_WORD = 0.18  # share of one word among those that are told
MANY_PLACES = 9  # different places of one text; a need names five at most, an honest abstract six
MANY_TOPICS = 10  # different health topics of one text; the broadest honest abstract of thousands names nine

_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?(?: ?\d[A-Z]{2})?\b")
_NAME = re.compile(r"(?:[A-Z][\w'’&.-]*|of|and|the|on|upon|NHS)(?: (?:[A-Z][\w'’&.-]*|of|and|the|on|upon))*")
_NAMES_IN_A_ROW = 15
_ITEM_END = re.compile(r"[,;|•\n\t]+")


class Span(NamedTuple):
    """A stretch of a text, by characters."""

    start: int
    end: int


def word_list(words: Sequence[Token]) -> Span | None:
    """The first stretch of a text that is a list of words and not sentences."""
    run: list[Token] = []
    skipped = function_stems()
    for word in words:
        if word.stem in skipped:
            run = []
            continue
        run.append(word)
        if len(run) == LIST_WORDS:
            return Span(run[0].start, word.end)
    return _thin_window(words)


def _thin_window(words: Sequence[Token]) -> Span | None:
    skipped = function_stems()
    needed = [word.stem in skipped for word in words]
    held = sum(needed[:WINDOW])
    for place in range(len(words) - WINDOW + 1):
        if held < LEAST_FUNCTION_WORDS * WINDOW:
            return Span(words[place].start, words[place + WINDOW - 1].end)
        if place + WINDOW < len(words):
            held += needed[place + WINDOW] - needed[place]
    return None


def repetition(words: Sequence[Token]) -> Span | None:
    """The second standing of the phrase, or the word, that a text says over and over."""
    skipped = function_stems()
    told = [word for word in words if word.stem not in skipped]
    if len(told) < REPEATED_FROM:
        return None
    phrases = [(one.stem, two.stem, three.stem) for one, two, three in zip(told, told[1:], told[2:], strict=False)]
    counts = Counter(phrases)
    if 1 - len(counts) / len(phrases) >= MOST_REPEATED:
        again = counts.most_common(1)[0][0]
        second = [place for place, phrase in enumerate(phrases) if phrase == again][1]
        return Span(told[second].start, told[second + 2].end)
    word, count = Counter(each.stem for each in told).most_common(1)[0]
    if count < MOST_OF_ONE_WORD * len(told):
        return None
    second = [place for place, each in enumerate(told) if each.stem == word][1]
    return Span(told[second].start, told[second].end)


def topics_named(words: Sequence[Token]) -> Mapping[str, Span]:
    """The health topics that a text names, with the first words that name each."""
    return _named(words, _topics())


def places_named(text: str, words: Sequence[Token]) -> Mapping[str, Span]:
    """The places and postcodes that a text names, with the first words that name each."""
    found = dict(_named(words, _places()))
    for postcode in _POSTCODE.finditer(text):
        found.setdefault(postcode.group(), Span(postcode.start(), postcode.end()))
    return found


def names_in_a_row(text: str) -> Span | None:
    """The first row of many names of places or organisations, parted by commas or lines."""
    first, count, start = 0, 0, 0
    for end, after in [*((found.start(), found.end()) for found in _ITEM_END.finditer(text)), (len(text), len(text))]:
        item = text[start:end].strip().rstrip(".")
        if item and not _NAME.fullmatch(item):
            count = 0
        elif item:
            first = start if not count else first
            count += 1
            if count == _NAMES_IN_A_ROW:
                return Span(first + len(text[first:end]) - len(text[first:end].lstrip()), end)
        start = after
    return None


def reach(spans: Iterable[Span]) -> Span:
    """From the first of these spans to the last."""
    found = list(spans)
    return Span(min(each.start for each in found), max(each.end for each in found))


def _named(words: Sequence[Token], names: Mapping[tuple[str, ...], str]) -> Mapping[str, Span]:
    found: dict[str, Span] = {}
    for name, span in _matches(words, names):
        found.setdefault(name, span)
    return found


def _matches(words: Sequence[Token], names: Mapping[tuple[str, ...], str]) -> Iterator[tuple[str, Span]]:
    before: tuple[str, ...] = ()
    for place, word in enumerate(words):
        for key in ((word.stem,), (*before[-1:], word.stem), (*before, word.stem)):
            if key in names:
                yield names[key], Span(words[place - len(key) + 1].start, word.end)
        before = (*before[-1:], word.stem)


@cache
def _topics() -> Mapping[tuple[str, ...], str]:
    stored = json.loads(files("matcher").joinpath("data/topics.json").read_text(encoding="utf-8"))
    return MappingProxyType({_key(phrase): topic for topic, phrases in stored["topics"].items() for phrase in phrases})


@cache
def _places() -> Mapping[tuple[str, ...], str]:
    stored = json.loads(files("matcher").joinpath("data/place_names.json").read_text(encoding="utf-8"))
    return MappingProxyType({_key(name): name for name in stored["names"]})


def _key(phrase: str) -> tuple[str, ...]:
    return tuple(token.stem for token in tokens(phrase))
