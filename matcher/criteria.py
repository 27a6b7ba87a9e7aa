"""Must-haves and facets of a need held against what an innovation states: a verdict each, and what is missing in plain words.

Silence is *unknown*, never a gap; *excluded* is kept for a stated contradiction. Readiness (stage, standards) is told here and
stays out of the probability.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import fsum
from types import MappingProxyType

from matcher.codes import chosen, kinship, label, standard_label
from matcher.naming import named_codes
from matcher.text import fields_read, normalise, sentences
from matcher.types import Criterion, CriterionKind, Document, Facet, Quote, Stage, Verdict
from matcher.vocabulary import stems

TOLD_BY_A_CHOICE = frozenset({Facet.CARE_SETTINGS, Facet.AREAS})
"""The facets that are compared only where a person chose the codes of one side at least."""

_STANDARD_VERDICTS = MappingProxyType({"YES": Verdict.MET, "IN_PROGRESS": Verdict.PARTLY, "NOT_YET": Verdict.GAP})
_BEST_FIRST = (Verdict.MET, Verdict.PARTLY, Verdict.GAP)
_MARKS = ("CE_UKCA_", "IVD_")  # standards that carry a UKCA or CE mark
_WITHOUT_PHONE = re.compile(
    r"\b(?:no|without|not need|need(?:s|ing)? no|does not require|(?:nobody|no one|no-one)\s+(?:needs|has to have|must have))"
    r"\s+(?:an?\s+|the\s+|any\s+)?(?:\w+\s+){0,2}?(?:smart\s?phone|app)\b"
    r"|\blandline\b",
    re.IGNORECASE,
)
_PHONE = re.compile(r"\bsmart\s?phones?\b|\b(?:mobile|phone)\s+apps?\b|\bapps?\b", re.IGNORECASE)
_NOTHING_TO_LEARN = re.compile(r"\b(?:no|without)\s+(?:\w+\s+){0,2}?(?:training|learning|skills?)\b|\bnothing\b|^\s*none\b", re.IGNORECASE)
_MARK = re.compile(r"\b(?:UKCA|CE)[\s-]+(?:and\s+(?:UKCA|CE)[\s-]+)?(?:mark(?:ed|ing|s)?|certifi\w+)\b")
_DTAC = re.compile(r"\bDTAC\b|\bDigital Technology Assessment Criteria\b", re.IGNORECASE)
_NOT_YET = re.compile(
    r"\b(?:not|no|without|yet|plan\w*|working|toward\w*|progress|appl(?:y|ied|ication)\w*|await\w*|pending|expect\w*|will|soon|pursu\w*)\b",
    re.IGNORECASE,
)
_UNITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_NUMBERS = MappingProxyType(
    {"half": 0.5, "a": 1.0, "an": 1.0}
    | {word: float(number) for number, word in enumerate((*_UNITS, *_TEENS), start=1)}
    | {word: 10.0 * number for number, word in enumerate(_TENS, start=2)}
)
_MINUTES = MappingProxyType({"minute": 1.0, "hour": 60.0, "day": 450.0, "week": 2_250.0})
_DURATION = re.compile(
    rf"\b(\d+(?:\.\d+)?|(?:{'|'.join(_TENS)})[\s-]+(?:{'|'.join(_UNITS)})|{'|'.join(_NUMBERS)})[\s-]+(?:an?[\s-]+)?({'|'.join(_MINUTES)})s?\b",
    re.IGNORECASE,
)
_WORDS_HELD = 0.5  # share of a must-have's words that one sentence holds before it is quoted as speaking of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The verdict on one must-have; `quote` is the innovation's own words on it, `missing` what would change the verdict."""

    verdict: Verdict
    quote: Quote | None = None
    missing: str = ""


@dataclass(frozen=True, slots=True)
class FacetFit:
    """How well codes agree, in [0, 1], and how certain they are: 1 when people chose them, less when only suggested.

    `guessed` when nobody chose the codes of either side.
    """

    value: float
    certainty: float
    guessed: bool = False


def assess(criterion: Criterion, innovation: Document) -> Assessment:
    """Hold one must-have against what the innovation states."""
    return _RULES[criterion.kind](criterion, innovation)


def contradicted(need: Document, innovation: Document) -> bool:
    """Tell whether the innovation states the contrary of a must-have of the need, which is when `assess` excludes it.

    Only the need for a smartphone can be stated so; asked of every candidate of a list, this looks at no text.
    """
    asked = any(criterion.kind is CriterionKind.NO_SMARTPHONE for criterion in need.criteria)
    return asked and bool(innovation.facts.requires_smartphone)


@dataclass(frozen=True, slots=True)
class Coded:
    """The codes of one facet of a document with what each counts, see `matcher.codes.weighted`; how certain they are together.

    `guessed` when nobody chose them.
    """

    weights: Mapping[str, float]
    certainty: float
    guessed: bool

    @classmethod
    def of(cls, weights: Mapping[str, float]) -> "Coded":
        """These codes; none at all are certain of nothing."""
        certainty = fsum(weights.values()) / len(weights) if weights else 0.0
        return cls(weights, certainty, guessed=max(weights.values(), default=0.0) < 1)


