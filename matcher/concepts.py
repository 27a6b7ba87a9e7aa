"""What a text speaks of, whatever words it takes: the concepts of health care whose phrases stand in it.

The phrases are data, `data/concepts.json`: *fallers*, *strength and balance* and *falls detector* speak of one thing.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from matcher.text import sentences
from matcher.vocabulary import Vocabulary, stems_in_order

ENOUGH = 10.0  # weight of shared concepts, about that of two rare ones, from which more of them tell nothing more

_Stems = tuple[str, ...]


def concepts(text: str) -> frozenset[str]:
    """The names of the concepts that a text speaks of; a phrase is found by its stems in order within one sentence."""
    found: set[str] = set()
    for start, end in sentences(text):
        words = stems_in_order(text[start:end])
        for at in range(len(words)):
            for phrase, names in _listed().get(words[at], ()):
                if words[at : at + len(phrase)] == phrase:
                    found.update(names)
    return frozenset(found)


def counted_as(name: str) -> str:
    """The entry of a vocabulary that counts the texts in which a concept stands; no stem is written so."""
    return f"concept:{name}"


def weighed(names: Iterable[str], vocabulary: Vocabulary) -> Mapping[str, float]:
    """Concepts with how much each tells: the rarer it is among the reference texts, the more."""
    return MappingProxyType({name: vocabulary.weight(counted_as(name)) for name in sorted(names)})


def shared(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """How much two texts speak of the same, in [0, 1]: the weight of what both speak of, up to `ENOUGH`; symmetric."""
    return min(1.0, math.fsum([weight for name, weight in one.items() if name in other]) / ENOUGH)


@cache
def _listed() -> Mapping[str, tuple[tuple[_Stems, frozenset[str]], ...]]:
    """The phrases by their first stem, each with the concepts that it speaks of."""
    names: dict[_Stems, set[str]] = {}
    for name, phrase in _phrases():
        names.setdefault(phrase, set()).add(name)
    by_first: dict[str, list[tuple[_Stems, frozenset[str]]]] = {}
    for phrase, named in names.items():
        by_first.setdefault(phrase[0], []).append((phrase, frozenset(named)))
    return MappingProxyType({first: tuple(listed) for first, listed in by_first.items()})


def _phrases() -> Iterator[tuple[str, _Stems]]:
    stored = json.loads(files("matcher").joinpath("data/concepts.json").read_text(encoding="utf-8"))
    for name, phrases in stored["concepts"].items():
        yield from ((name, stems_in_order(phrase)) for phrase in phrases)
