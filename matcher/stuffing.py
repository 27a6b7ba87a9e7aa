"""Text written to be found and not to be read: word lists, repetition, lists of places, one text about everything."""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from matcher.tokens import Field, Token, function_stems, tokens

LIST_WORDS = 25  # words in a row without one that sentences need; 99.5 % of honest abstracts have 22 at most
WINDOW = 60  # words that are looked at together
LEAST_FUNCTION_WORDS = 0.1  # of a window; 99.5 % of honest abstracts have 0.13 at their thinnest place
REPEATED_FROM = 20  # words that are told; below, repetition means nothing
MOST_REPEATED = 0.4  # share of the phrases of a text that stood in it before
MOST_OF_ONE_WORD = 0.18  # share of one word among those that are told
OFTEN = 6  # times that a word has to stand at least; a short answer to a question names its illness four times
MANY_PLACES = 9  # different places of one text; a need names five at most, an honest abstract six
MANY_TOPICS = 8  # different health topics of one text; 99.5 % of honest abstracts name seven at most
MANY_SERVICES = 3  # of them; a list of conditions alone, as whom a trial leaves out, is honest
NAMES_IN_A_ROW = 15
STUFFED = 0.3  # of a need's words, standing in lists
SHORT, SPARED = 14, 2  # words that are looked at together in search of a short list, and those of sentences among them
MOSTLY, LEAST_HELD = 0.6, 8  # of a need's words, standing in short lists; sentences are that dense too, but hold no need's words

_POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]?")
_NAME = re.compile(r"(?:[A-Z][\w'’&.-]*|of|and|the|on|upon)(?: (?:[A-Z][\w'’&.-]*|of|and|the|on|upon))*")
_ITEM_END = re.compile(r"[,;|•\n\t]+")

Names = Mapping[str, Sequence[tuple[tuple[str, ...], str]]]
"""By the first stem of each phrase: its further stems, and what it names."""


class Span(NamedTuple):
    """A stretch of a text, by characters."""

    start: int
    end: int


def word_list(field: Field) -> Span | None:
    """The first stretch of a text that is a list of words and not sentences."""
    skipped, words = function_stems(), field.words
    needed = [word.stem in skipped for word in words]
    before = -1
    for place, is_needed in enumerate(needed):
        if is_needed:
            before = place
        elif place - before == LIST_WORDS:
            return Span(words[before + 1].start, words[place].end)
    held = sum(needed[:WINDOW])
    for end in range(WINDOW, len(words) + 1):
        if held < LEAST_FUNCTION_WORDS * WINDOW:
            return Span(words[end - WINDOW].start, words[end - 1].end)
        held += (needed[end] if end < len(words) else 0) - needed[end - WINDOW]
    return None


def listed(field: Field) -> frozenset[str]:
    """The stems that stand where a text is a list of words and not sentences; mostly none."""
    skipped, words = function_stems(), field.words
    if word_list(field) is None:
        return frozenset()
    needed = np.array([word.stem in skipped for word in words])
    thin = np.zeros(len(words), dtype=bool)
    borders = [-1, *np.flatnonzero(needed).tolist(), len(words)]
    for before, after in pairwise(borders):
        if after - before > LIST_WORDS:
            thin[before + 1 : after] = True
    for start in range(len(words) - WINDOW + 1):
        if needed[start : start + WINDOW].sum() < LEAST_FUNCTION_WORDS * WINDOW:
            thin[start : start + WINDOW] = True
    return frozenset(words[place].stem for place in np.flatnonzero(thin & ~needed))


def dense(field: Field) -> Mapping[str, Span]:
    """The stems that stand where hardly a word is one that sentences need, with the first place of each."""
    skipped, words = function_stems(), field.words
    needed = np.array([word.stem in skipped for word in words], dtype=np.int64)
    if len(words) < SHORT:
        return MappingProxyType({})
    before = np.concatenate([[0], needed.cumsum()])
    starts = np.flatnonzero(before[SHORT:] - before[:-SHORT] <= SPARED)
    thin = np.zeros(len(words), dtype=bool)
    for step in range(SHORT):
        thin[starts + step] = True
    places = np.flatnonzero(thin & (needed == 0))[::-1].tolist()
    return MappingProxyType({words[place].stem: Span(words[place].start, words[place].end) for place in places})