def facet_fit(facet: Facet, asked: Coded, given: Coded) -> FacetFit | None:
    """How well the codes of one facet agree; None when either side has none, or both have too little to be compared.

    Conditions count by their nearest pair in the record's list, other facets by the share of the shorter list that
    the other holds. Settings and areas that words suggest for both sides are not compared: measured on topics that nobody
    coded, they tell more of how a text is written than of what it is about.

    Args:
        facet: whose codes they are.
        asked: the need's codes.
        given: those of the innovation.
    """
    if not asked.weights or not given.weights:
        return None
    guessed = asked.guessed and given.guessed
    if guessed and facet in TOLD_BY_A_CHOICE:
        return None
    certainty = asked.certainty * given.certainty
    if facet is Facet.CONDITIONS:
        return FacetFit(max([kinship(one, other) for one in asked.weights for other in given.weights]), certainty, guessed)
    shared = len(asked.weights.keys() & given.weights.keys())
    return FacetFit(shared / min(len(asked.weights), len(given.weights)), certainty, guessed)


def codes_verdict(facet: Facet, asked: frozenset[str], given: frozenset[str]) -> Verdict:
    """The verdict on a facet by the codes of both sides.

    *Met* when one of the need's conditions is named itself, or all of its other codes are; *partly* when a wider or
    narrower condition, or some of the codes, are; *unknown* when the innovation names none.
    """
    if not given:
        return Verdict.UNKNOWN
    if facet is Facet.CONDITIONS:
        nearest = max(kinship(one, other) for one in asked for other in given)
        return Verdict.MET if nearest == 1.0 else Verdict.PARTLY if nearest >= 0.5 else Verdict.GAP  # noqa: PLR2004 -- parent and child
    return Verdict.MET if asked <= given else Verdict.PARTLY if asked & given else Verdict.GAP


def spans(document: Document) -> Iterator[Quote]:
    """Every sentence that is read and can be seen, as an exact span of its field."""
    for name, text in fields_read(document).items():
        for start, end in _visible(text):
            yield Quote(field=name, start=start, end=end, text=text[start:end])


@lru_cache(maxsize=16_384)
def _visible(text: str) -> tuple[tuple[int, int], ...]:
    """The sentences of a text that can be seen; kept, because every must-have of every need asks for them."""
    return tuple((start, end) for start, end in sentences(text) if normalise(text[start:end]))


def speaking_of(words: str, document: Document) -> Quote | None:
    """The sentence that holds most of these words, if it holds half of them; the first of equals."""
    asked = stems(words)
    best, most = None, 0
    for quote in spans(document):
        held = len(asked & stems(quote.text))
        if held > most:
            best, most = quote, held
    return best if asked and most >= _WORDS_HELD * len(asked) else None


def _no_smartphone(_: Criterion, innovation: Document) -> Assessment:
    without, phone = _first(_WITHOUT_PHONE, innovation), _first(_PHONE, innovation)
    if innovation.facts.requires_smartphone is None and without is None:
        return Assessment(verdict=Verdict.UNKNOWN, quote=phone, missing="Say whether it works for people without a smartphone.")
    if innovation.facts.requires_smartphone:
        return Assessment(verdict=Verdict.EXCLUDED, quote=phone, missing="It needs a smartphone; offer a way without one.")
    return Assessment(verdict=Verdict.MET, quote=without)


def _dtac(_: Criterion, innovation: Document) -> Assessment:
    return _standard({"DTAC": innovation.facts.standards.get("DTAC", "")}, _first(_DTAC, innovation), standard_label("DTAC"))


def _mark(_: Criterion, innovation: Document) -> Assessment:
    held = {name: state for name, state in innovation.facts.standards.items() if name.startswith(_MARKS)}
    return _standard(held, _first(_MARK, innovation), "UKCA or CE marking")


def _standard(held: Mapping[str, str], quote: Quote | None, name: str) -> Assessment:
    """By what its record states, or else by the sentence that speaks of it."""
    found = {_STANDARD_VERDICTS[state] for state in held.values() if state in _STANDARD_VERDICTS}
    if not found and quote is not None:
        found = {Verdict.PARTLY if _NOT_YET.search(quote.text) else Verdict.MET}
    for verdict in _BEST_FIRST:
        if verdict in found:
            return Assessment(verdict=verdict, quote=quote, missing="" if verdict is Verdict.MET else f"Not yet in place: {name}.")
    return Assessment(verdict=Verdict.UNKNOWN, missing=f"Say whether this is in place: {name}.")


def _minimum_stage(criterion: Criterion, innovation: Document) -> Assessment:
    wanted = Stage(criterion.value)
    if innovation.facts.stage is None:
        return Assessment(verdict=Verdict.UNKNOWN, missing="Say how far the innovation has come.")
    short = wanted.order - innovation.facts.stage.order
    if short <= 0:
        return Assessment(verdict=Verdict.MET)
    missing = f"It stands at {innovation.facts.stage.lower()}; {wanted.lower()} is asked for."
    return Assessment(verdict=Verdict.PARTLY if short == 1 else Verdict.GAP, missing=missing)


