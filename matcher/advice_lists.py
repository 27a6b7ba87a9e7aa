"""The words by which advice on a need is worked out; all are data, `data/advice.json` and what other readers of texts share."""

import json
import re
from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from matcher.vocabulary import stems_in_order


@cache
def lists() -> Mapping[str, Any]:
    """What `data/advice.json` holds."""
    stored: dict[str, Any] = json.loads(files("matcher").joinpath("data/advice.json").read_text(encoding="utf-8"))
    return MappingProxyType(stored)


@cache
def words_of(name: str) -> frozenset[str]:
    """One of the lists."""
    return frozenset(lists()[name])


@cache
def finder(name: str) -> re.Pattern[str]:
    """Any of the listed words, whole, in whatever case."""
    return re.compile(rf"\b(?:{any_of(lists()[name])})\b", re.IGNORECASE)


def any_of(words: Collection[str]) -> str:
    """A pattern of any of these words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


@cache
def meanings() -> Mapping[str, str]:
    """Abbreviations of health care with what they mean, as they are written."""
    listed: dict[str, str] = _stored("abbreviations")["abbreviations"]
    return MappingProxyType(listed)


@cache
def place_names() -> frozenset[str]:
    """Towns and cities."""
    return frozenset(_stored("place_names")["names"])


@cache
def known_stems() -> frozenset[str]:
    """The stems of all words by which health care is told here."""
    phrases: list[str] = [phrase for listed in _stored("concepts")["concepts"].values() for phrase in listed]
    phrases += [*meanings().values(), *lists()["products"], *lists()["no_brands"]]
    return frozenset(stem for phrase in phrases for stem in stems_in_order(phrase))


def _stored(name: str) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(files("matcher").joinpath(f"data/{name}.json").read_text(encoding="utf-8"))
    return stored