def standing(field: Field, stems: Collection[str]) -> list[Span]:
    """Where these stems stand in lists of a text, or else anywhere in it."""
    found = [span for stem, span in dense(field).items() if stem in stems]
    return found or [Span(word.start, word.end) for word in field.told if word.stem in stems]


def is_stuffed(asked: frozenset[str], given: frozenset[str], densely: frozenset[str] = frozenset()) -> bool:
    """Whether lists hold so many of the words of a need that they were put there to be found by it.

    What a trial leaves out, a table, a list of ingredients are lists too, and hold few words of any one need. A short list, or
    words that stand as densely as in one, has to hold most of them.
    """
    in_lists = bool(given) and len(asked & given) >= max(1.0, STUFFED * len(asked))
    return in_lists or len(asked & densely) >= max(LEAST_HELD, MOSTLY * len(asked))


def repetition(field: Field) -> Span | None:
    """The second standing of the phrase, or of the word, that a text says over and over."""
    told = field.told
    if len(told) < REPEATED_FROM:
        return None
    stems = [word.stem for word in told]
    phrases = list(zip(stems, stems[1:], stems[2:], strict=False))
    counts = Counter(phrases)
    if 1 - len(counts) / len(phrases) >= MOST_REPEATED:
        again = counts.most_common(1)[0][0]
        second = phrases.index(again, phrases.index(again) + 1)
        return Span(told[second].start, told[second + 2].end)
    word, count = Counter(stems).most_common(1)[0]
    if count < max(OFTEN, MOST_OF_ONE_WORD * len(told)):
        return None
    second = stems.index(word, stems.index(word) + 1)
    return Span(told[second].start, told[second].end)


def topics_named(field: Field) -> Mapping[str, Span]:
    """The health topics that a text names, with the first words that name each."""
    return _named(field.words, _topics())


def is_about_everything(topics: Collection[str]) -> bool:
    """Whether one innovation cannot be about all of these topics."""
    return len(topics) >= MANY_TOPICS and len(_stored("topics.json")["services"].keys() & set(topics)) >= MANY_SERVICES


def places_named(field: Field) -> Mapping[str, Span]:
    """The places and postcodes that a text names, with the first words that name each."""
    found = dict(_named(field.words, _places()))
    for word in field.words:
        if not word.stem.isalpha() and not word.stem.isdigit() and _POSTCODE.fullmatch(field.text, word.start, word.end):
            found.setdefault(word.stem, Span(word.start, word.end))
    return found


def names_in_a_row(text: str) -> Span | None:
    """The first row of many names of places or organisations, parted by commas or lines."""
    first, count, start = 0, 0, 0
    for end, after in [*(found.span() for found in _ITEM_END.finditer(text)), (len(text), len(text))]:
        item = text[start:end].strip().rstrip(".")
        if item and not _NAME.fullmatch(item):
            count = 0
        elif item:
            first = text.index(item, start) if not count else first
            count += 1
            if count == NAMES_IN_A_ROW:
                return Span(first, end)
        start = after
    return None


def reach(spans: Iterable[Span]) -> Span:
    """From the first of these spans to the last."""
    found = list(spans)
    return Span(min(each.start for each in found), max(each.end for each in found))


def _named(words: Sequence[Token], names: Names) -> Mapping[str, Span]:
    found: dict[str, Span] = {}
    for place, word in enumerate(words):
        for further, name in names.get(word.stem, ()):
            last = place + len(further)
            if name not in found and tuple(each.stem for each in words[place + 1 : last + 1]) == further:
                found[name] = Span(word.start, words[last].end)
    return found


@cache
def _topics() -> Names:
    stored = _stored("topics.json")
    return _by_first((phrase, topic) for kind in ("services", "others") for topic, phrases in stored[kind].items() for phrase in phrases)


@cache
def _places() -> Names:
    return _by_first((name, name) for name in _stored("place_names.json")["names"])


def _by_first(phrases: Iterable[tuple[str, str]]) -> Names:
    found: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for phrase, name in phrases:
        first, *further = (token.stem for token in tokens(phrase))
        found.setdefault(first, []).append((tuple(further), name))
    return MappingProxyType(found)


@cache
def _stored(name: str) -> Mapping[str, Any]:
    stored: dict[str, Any] = json.loads(files("matcher").joinpath(f"data/{name}").read_text(encoding="utf-8"))
    return MappingProxyType(stored)
