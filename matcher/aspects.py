"""How an innovation answers what a need says of its problem, of whom it is for, and of what should change: measured on both texts.

Thresholds and lists stand in `data/verdicts.json`; `bench/verdicts.py` measures them. They hold for the packaged encoder.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from statistics import fmean
from types import MappingProxyType

import numpy as np

from matcher.clauses import KEPT, Clause, clauses
from matcher.codes import kinship, narrowest
from matcher.naming import changes_told, conditions, effects, lists, people
from matcher.pairing import Prepared, Similarities
from matcher.types import Aspect, Quote, Verdict
from matcher.vocabulary import Vocabulary, Words, coverage

_WORDS_WEIGHT = 0.3  # beside a cosine: what the share of words that the innovation holds adds to the fit of an aspect
_OTHER_CONDITION = 0.1  # what is taken from the fit of the problem where the innovation is for another condition
_PARENT = 0.5  # kinship from which one condition holds the other
_SAME_PEOPLE = 0.3  # share of the words for these people from which a group of the same kind is taken for the same one
_OF_BENEFITS = 0.2  # beside a share of words: what is told as a benefit is quoted rather than what is told elsewhere
_NEARNESS = 0.5  # what a cosine of the passage counts beside the words of a clause, when words to quote are looked for

_PROBLEM_TOLD_IN: Mapping[Aspect, float] = MappingProxyType(
    {Aspect.PROBLEM: 0.15, Aspect.SOLUTION: 0.1, Aspect.TITLE: -0.05, Aspect.OUTCOME: -0.1, Aspect.POPULATION: -0.1}
)
_ELSEWHERE = -0.3  # what is done today, what was found out, and where it is used seldom carry a verdict on the problem
_EFFECT_TOLD_IN = frozenset({Aspect.SOLUTION, Aspect.OUTCOME, Aspect.EVIDENCE})
_PEOPLE_TOLD_IN = (Aspect.POPULATION, Aspect.SOLUTION, Aspect.PROBLEM, Aspect.TITLE)
_AMOUNT = re.compile(r"\d\s?%|£\s?\d|\bfrom \d[\d.,]* to \d", re.IGNORECASE)
_SOME_PEOPLE = re.compile(
    r"\b(?:people|patients|persons|those|individuals|women|adults|men|anyone|everyone|users)\s+(?:\w+\s+)?"
    r"(?:with|who|whose|aged|at risk|in|on|living|referred|having|from|over|under|for whom|needing|waiting|cared)\b"
    r"|\b(?:adults|women|men)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict on one aspect with the innovation's words that carry it; `fit` is what the thresholds were held against."""

    verdict: Verdict
    quote: Quote | None
    fit: float


@dataclass(frozen=True, slots=True)
class _Group:
    """People as a text names them: kinds of people, and conditions that they have."""

    kinds: frozenset[str]
    conditions: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Effects:
    """The clauses that tell an effect, the words of each and of all, in which one word stands for all of the same change."""

    clauses: tuple[Clause, ...]
    words: tuple[Words, ...]
    together: Words


SILENT = Answer(Verdict.UNKNOWN, None, 0.0)


def problem(need: Prepared, innovation: Prepared, cosines: Similarities, vocabulary: Vocabulary, *, other_condition: bool) -> Answer:
    """What it takes on, held against what goes wrong; where it says more than its name and fits neither, a gap.

    What is for another condition, by the codes or words of both, is never more than partly an answer.
    """
    fields = [field for field in ("title", "problem") if _rows(need, [field])] or ["consequence_for_patients", "consequence_for_staff"]
    answering = list(innovation.answering)
    nearest = [float(cosines[np.ix_(rows, answering)].max()) for field in fields if (rows := _rows(need, [field]))]
    words = _words(_text(need, fields), vocabulary)
    fit = fmean(nearest) + _WORDS_WEIGHT * coverage(words, innovation.words) - (_OTHER_CONDITION if other_condition else 0.0)
    told = clauses(innovation, vocabulary)
    verdict = _held("problem", fit) or (Verdict.GAP if any(clause.aspect is not Aspect.TITLE for clause in told) else Verdict.UNKNOWN)
    if verdict is Verdict.UNKNOWN:
        return SILENT
    quote = _best_on_problem(told, words, cosines[_rows(need, fields)].max(axis=0).tolist())
    return Answer(Verdict.PARTLY if other_condition and verdict is Verdict.MET else verdict, quote, fit)


def population(need: Prepared, innovation: Prepared, cosines: Similarities, vocabulary: Vocabulary, *, same_condition: bool) -> Answer:
    """Whom it names, held against who has the need; where it names nobody, nothing is known.

    People who are told by a condition that the innovation is for, by the codes or words of both, are never a gap.
    """
    asked = _group(_text(need, ["population"]))
    told = _who(innovation, vocabulary, wants_staff=bool(asked.kinds & _staff()))
    if not told:
        return SILENT
    words = _words(_text(need, ["population"]), vocabulary)
    shares = [coverage(words, clause.words) for clause in told]
    near = float(cosines[np.ix_(_rows(need, ["population"]), sorted({clause.row for clause in told}))].max())
    fit = near + _WORDS_WEIGHT * max(shares)
    verdict = _relation(asked, _group(" ".join(clause.quote.text for clause in told)), max(shares), fit)
    if verdict is Verdict.GAP and same_condition and asked.conditions:
        verdict = Verdict.PARTLY
    return Answer(verdict, told[int(np.argmax(shares))].quote, fit)


