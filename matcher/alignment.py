"""How alike two needs are, and which needs are one: judged on their texts and codes, the same whoever asks.

Two needs that say the same of other people, of another part of the body, in another place of care or the other way
round are told apart, however alike their words are. Lists, weights and thresholds stand in `data/alignment.json`.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.codes import kinship, narrowest, weighted
from matcher.concepts import concepts, weighed
from matcher.naming import Names, conditions
from matcher.text import fields_read
from matcher.types import EncodedDocument, Facet
from matcher.vocabulary import Vocabulary, Words

Likenesses = NDArray[np.float64]  # (n, n), symmetric

DECIMALS = 6  # of a likeness; below it, sums differ with the order in which a machine adds
_OVERLAP = 0.25  # share of the shorter span of years from which two ages are the same people's
_NAMED_IN = ("title", "population")  # where a need says in short what it is about
_SAID_IN = ("title", "problem", "population", "desired_outcome", "metric")
_AGE = re.compile(
    r"\b(?P<first>\d{1,3})\s?-?\s?(?:to|–|-|and)\s?(?P<last>\d{1,3})[\s-]year"
    r"|\b(?:over|aged over|above the age of)[\s-](?P<over>\d{2})(?:s\b|(?=\s*(?:at|with|who|in|from|and|$|[,.;])))"
    r"|\baged (?P<aged>\d{2})(?: and (?:over|older)| or over|\+)"
    r"|\b(?:under|below the age of|aged under)[\s-](?P<under>\d{1,2})(?:s\b|(?=\s*(?:at|with|who|in|from|and|$|[,.;])))",
    re.IGNORECASE,
)
_NOT_AGED = re.compile(r"\b(?:BMI|index|mmHg|HbA1c|score)\b[^.;]{0,30}", re.IGNORECASE)
_OLDEST = 110
_GROWN, _SAID_OF_ALL = (18, _OLDEST), (0, _OLDEST)  # whom a need means that names no age: children are always named
_CHILD_UNTIL = 19


class Difference(StrEnum):
    """What makes two needs another's, whatever their words."""

    AGE = "age"
    SETTING = "setting"
    SUBJECT = "subject"
    DIRECTION = "direction"


@dataclass(frozen=True, slots=True)
class Differs:
    """One thing in which two needs differ so that one answer cannot serve both; what each says, in words."""

    what: Difference
    one: tuple[str, ...]
    other: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Need:
    """A need with what its comparisons ask of it.

    `ages` are spans of years; `settings` and `subjects` are what its population and title name, `settings_said` all places
    of care of which it speaks where it says what is needed; `sides` which of the listed opposites it tells, one for the
    first and -1 for the other.
    """

    encoded: EncodedDocument
    words: Words
    concepts: Mapping[str, float]
    conditions: frozenset[str]
    ages: Mapping[str, tuple[int, int]]
    says_children: bool
    settings: frozenset[str]
    settings_said: frozenset[str]
    subjects: frozenset[str]
    sides: Mapping[int, int]

    @property
    def id(self) -> str:
        """The document's id."""
        return self.encoded.document.id


def read(encoded: EncodedDocument, vocabulary: Vocabulary) -> Need:
    """Work out once what the comparisons of a need ask."""
    fields = fields_read(encoded.document)
    text = "\n".join(fields.values())
    said = "\n".join(fields.get(name, "") for name in _SAID_IN)
    named = "\n".join(fields.get(name, "") for name in _NAMED_IN)
    coded = frozenset(weighted(encoded.document, Facet.CONDITIONS))
    who = fields.get("population", "")
    return Need(
        encoded=encoded,
        words=vocabulary.words(text),
        concepts=weighed(concepts(text), vocabulary),
        conditions=narrowest(coded | {found.key for found in conditions().find(named)}),
        ages=_ages(who) or _ages(fields.get("title", "")),
        says_children=any(last <= _CHILD_UNTIL for _, last in _ages(text).values()),
        settings=_found(_settings(), who or fields.get("title", "")) - {""},
        settings_said=_found(_settings(), said) - {""},
        subjects=_subjects(named) or _subjects(fields.get("problem", "")),
        sides=_sides(said),
    )


def likeness(one: Need, other: Need) -> float:
    """How alike two needs are, about [0, 2]; comparable only with the thresholds of this module; symmetric."""
    return float(likenesses([one, other])[0, 1])


def likenesses(needs: Sequence[Need]) -> Likenesses:
    """The likeness of each with each."""
    weights = lists()["weights"]
    vectors = np.stack([need.encoded.pooled for need in needs]).astype(np.float64)
    summed: Likenesses = (
        vectors @ vectors.T
        + weights["words"] * _words_shared(needs)
        + weights["concepts"] * _concepts_shared(needs)
        + weights["conditions"] * _conditions_shared(needs)
    )
    return np.round(summed, DECIMALS)


