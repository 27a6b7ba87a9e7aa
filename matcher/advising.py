"""Advice to whoever writes a need: a product in the problem, nobody named, no outcome, no measure, two problems, jargon.

Advice never blocks, and says nothing when in doubt: words of which people might ask *what is wrong with that* are left alone.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import combinations
from types import MappingProxyType

from matcher import naming
from matcher.advice_lists import any_of, finder, known_stems, lists, meanings, words_of
from matcher.branding import known_products, products
from matcher.concepts import concepts
from matcher.naming import Names
from matcher.text import fields_read, sentences
from matcher.types import Document, Quote
from matcher.vocabulary import stems_in_order

MOST = 5  # advice of one kind about one need
READ = 4_000  # characters of one field that are looked at; whoever writes more is told by how the text begins

_PROBLEM_FIELDS = ("title", "problem", "desired_outcome")
"""Where a product has no place; what is used today is told in other fields."""
_PRODUCT = (
    "reads like a product. Say what goes wrong and what should be better, whoever makes it; tell what you use today under current practice."
)
_ASKED_THING = (
    "names what should be bought or built. Say what goes wrong and what should be better for people; something else may do it too."
)
_SHORT_PROBLEM = 4  # sentences; a longer text has reason to speak of many things
_LONGEST_ABBREVIATION = 7
_MOST_THING_WORDS = 6
_MOST_METRIC_WORDS = 5
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ABBREVIATION = re.compile(r"(?<![\w@./-])[^\W_][^\W_]*(?:&[^\W_]+)*(?![\w@]|\.\w)")
_CAPITALS_BEFORE = re.compile(r"[A-Z]{2} $")
_CAPITALS_AFTER = re.compile(r" [A-Z]{2,}\b")
_ROMAN = re.compile(r"[IVX]+")
_IN_BRACKETS = re.compile(r"\(([^\W_]{2,12})\)")
_WITH_BRACKETS = re.compile(r"(?<!\w)([^\W_]{2,12}) ?\(([^()]{3,80})\)")
_FIGURE = re.compile(r"\d\s?%|\d+(?:[.,]\d+)?")
_YEAR = re.compile(r"(?<![\d.,])20\d\d(?![\d%])")
_SHOUTED = 0.5  # share of words in capitals from which a text is shouted, and its capitals tell nothing
_LEAST_SHOUTED = 4  # words


class AdviceKind(StrEnum):
    """What a need might be better without, or with."""

    PRODUCT_NAMED = "product_named"
    NO_POPULATION = "no_population"
    NO_OUTCOME = "no_outcome"
    NO_METRIC = "no_metric"
    SEVERAL_PROBLEMS = "several_problems"
    JARGON = "jargon"


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to look at again: the field to write in, the words that it is about, where some are, and what to do."""

    kind: AdviceKind
    field: str
    quote: Quote | None
    says: str


def advice(document: Document, *, names: Iterable[str] = ()) -> Sequence[Advice]:
    """What whoever writes a need might look at again, in the order of the kinds; `names` are of products that they may know of."""
    read = {field: text[:READ] for field, text in fields_read(document).items()}
    named = list(_products(read, names))
    told = [named, _population(read), _outcome(read), _metric(read), _several(read), _jargon(read, [each.quote for each in named])]
    return tuple(each for kind in told for each in list(kind)[:MOST])


def _products(read: Mapping[str, str], names: Iterable[str]) -> Iterator[Advice]:
    known = known_products(names)
    seen: set[str] = set()
    for field in _PROBLEM_FIELDS:
        text = read.get(field, "")
        done: list[tuple[int, int]] = []
        for start, end in products(text, known):
            words = text[start:end].lower()
            if words not in seen and not _overlaps(start, end, done):
                seen.add(words)
                done.append((start, end))
                yield _product(field, text, start, end, _PRODUCT)
        if field == "title":
            continue
        for found in _asked_things().finditer(text):
            if not _overlaps(*found.span(), done):
                yield _product(field, text, *found.span(), _ASKED_THING)