def outcome(need: Prepared, innovation: Prepared, cosines: Similarities, vocabulary: Vocabulary) -> Answer:
    """What it says that it changes, held against what should change; where it tells no effect, nothing is known."""
    told = _effects(innovation, vocabulary)
    if not told.clauses:
        return SILENT
    fields = [field for field in ("desired_outcome", "metric") if _rows(need, [field])]
    words = _change_words(_text(need, fields[:1]), vocabulary)
    near = float(cosines[np.ix_(_rows(need, fields), sorted({clause.row for clause in told.clauses}))].max())
    fit = near + _WORDS_WEIGHT * coverage(words, told.together)
    benefits = [_OF_BENEFITS if clause.aspect is Aspect.OUTCOME else 0.0 for clause in told.clauses]
    worth = [coverage(words, own) + benefit for own, benefit in zip(told.words, benefits, strict=True)]
    return Answer(_held("outcome", fit) or Verdict.GAP, told.clauses[int(np.argmax(worth))].quote, fit)


def tells_effect(text: str) -> bool:
    """Tell whether a text says that something changes: an amount, or a word of change."""
    return bool(_AMOUNT.search(text)) or any(True for _ in effects().find(text))


def names_people(text: str, *, wants_staff: bool = False) -> bool:
    """Tell whether a text names a group of people; those who work with an innovation count only where a need is theirs."""
    kinds = _group(text).kinds
    return bool(kinds - _staff() or (wants_staff and kinds) or _group(text).conditions or _SOME_PEOPLE.search(text))


def _held(aspect: str, fit: float) -> Verdict | None:
    """*Met* or *partly* by the thresholds of an aspect, or neither."""
    thresholds = lists()["thresholds"][aspect]
    return Verdict.MET if fit >= thresholds["met"] else Verdict.PARTLY if fit >= thresholds["partly"] else None


def _relation(asked: _Group, given: _Group, share: float, fit: float) -> Verdict:
    """The verdict on two groups: by the kinds that both are of, or else by the likeness of the words for them."""
    kin = max((kinship(one, other) for one in asked.conditions for other in given.conditions), default=None)
    if asked.kinds & given.kinds or kin == 1.0:
        telling = asked.kinds - frozenset(lists()["people_told_by_condition_alone"])
        everything = telling <= given.kinds and (kin is None or kin == 1.0)
        return Verdict.MET if everything and (share >= _SAME_PEOPLE or not telling) else Verdict.PARTLY
    if (kin is not None and kin >= _PARENT) or any(frozenset((one, other)) in _near() for one in asked.kinds for other in given.kinds):
        return Verdict.PARTLY
    return _held("population", fit) or Verdict.GAP


@cache
def _near() -> frozenset[frozenset[str]]:
    """The pairs of kinds of people that overlap."""
    return frozenset(frozenset(pair) for pair in lists()["near"])


@cache
def _staff() -> frozenset[str]:
    """The kinds of people who work with an innovation."""
    return frozenset(lists()["staff"])


@lru_cache(maxsize=4 * KEPT)
def _group(text: str) -> _Group:
    """Who is named in a text."""
    kinds = frozenset(found.key for found in people().find(text))
    return _Group(kinds, narrowest(found.key for found in conditions().find(text)))


@lru_cache(maxsize=KEPT)
def _who(innovation: Prepared, vocabulary: Vocabulary, *, wants_staff: bool) -> tuple[Clause, ...]:
    """The clauses that say whom it is for: those of its eligibility, or else of what it is and which problem it takes on."""
    told = clauses(innovation, vocabulary)
    for aspect in _PEOPLE_TOLD_IN:
        own = tuple(clause for clause in told if clause.aspect is aspect)
        named = tuple(clause for clause in own if names_people(clause.quote.text, wants_staff=wants_staff))
        if named or (own and aspect is Aspect.POPULATION):
            return named or own
    return ()


@lru_cache(maxsize=KEPT)
def _effects(innovation: Prepared, vocabulary: Vocabulary) -> _Effects:
    """The clauses that tell an effect: its benefits, and elsewhere those with an amount or a word of change."""
    told = [clause for clause in clauses(innovation, vocabulary) if clause.aspect in _EFFECT_TOLD_IN]
    telling = tuple(clause for clause in told if clause.aspect is Aspect.OUTCOME or tells_effect(clause.quote.text))
    texts = [clause.quote.text for clause in telling]
    return _Effects(telling, tuple(_change_words(text, vocabulary) for text in texts), _change_words(" ".join(texts), vocabulary))


@lru_cache(maxsize=KEPT)
def _words(text: str, vocabulary: Vocabulary) -> Words:
    return vocabulary.words(text)


@lru_cache(maxsize=KEPT)
def _change_words(text: str, vocabulary: Vocabulary) -> Words:
    return vocabulary.words(changes_told(text))


def _best_on_problem(told: Iterable[Clause], words: Words, near: Sequence[float]) -> Quote:
    """The clause that says best what it takes on."""

    def worth(clause: Clause) -> float:
        return coverage(words, clause.words) + _NEARNESS * near[clause.row] + _PROBLEM_TOLD_IN.get(clause.aspect, _ELSEWHERE)

    return max(told, key=worth).quote


def _rows(prepared: Prepared, fields: Sequence[str]) -> list[int]:
    return [row for row, passage in enumerate(prepared.encoded.passages, start=1) if passage.field in fields]


def _text(prepared: Prepared, fields: Sequence[str]) -> str:
    """What these fields say, as far as they are read."""
    return " ".join(prepared.encoded.passages[row - 1].text for row in _rows(prepared, fields))