def differences(one: Need, other: Need) -> tuple[Differs, ...]:
    """In what two needs differ so that they are never one, in the order of `Difference`; none for most that are alike."""
    return tuple(found for find in (_other_age, _other_setting, _other_subject, _other_direction) if (found := find(one, other)))


def _other_age(one: Need, other: Need) -> Differs | None:
    """Both name ages that do not meet; or one is about children alone, and the other never speaks of any."""
    if not one.ages and not other.ages:
        return None
    spans = [need.ages.values() or [_SAID_OF_ALL if need.says_children else _GROWN] for need in (one, other)]
    if any(_overlap(*pair) for pair in _pairs(*spans)):
        return None
    return Differs(Difference.AGE, tuple(one.ages), tuple(other.ages))


def _other_setting(one: Need, other: Need) -> Differs | None:
    """One is about people in a place of care of which the other never speaks, and neither speaks of one that the other is about."""
    if not one.settings | other.settings or one.settings & other.settings_said or other.settings & one.settings_said:
        return None
    return Differs(Difference.SETTING, tuple(sorted(one.settings)), tuple(sorted(other.settings)))


def _other_subject(one: Need, other: Need) -> Differs | None:
    if not one.subjects or not other.subjects or any(_kin(*pair) for pair in _pairs(one.subjects, other.subjects)):
        return None
    return Differs(Difference.SUBJECT, tuple(sorted(one.subjects)), tuple(sorted(other.subjects)))


def _other_direction(one: Need, other: Need) -> Differs | None:
    for number, listed in enumerate(lists()["opposites"]):
        sides = one.sides.get(number, 0), other.sides.get(number, 0)
        if sides in {(1, -1), (-1, 1)}:
            told = {1: listed["one"][0].rstrip("*"), -1: listed["other"][0].rstrip("*")}
            return Differs(Difference.DIRECTION, (told[sides[0]],), (told[sides[1]],))
    return None


def groups(needs: Sequence[Need], *, joint: Iterable[Collection[str]] = (), apart: Collection[frozenset[str]] = ()) -> list[list[str]]:
    """The needs that are one, in groups of at least two, each sorted by id, largest first; the same in whatever order they come.

    The two likest groups are put together again and again while they are alike on average, no two of their members are
    too unlike, and none differs from another so that they can never be one. `joint` are ids that are one already and stay
    so, `apart` pairs of ids that never become one.
    """
    ordered = sorted(needs, key=lambda need: need.id)
    if not ordered:
        return []
    ids = [need.id for need in ordered]
    rows = {each: row for row, each in enumerate(ids)}
    likest = likenesses(ordered)
    barred = _barred(ordered, likest)
    for one, other in (sorted(pair) for pair in apart):
        if one in rows and other in rows:
            barred[rows[one], rows[other]] = barred[rows[other], rows[one]] = True
    begun = [[rows[each] for each in sorted(members) if each in rows] for members in joint]
    found = _agglomerated(likest, barred, [members for members in begun if len(members) > 1])
    named = [[ids[row] for row in sorted(members)] for members in found]
    return sorted((members for members in named if len(members) > 1), key=lambda members: (-len(members), members))


def _barred(needs: Sequence[Need], likest: Likenesses) -> NDArray[np.bool_]:
    """Which pairs can never be one; those that are not alike at all are not looked into."""
    barred: NDArray[np.bool_] = likest < lists()["thresholds"]["weakest"]
    for one, other in np.argwhere(np.triu(~barred, 1)).tolist():
        if differences(needs[one], needs[other]):
            barred[one, other] = barred[other, one] = True
    return barred


def _agglomerated(likest: Likenesses, barred: NDArray[np.bool_], begun: Sequence[Sequence[int]]) -> list[list[int]]:
    """Average linkage with pairs that are barred; the first of equally like ones goes first."""
    threshold = lists()["thresholds"]["pair"]
    members = {row: [row] for row in range(len(likest))}
    sums = likest.copy()  # of the likenesses between two groups
    sizes = np.ones(len(likest))
    closed = barred.copy()
    np.fill_diagonal(closed, val=True)
    means = np.empty_like(sums)

    def weigh(row: int) -> None:
        means[row] = np.where(closed[row], -np.inf, sums[row] / (sizes[row] * sizes))
        means[:, row] = means[row]

    def unite(one: int, other: int) -> None:
        members[one] += members.pop(other)
        sums[one] += sums[other]
        sums[:, one] = sums[one]
        sizes[one] += sizes[other]
        closed[one] |= closed[other]
        closed[:, one] = closed[one]
        closed[one, one] = True
        closed[other, :] = closed[:, other] = True
        weigh(one)
        weigh(other)

    for row in members:
        weigh(row)
    for first, *others in begun:
        for other in others:
            unite(first, other)
    while True:
        one = int(means.max(axis=1).argmax())
        other = int(means[one].argmax())
        if means[one, other] < threshold:
            return list(members.values())
        unite(min(one, other), max(one, other))