def _overlaps(start: int, end: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(start < other and begin < end for begin, other in spans)


def _product(field: str, text: str, start: int, end: int, says: str) -> Advice:
    words = text[start:end]
    return Advice(AdviceKind.PRODUCT_NAMED, field, Quote(field, start, end, words), f"“{words}” {says}")


def _population(read: Mapping[str, str]) -> Iterator[Advice]:
    said = read.get("population", "")
    if _is_empty(said):
        if not any(_tells_people(read.get(field, "")) for field in _PROBLEM_FIELDS):
            yield Advice(AdviceKind.NO_POPULATION, "population", None, "Say whose problem it is: which people, of what age, where.")
    elif _bare(said) in lists()["vague_people"]:
        quote = _whole("population", said)
        yield Advice(AdviceKind.NO_POPULATION, "population", quote, f"“{quote.text}” may be anybody. Say which people, of what age, where.")


def _outcome(read: Mapping[str, str]) -> Iterator[Advice]:
    said = read.get("desired_outcome", "")
    if _is_empty(said):
        if not (finder("wishes").search(read.get("problem", "")) or finder("aims").match(read.get("title", ""))):
            yield Advice(AdviceKind.NO_OUTCOME, "desired_outcome", None, "Say what would be better, and for whom, if this were solved.")
    elif _is_thing(said):
        quote = _whole("desired_outcome", said)
        says = f"“{quote.text}” is a thing to have. Say what would be better for people once it is there; another thing might do it too."
        yield Advice(AdviceKind.NO_OUTCOME, "desired_outcome", quote, says)


def _metric(read: Mapping[str, str]) -> Iterator[Advice]:
    said = read.get("metric", "")
    if _is_empty(said):
        if not any(_counts(read.get(field, "")) for field in ("desired_outcome", "title")) and not finder("measured").search(
            read.get("problem", "")
        ):
            yield Advice(AdviceKind.NO_METRIC, "metric", None, "Say how you would know: something that can be counted or timed.")
    elif not _measures(said):
        quote = _whole("metric", said)
        says = f"“{quote.text}” does not say what is counted. Name something that can be counted or timed, such as weeks waited."
        yield Advice(AdviceKind.NO_METRIC, "metric", quote, says)


def _several(read: Mapping[str, str]) -> Iterator[Advice]:
    text = read.get("problem", "")
    found = finder("another").search(text)
    span = found.span() if found else _apart(text)
    if span:
        words = text[slice(*span)]
        says = f"“{words}” seems to begin another problem. Write one need for each, so that each finds its own answer."
        yield Advice(AdviceKind.SEVERAL_PROBLEMS, "problem", Quote("problem", *span, words), says)


def _jargon(read: Mapping[str, str], named: Sequence[Quote | None]) -> Iterator[Advice]:
    spelt_out = _spelt_out("\n".join(read.values()))
    seen: set[str] = set()
    for field, text in read.items():
        if _is_empty(text):
            continue
        for start, end, says in sorted([*_abbreviations(text, spelt_out), *_jargon_words(text)]):
            words = text[start:end]
            if words.lower() in seen or any(each and words in each.text for each in named):
                continue
            seen.add(words.lower())
            yield Advice(AdviceKind.JARGON, field, Quote(field, start, end, words), says)


def _abbreviations(text: str, spelt_out: Collection[str]) -> Iterator[tuple[int, int, str]]:
    if _is_shouted(text):
        return
    for found in _ABBREVIATION.finditer(text):
        token = found.group()
        short = token[:-1] if token.endswith("s") else token
        meant = meanings().get(short, meanings().get(token))
        if not _is_abbreviation(short) or {token, short} & words_of("everyday") or short in spelt_out:
            continue
        if not meant and _is_emphasis(text, *found.span()):
            continue
        means = f" ({meant})" if meant else ""
        yield *found.span(), f"Not everybody knows “{token}”{means}. Spell it out where it first stands."


def _jargon_words(text: str) -> Iterator[tuple[int, int, str]]:
    for found in _jargon_names().find(text):
        yield found.start, found.end, f"“{text[found.start : found.end]}” is jargon. Plainer: {found.key}."


def _tells_people(text: str) -> bool:
    return bool(_people_told().search(text)) or next(_groups().find(text), None) is not None


def _is_thing(text: str) -> bool:
    """Whether an outcome is a thing to buy or to build and nothing else."""
    words = _bare(text).split()
    return len(words) <= _MOST_THING_WORDS and bool(_thing().fullmatch(" ".join(words)))


def _counts(text: str) -> bool:
    """Whether a text tells something by number."""
    return bool(finder("counted").search(text) or _numbers().search(text))


def _measures(text: str) -> bool:
    """Whether a metric says what is counted; in doubt it does."""
    words = _WORD.findall(text)
    plural = any(word[1:].islower() and word.endswith("s") and not word.endswith("ss") for word in words)
    figure = _FIGURE.search(re.sub(r"\w*[^\W\d_]\w*\d\w*", "", _YEAR.sub("", text)))
    return bool(len(words) > _MOST_METRIC_WORDS or plural or figure or finder("measures").search(text))


def _apart(text: str) -> tuple[int, int] | None:
    """The first sentence of two that speak of different things of health care, of different people, in different words."""
    spans = sentences(text)
    if len(spans) > _SHORT_PROBLEM:
        return None
    heard = [(start, end, concepts(text[start:end]), _people_of(text[start:end]), _stems(text[start:end])) for start, end in spans]
    told = [each for each in heard if all(each[2:])]
    for one, other in combinations(told, 2):
        if all(not mine & theirs for mine, theirs in zip(one[2:], other[2:], strict=True)):
            return other[0], other[1]
    return None


def _people_of(text: str) -> frozenset[str]:
    """The people of a sentence; mother and child are one, and so are the frail wherever they are cared for."""
    found = {found.key for found in _groups().find(text)} - words_of("no_other_people")
    return frozenset(_one_people().get(key, key) for key in found)


def _stems(text: str) -> frozenset[str]:
    return frozenset(stems_in_order(text))


def _is_abbreviation(token: str) -> bool:
    if token in meanings():
        return True
    capitals = sum(letter.isupper() for letter in token)
    return (
        capitals > 1
        and len(token) <= _LONGEST_ABBREVIATION
        and not any(letter.islower() for letter in token)
        and not _ROMAN.fullmatch(token)
    )


def _is_emphasis(text: str, start: int, end: int) -> bool:
    """Whether a word in capitals is an ordinary one, or one of several, as people write what must not be overlooked."""
    word = text[start:end].lower()
    beside = _CAPITALS_BEFORE.search(text, max(0, start - _LONGEST_ABBREVIATION), start) or _CAPITALS_AFTER.match(text, end)
    return (
        bool(beside) or word in words_of("emphasised") or (len(word) >= _LEAST_SHOUTED and frozenset(stems_in_order(word)) <= known_stems())
    )


def _spelt_out(whole: str) -> frozenset[str]:
    """The abbreviations that a text tells: by their meaning, in brackets after words, or with words in brackets after them."""
    plain = whole.lower().replace("-", " ")
    found = {short for short, meant in meanings().items() if meant.replace("-", " ") in plain}
    found |= {each[1] for each in _IN_BRACKETS.finditer(whole) if len(_WORD.findall(whole, max(0, each.start() - 60), each.start())) > 1}
    found |= {each[1] for each in _WITH_BRACKETS.finditer(whole) if len(_WORD.findall(each[2])) > 1}
    return frozenset(found | {short.removesuffix("s") for short in found})


def _is_shouted(text: str) -> bool:
    words = _WORD.findall(text)
    return len(words) >= _LEAST_SHOUTED and sum(word.isupper() for word in words) > _SHOUTED * len(words)


def _is_empty(text: str) -> bool:
    return _bare(text) in words_of("placeholders")


def _bare(text: str) -> str:
    return text.strip(" \t\r\n.?!-–—…").lower()


def _whole(field: str, text: str) -> Quote:
    stripped = text.strip()
    start = text.index(stripped)
    return Quote(field, start, start + len(stripped), stripped)


@cache
def _people_told() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{any_of(lists()['persons'])}) (?:{any_of(lists()['of_which'])})\b", re.IGNORECASE)