def _care_setting(criterion: Criterion, innovation: Document) -> Assessment:
    """By the settings that people chose, or else by those that its words name."""
    told = named_codes(Facet.CARE_SETTINGS, innovation)
    named, words = chosen(innovation, Facet.CARE_SETTINGS) or told.keys(), label(Facet.CARE_SETTINGS, criterion.value)
    if criterion.value in named:
        return Assessment(verdict=Verdict.MET, quote=_sentence_of(told.get(criterion.value), innovation))
    if named:
        other = next((told[code] for code in sorted(named) if code in told), None)
        return Assessment(
            verdict=Verdict.GAP, quote=_sentence_of(other, innovation), missing=f"Not named among its care settings: {words}."
        )
    return Assessment(verdict=Verdict.UNKNOWN, missing=f"Say whether it is used here: {words}.")


def _sentence_of(words: Quote | None, document: Document) -> Quote | None:
    """The sentence that holds these words."""
    if words is None:
        return None
    return next(
        (each for each in spans(document) if each.field == words.field and each.start <= words.start and words.end <= each.end), words
    )


def _integrates_with(criterion: Criterion, innovation: Document) -> Assessment:
    wanted = criterion.value.casefold().strip()
    quote = _first(re.compile(rf"(?<!\w){re.escape(criterion.value.strip())}(?!\w)", re.IGNORECASE), innovation) if wanted else None
    stated = [name.casefold().strip() for name in innovation.facts.integrates_with]
    if wanted in stated:
        return Assessment(verdict=Verdict.MET, quote=quote)
    if quote is not None:
        return Assessment(verdict=Verdict.PARTLY, quote=quote, missing=f"It names {criterion.value}; say whether it works with it today.")
    if stated:
        return Assessment(verdict=Verdict.GAP, missing=f"Not among the systems it works with: {criterion.value}.")
    return Assessment(verdict=Verdict.UNKNOWN, missing=f"Say whether it works with {criterion.value}.")


def _staff_learning(criterion: Criterion, innovation: Document) -> Assessment:
    return _learning(criterion, innovation, field="staff_learning", who="staff")


def _patient_learning(criterion: Criterion, innovation: Document) -> Assessment:
    return _learning(criterion, innovation, field="patient_learning", who="patients")


def _learning(criterion: Criterion, innovation: Document, *, field: str, who: str) -> Assessment:
    text = innovation.fields.get(field, "")
    if not text.strip():
        return Assessment(verdict=Verdict.UNKNOWN, missing=f"Say what {who} must learn to use it.")
    start, end = sentences(text)[0]
    quote = Quote(field=field, start=start, end=end, text=text[start:end])
    asked, given = _minutes(criterion.value), _minutes(text)
    if _NOTHING_TO_LEARN.search(text) or (asked is not None and given is not None and given <= asked):
        return Assessment(verdict=Verdict.MET, quote=quote)
    if asked is not None and given is not None:
        return Assessment(verdict=Verdict.GAP, quote=quote, missing=f"It asks more time of {who} than the need allows.")
    return Assessment(verdict=Verdict.PARTLY, quote=quote, missing=f"Ask what exactly {who} must learn; the words leave it open.")


def _other(criterion: Criterion, innovation: Document) -> Assessment:
    quote = speaking_of(criterion.value, innovation)
    if quote is None:
        return Assessment(verdict=Verdict.UNKNOWN, missing=f"Say how the innovation stands to this: {criterion.value}")
    return Assessment(verdict=Verdict.PARTLY, quote=quote, missing="Its words speak of this; ask whether they mean the same.")


def _first(pattern: re.Pattern[str], document: Document) -> Quote | None:
    """The first sentence in which a pattern is found."""
    return next((quote for quote in spans(document) if pattern.search(quote.text)), None)


def _minutes(text: str) -> float | None:
    """The longest time that a text names, in working minutes; None when it names none."""
    return max((_MINUTES[unit.lower()] * _number(number.lower()) for number, unit in _DURATION.findall(text)), default=None)


def _number(written: str) -> float:
    """A number in figures or in words: 2.5, half, twenty-five."""
    return float(written) if written[0].isdigit() else sum(_NUMBERS[word] for word in re.split(r"[\s-]+", written))


_RULES: Mapping[CriterionKind, Callable[[Criterion, Document], Assessment]] = MappingProxyType(
    {
        CriterionKind.NO_SMARTPHONE: _no_smartphone,
        CriterionKind.DTAC: _dtac,
        CriterionKind.UKCA_CE: _mark,
        CriterionKind.MINIMUM_STAGE: _minimum_stage,
        CriterionKind.CARE_SETTING: _care_setting,
        CriterionKind.INTEGRATES_WITH: _integrates_with,
        CriterionKind.STAFF_LEARNING: _staff_learning,
        CriterionKind.PATIENT_LEARNING: _patient_learning,
        CriterionKind.OTHER: _other,
    }
)