@cache
def lists() -> Mapping[str, Any]:
    """What `data/alignment.json` holds."""
    stored: dict[str, Any] = json.loads(files("matcher").joinpath("data/alignment.json").read_text(encoding="utf-8"))
    return MappingProxyType(stored)


def _words_shared(needs: Sequence[Need]) -> Likenesses:
    """The weight of the words that both hold, as a share of the words of each, and the mean of the two, in [0, 1]."""
    held = Counter(stem for need in needs for stem in need.words.weights)
    columns = {stem: column for column, stem in enumerate(sorted(stem for stem, count in held.items() if count > 1))}
    table = np.zeros((len(needs), len(columns)))
    for row, need in enumerate(needs):
        known = [stem for stem in need.words.weights if stem in columns]
        table[row, [columns[stem] for stem in known]] = [math.sqrt(need.words.weights[stem]) for stem in known]
    share = 0.5 / np.array([max(need.words.total, 1.0) for need in needs])
    shared: Likenesses = (table @ table.T) * (share[:, None] + share)
    return shared


def _concepts_shared(needs: Sequence[Need]) -> Likenesses:
    """The weight of the concepts that two speak of, as a share of what each speaks of, in [0, 1]."""
    names = sorted({name for need in needs for name in need.concepts})
    table = np.array([[math.sqrt(need.concepts.get(name, 0.0)) for name in names] for need in needs]).reshape(len(needs), len(names))
    weight = np.sqrt(np.maximum((table**2).sum(axis=1), 1e-9))
    shared: Likenesses = table @ table.T / np.outer(weight, weight)
    return shared


def _conditions_shared(needs: Sequence[Need]) -> Likenesses:
    """How near the nearest conditions of two are, in [0, 1]; -1 where both name some and none is kin; 0 where one names none."""
    kinds = sorted({need.conditions for need in needs}, key=sorted)
    near = np.array([[_kinship(one, other) for other in kinds] for one in kinds])
    rows = [kinds.index(need.conditions) for need in needs]
    asked: Likenesses = near[np.ix_(rows, rows)]
    return asked


def _kinship(one: frozenset[str], other: frozenset[str]) -> float:
    if not one or not other:
        return 0.0
    return max(kinship(*pair) for pair in _pairs(one, other)) or -1.0


def _ages(text: str) -> dict[str, tuple[int, int]]:
    """The ages that a text names, each by its words; figures before words, where there are both."""
    plain = _NOT_AGED.sub(" ", text)
    told = {found.group().strip(): _span(found) for found in _AGE.finditer(plain)}
    if told:
        return told
    spans = lists()["ages"]
    return {name: (spans[name]["years"][0], spans[name]["years"][1]) for name in sorted(_found(_age_names(), text))}


def _span(found: re.Match[str]) -> tuple[int, int]:
    if found["first"]:
        return int(found["first"]), int(found["last"])
    if found["under"]:
        return 0, int(found["under"]) - 1
    return int(found["over"] or found["aged"]), _OLDEST


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    shared = min(one[1], other[1]) - max(one[0], other[0]) + 1
    return shared >= _OVERLAP * (1 + min(one[1] - one[0], other[1] - other[0]))


def _subjects(text: str) -> frozenset[str]:
    """What a text is about, without the wider of two of which one holds the other."""
    found = _found(_subject_names(), text)
    return found - {wider for wider, held in lists()["holds"].items() if found & set(held)}


def _kin(one: str, other: str) -> bool:
    holds = lists()["holds"]
    return one == other or other in holds.get(one, ()) or one in holds.get(other, ())


def _sides(text: str) -> dict[int, int]:
    """Which side of each listed opposite a text tells; neither, where it tells both."""
    found = _found(_opposite_names(), text)
    by_number = {number: ((f"{number}+" in found) - (f"{number}-" in found)) for number in range(len(lists()["opposites"]))}
    return {number: side for number, side in by_number.items() if side}


def _found(names: Names, text: str) -> frozenset[str]:
    return frozenset(found.key for found in names.find(text))


def _pairs(one: Iterable[Any], other: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    others = list(other)
    return ((first, second) for first in one for second in others)


@cache
def _age_names() -> Names:
    return Names({name: told["words"] for name, told in lists()["ages"].items()})


@cache
def _settings() -> Names:
    return Names({**lists()["settings"], "": lists()["not_settings"]})


@cache
def _subject_names() -> Names:
    return Names(lists()["subjects"])


@cache
def _opposite_names() -> Names:
    numbered = enumerate(lists()["opposites"])
    return Names({f"{number}{sign}": listed[side] for number, listed in numbered for sign, side in (("+", "one"), ("-", "other"))})