@cache
def _groups() -> Names:
    groups = {key: naming.lists()["people"][key] for key in lists()["groups_told"]}
    return Names(groups | {word: [word] for word in lists()["more_groups"]})


@cache
def _one_people() -> Mapping[str, str]:
    return MappingProxyType({key: one for one, keys in lists()["one_people"].items() for key in keys})


@cache
def _thing() -> re.Pattern[str]:
    return re.compile(rf"(?:(?:to )?(?:{any_of(lists()['bought'])}) .*|an? .*)(?:{any_of(lists()['things'])})", re.IGNORECASE)


@cache
def _asked_things() -> re.Pattern[str]:
    thing = rf"(?:[a-z]+[ -]){{0,2}}(?:{any_of(lists()['things'])})\b"
    wanted = rf"\b(?:we|they|patients|staff|teams) (?:{any_of(lists()['wanted'])}) (?:an?|the|some|our own) {thing}"
    had = rf"\b(?:an?|the|one|this) {thing} (?:is|are|be|has been|have been|gets) (?:{any_of(lists()['bought_by_then'])})\b"
    return re.compile(f"{wanted}|{had}", re.IGNORECASE)


@cache
def _numbers() -> re.Pattern[str]:
    number = rf"(?:\d[\d,.]*|{any_of(lists()['numerals'])})"
    return re.compile(rf"\d\s?%|\b{number} (?:(?:{any_of(lists()['units'])})\b|in {number}\b)", re.IGNORECASE)


@cache
def _jargon_names() -> Names:
    return Names(lists()["jargon"])
