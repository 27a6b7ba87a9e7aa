"""Words that name something outright: which listed names stand in a text, and where. The longest of overlapping ones counts."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from matcher.codes import narrowest
from matcher.text import fields_read
from matcher.types import Document, Facet, Quote, Side
from matcher.vocabulary import spelt

_TOKEN = re.compile(r"[^\W_]+(?:['’&][^\W_]+)*\*?")
_BORDER = re.compile(r"[.!?;:\n\r]")
_PLURAL_FROM = 4  # letters from which an s at the end is taken for a plural
_SHORTEST_BEGINNING = 3
_WORDS_KEPT = 65_536
_TEXTS_KEPT = 16_384
_NOT_MEANT = re.compile(
    r"\b(?:not (?:for|suitable for|intended for|meant for|yet for)|exclud(?:es?|ing)|other than|rather than|unlike|except(?: for)?)\b"
    r"[^.;:\n]{0,80}",
    re.IGNORECASE,
)

_TOLD_IN: Mapping[Side, Mapping[Facet, tuple[str, ...]]] = MappingProxyType(
    {
        Side.NEED: MappingProxyType(
            {Facet.CARE_SETTINGS: ("population", "title", "problem"), Facet.CONDITIONS: ("title", "problem", "population")}
        ),
        Side.INNOVATION: MappingProxyType(
            {
                Facet.CARE_SETTINGS: ("description", "how_it_works", "other_care_setting", "eligibility"),
                Facet.CONDITIONS: ("description", "eligibility", "problems_tackled", "how_it_works", "name"),
            }
        ),
    }
)
"""Where a text says where it is used and for which conditions; what is done today and what trials report say it of others."""

_Symbols = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """What a text names, by its key in the list, and the characters of the text that name it."""

    key: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Token:
    """One word of a text; `meant` unless it follows *not for* and the like."""

    forms: _Symbols
    start: int
    end: int
    meant: bool


class Names:
    """A list of names, each of which stands for one or more keys."""

    def __init__(self, terms: Mapping[str, Iterable[str]]) -> None:
        self._by_first: dict[str, list[tuple[_Symbols, str]]] = {}
        for key, listed in terms.items():
            for term in listed:
                first, *rest = (_listed(token) for token in _TOKEN.findall(term))
                self._by_first.setdefault(first, []).append((tuple(rest), key))
        self._beginning = lru_cache(maxsize=_WORDS_KEPT)(self._that_begin_with)

    def find(self, text: str) -> Iterator[Named]:
        """Every name in a text, in reading order; what follows *not for* and the like is not meant."""
        tokens = _tokens(text)
        at = 0
        while at < len(tokens):
            length, keys = self._longest(tokens, at, text)
            if length and tokens[at].meant:
                yield from (Named(key, tokens[at].start, tokens[at + length - 1].end) for key in keys)
            at += max(length, 1)

    def _longest(self, tokens: Sequence[_Token], at: int, text: str) -> tuple[int, Iterable[str]]:
        """How many words the longest name that begins here has, and what it stands for; 0 when none does."""
        length = 0
        keys: dict[str, None] = {}
        for rest, key in self._beginning(tokens[at].forms):
            if len(rest) + 1 >= length and _follows(tokens, at, rest, text):
                keys = {**keys, key: None} if len(rest) + 1 == length else {key: None}
                length = len(rest) + 1
        return length, keys

    def _that_begin_with(self, forms: _Symbols) -> tuple[tuple[_Symbols, str], ...]:
        return tuple(entry for symbol in forms for entry in self._by_first.get(symbol, ()))


@cache
def settings() -> Names:
    """Care settings by the words that name them."""
    return Names(lists()["settings"])


@cache
def conditions() -> Names:
    """Conditions of the record by the names that `data/code_words.json` gives them, save those that only hint at one."""
    stored = json.loads(files("matcher").joinpath("data/code_words.json").read_text(encoding="utf-8"))
    unsure = frozenset(lists()["not_conditions"])
    listed = stored["facets"][Facet.CONDITIONS].items()
    return Names({code: [name for name in words["names"] if name not in unsure] for code, words in listed})


@cache
def people() -> Names:
    """Groups of people by the words that name them."""
    return Names(lists()["people"])


@cache
def effects() -> Names:
    """The words by which a text tells that something changes."""
    return Names({**lists()["changes"], "effect": lists()["effects"]})


def changes_told(text: str) -> str:
    """A text in which one word stands for all words of the same change: sooner for faster, shorter and earlier."""
    pieces, done = [], 0
    for found in _changes().find(text):
        pieces += [text[done : found.start], found.key]
        done = found.end
    return "".join((*pieces, text[done:]))


@cache
def _changes() -> Names:
    return Names(lists()["changes"])


@cache
def lists() -> Mapping[str, Any]:
    """What `data/verdicts.json` holds."""
    stored: dict[str, Any] = json.loads(files("matcher").joinpath("data/verdicts.json").read_text(encoding="utf-8"))
    return MappingProxyType(stored)


@lru_cache(maxsize=_TEXTS_KEPT)
def _tokens(text: str) -> tuple[_Token, ...]:
    """The words of a text; kept, because each list is looked for in the same texts."""
    unmeant = [found.span() for found in _NOT_MEANT.finditer(text)]
    return tuple(
        _Token(_forms(found.group()), *found.span(), not any(begin <= found.start() < border for begin, border in unmeant))
        for found in _TOKEN.finditer(text)
    )


def named_codes(facet: Facet, document: Document) -> Mapping[str, Quote]:
    """The care settings or conditions that a document names outright, each with the first words that do."""
    names, read = (settings if facet is Facet.CARE_SETTINGS else conditions)(), fields_read(document)
    found: dict[str, Quote] = {}
    for field in _TOLD_IN[document.side][facet]:
        text = read.get(field, "")
        for each in names.find(text):
            found.setdefault(each.key, Quote(field, each.start, each.end, text[each.start : each.end]))
    return MappingProxyType({code: found[code] for code in found if code in narrowest(found)})


def _follows(tokens: Sequence[_Token], at: int, rest: _Symbols, text: str) -> bool:
    """Whether the other words of a name stand next, with no end of a sentence between."""
    following = tokens[at + 1 : at + 1 + len(rest)]
    if len(following) < len(rest) or any(symbol not in token.forms for symbol, token in zip(rest, following, strict=True)):
        return False
    return not following or not _BORDER.search(text, tokens[at].end, following[-1].end)


@lru_cache(maxsize=_WORDS_KEPT)
def _forms(token: str) -> _Symbols:
    """The forms under which a word of a text may be listed: itself, its beginnings, and as an abbreviation."""
    plain = _singular(spelt(token.lower()))
    whole = spelt(token.lower())
    beginnings = (f"{whole[:length]}*" for length in range(_SHORTEST_BEGINNING, len(whole) + 1))
    return (plain, f"={_abbreviation(token)}", *beginnings)


def _listed(term: str) -> str:
    """The form of one word of a listed name."""
    if term.endswith("*"):
        return spelt(term[:-1].lower()) + "*"
    return f"={_abbreviation(term)}" if any(letter.isupper() for letter in term) else _singular(spelt(term.lower()))


def _singular(word: str) -> str:
    return word[:-1] if len(word) >= _PLURAL_FROM and word.endswith("s") and not word.endswith("ss") else word


def _abbreviation(word: str) -> str:
    return word[:-1] if word.endswith("s") and word[:-1].isupper() else word
