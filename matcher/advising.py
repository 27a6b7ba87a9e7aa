"""Advice to whoever writes a need: a product in the problem, nobody named, no outcome, no measure, two problems, jargon.

Advice never blocks, and says nothing when in doubt: words of which people might ask *what is wrong with that* are left alone.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from itertools import combinations
from types import MappingProxyType
from typing import Any

from matcher import naming
from matcher.concepts import concepts
from matcher.naming import Names
from matcher.text import fields_read, sentences
from matcher.types import Document, Quote
from matcher.vocabulary import stems_in_order

MOST = 5  # advice of one kind about one need
READ = 4_000  # characters of one field that are looked at; whoever writes more is told by how the text begins

_PROBLEM_FIELDS = ("title", "problem", "desired_outcome")
"""Where a product has no place; what is used today is told in other fields."""
_SHORTEST_NAME = 3
_TEXTS_KEPT = 64
_LONGEST_ABBREVIATION = 7
_MOST_THING_WORDS = 6
_MOST_METRIC_WORDS = 5
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ABBREVIATION = re.compile(r"(?<![\w@./-])[^\W_][^\W_]*(?:&[^\W_]+)*(?![\w@]|\.\w)")
_CAMEL = re.compile(r"[a-z][A-Z]|[a-z]\d|[+@]")
_ROMAN = re.compile(r"[IVX]+")
_MARKED = re.compile(r"(?<![\w+-])([A-Z][\w+-]{0,40}(?: [A-Z][\w+-]{0,40}){0,3}) ?[™®]")
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
    products = list(_products(read, names))
    told = [products, _population(read), _outcome(read), _metric(read), _several(read), _jargon(read, [each.quote for each in products])]
    return tuple(each for kind in told for each in list(kind)[:MOST])


def _products(read: Mapping[str, str], names: Iterable[str]) -> Iterator[Advice]:
    known = sorted({*lists()["brands"], *filter(None, map(_name, names))}, key=lambda name: (-len(name), name))
    seen: set[str] = set()
    for field in _PROBLEM_FIELDS:
        text = read.get(field, "")
        done: list[tuple[int, int]] = []
        for start, end in sorted({*_marked(text), *_called(text), *_listed(text, known)}, key=lambda span: (span[0], -span[1])):
            words = text[start:end]
            if words.lower() in seen or any(start < other and begin < end for begin, other in done):
                continue
            seen.add(words.lower())
            done.append((start, end))
            yield Advice(
                AdviceKind.PRODUCT_NAMED,
                field,
                Quote(field, start, end, words),
                f"“{words}” reads like a product. Say what goes wrong and what should be better, whoever makes it; "
                "tell what you use today under current practice.",
            )


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
        if not (_finder("wishes").search(read.get("problem", "")) or _finder("aims").match(read.get("title", ""))):
            yield Advice(AdviceKind.NO_OUTCOME, "desired_outcome", None, "Say what would be better, and for whom, if this were solved.")
    elif _is_thing(said):
        quote = _whole("desired_outcome", said)
        says = f"“{quote.text}” is a thing to have. Say what would be better for people once it is there; another thing might do it too."
        yield Advice(AdviceKind.NO_OUTCOME, "desired_outcome", quote, says)


def _metric(read: Mapping[str, str]) -> Iterator[Advice]:
    said = read.get("metric", "")
    if _is_empty(said):
        if not any(_counts(read.get(field, "")) for field in ("desired_outcome", "title")) and not _finder("measured").search(
            read.get("problem", "")
        ):
            yield Advice(AdviceKind.NO_METRIC, "metric", None, "Say how you would know: something that can be counted or timed.")
    elif not _measures(said):
        quote = _whole("metric", said)
        says = f"“{quote.text}” does not say what is counted. Name something that can be counted or timed, such as weeks waited."
        yield Advice(AdviceKind.NO_METRIC, "metric", quote, says)


def _several(read: Mapping[str, str]) -> Iterator[Advice]:
    text = read.get("problem", "")
    found = _finder("another").search(text)
    span = found.span() if found else _apart(text)
    if span:
        words = text[slice(*span)]
        says = f"“{words}” seems to begin another problem. Write one need for each, so that each finds its own answer."
        yield Advice(AdviceKind.SEVERAL_PROBLEMS, "problem", Quote("problem", *span, words), says)


def _jargon(read: Mapping[str, str], products: Sequence[Quote | None]) -> Iterator[Advice]:
    spelt_out = _spelt_out("\n".join(read.values()))
    seen: set[str] = set()
    for field, text in read.items():
        if _is_empty(text):
            continue
        for start, end, says in sorted([*_abbreviations(text, spelt_out), *_jargon_words(text)]):
            words = text[start:end]
            named = any(each and words in each.text for each in products)
            if named or words.lower() in seen:
                continue
            seen.add(words.lower())
            yield Advice(AdviceKind.JARGON, field, Quote(field, start, end, words), says)


def _abbreviations(text: str, spelt_out: Collection[str]) -> Iterator[tuple[int, int, str]]:
    if _is_shouted(text):
        return
    for found in _ABBREVIATION.finditer(text):
        token = found.group()
        short = token[:-1] if token.endswith("s") else token
        if not _is_abbreviation(short) or {token, short} & _set("everyday") or short in spelt_out:
            continue
        meant = _meanings().get(short, _meanings().get(token))
        means = f" ({meant})" if meant else ""
        yield *found.span(), f"Not everybody knows “{token}”{means}. Spell it out where it first stands."


def _jargon_words(text: str) -> Iterator[tuple[int, int, str]]:
    for found in _jargon_names().find(text):
        yield found.start, found.end, f"“{text[found.start : found.end]}” is jargon. Plainer: {found.key}."


def _name(name: str) -> str | None:
    """The part of an innovation's name that tells it from ordinary words; None when nothing does."""
    short = re.split(r" [(–-]|: ", name.strip())[0].strip()
    ordinary = short in _meanings() or short in _set("everyday") or short in _set("no_brands") or short in _places()
    return None if len(short) < _SHORTEST_NAME or short.islower() or ordinary else short


def _marked(text: str) -> Iterator[tuple[int, int]]:
    """What carries a trade mark sign, without the word that begins the sentence when another one follows."""
    for found in _MARKED.finditer(text):
        start, end = found.span(1)
        gap = found[1].find(" ") + 1
        yield (start + gap if _begins_sentence(text, start) else start), end


def _called(text: str) -> Iterator[tuple[int, int]]:
    """Capitalised names before or after the word for a product, that are no word of health care, place or body."""
    for start, end in (found.span(1) for pattern in _product_words() for found in pattern.finditer(text)):
        words = text[start:end].split()
        if _in_title_case(text, start, end) or all(_is_ordinary(word) for word in words):
            continue
        if not _begins_sentence(text, start) or any(_CAMEL.search(word) for word in words):
            yield start, end


def _listed(text: str, known: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Names that are known to be products, as they are written; at the start of a sentence only those that no word looks like."""
    for name in known:
        if name not in text:
            continue
        for found in re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text):
            sure = bool(_CAMEL.search(name))
            following = _WORD.match(text, found.end() + 1)
            if sure or not (
                _begins_sentence(text, found.start())
                or _in_title_case(text, *found.span())
                or (following and following.group() in _set("not_after"))
            ):
                yield found.span()


def _tells_people(text: str) -> bool:
    return bool(_people_told().search(text)) or next(_groups().find(text), None) is not None


def _is_thing(text: str) -> bool:
    """Whether an outcome is a thing to buy or to build and nothing else."""
    words = _bare(text).split()
    return len(words) <= _MOST_THING_WORDS and bool(_thing().fullmatch(" ".join(words)))


def _counts(text: str) -> bool:
    """Whether a text tells something by number."""
    return bool(_finder("counted").search(text) or _numbers().search(text))


def _measures(text: str) -> bool:
    """Whether a metric says what is counted; in doubt it does."""
    words = _WORD.findall(text)
    plural = any(word[1:].islower() and word.endswith("s") and not word.endswith("ss") for word in words)
    figure = _FIGURE.search(re.sub(r"\w*[^\W\d_]\w*\d\w*", "", _YEAR.sub("", text)))
    return bool(len(words) > _MOST_METRIC_WORDS or plural or figure or _finder("measures").search(text))


def _apart(text: str) -> tuple[int, int] | None:
    """The first sentence of two that speak of different things of health care, of different people, in different words."""
    heard = [(start, end, concepts(text[start:end]), _people_of(text[start:end]), _stems(text[start:end])) for start, end in _spans(text)]
    told = [each for each in heard if all(each[2:])]
    for one, other in combinations(told, 2):
        if all(not mine & theirs for mine, theirs in zip(one[2:], other[2:], strict=True)):
            return other[0], other[1]
    return None


def _people_of(text: str) -> frozenset[str]:
    return frozenset(found.key for found in _groups().find(text))


def _stems(text: str) -> frozenset[str]:
    return frozenset(stems_in_order(text))


def _is_abbreviation(token: str) -> bool:
    if token in _meanings():
        return True
    capitals = sum(letter.isupper() for letter in token)
    return (
        capitals > 1
        and len(token) <= _LONGEST_ABBREVIATION
        and not any(letter.islower() for letter in token)
        and not _ROMAN.fullmatch(token)
    )


def _spelt_out(whole: str) -> frozenset[str]:
    """The abbreviations that a text tells: by their meaning, in brackets after words, or with words in brackets after them."""
    plain = whole.lower().replace("-", " ")
    found = {short for short, meant in _meanings().items() if meant.replace("-", " ") in plain}
    found |= {each[1] for each in _IN_BRACKETS.finditer(whole) if len(_WORD.findall(whole, max(0, each.start() - 60), each.start())) > 1}
    found |= {each[1] for each in _WITH_BRACKETS.finditer(whole) if len(_WORD.findall(each[2])) > 1}
    return frozenset(found | {short.removesuffix("s") for short in found})


def _is_ordinary(word: str) -> bool:
    bare = re.sub(r"['’]s$", "", word)
    return bare in _set("no_brands") or bare in _places() or bare.isupper() or frozenset(stems_in_order(bare)) <= _known_stems()


def _begins_sentence(text: str, at: int) -> bool:
    return any(not re.search(r"\w", text[start:at]) for start, end in _spans(text) if start <= at < end)


def _in_title_case(text: str, start: int, end: int) -> bool:
    """Whether most words around a name are capitalised, so that its capitals tell nothing."""
    begin, border = next(span for span in _spans(text) if span[0] <= start < span[1])
    _, *others = _WORD.findall(f"{text[begin:start]} {text[end:border]}") or [""]
    told = [word for word in others if len(word) >= _LEAST_SHOUTED]
    return bool(sum(word[0].isupper() for word in told) > _SHOUTED * len(told))


@lru_cache(maxsize=_TEXTS_KEPT)
def _spans(text: str) -> tuple[tuple[int, int], ...]:
    return sentences(text)


def _is_shouted(text: str) -> bool:
    words = _WORD.findall(text)
    return len(words) >= _LEAST_SHOUTED and sum(word.isupper() for word in words) > _SHOUTED * len(words)


def _is_empty(text: str) -> bool:
    return _bare(text) in _set("placeholders")


def _bare(text: str) -> str:
    return text.strip(" \t\r\n.?!-–—…").lower()


def _whole(field: str, text: str) -> Quote:
    stripped = text.strip()
    start = text.index(stripped)
    return Quote(field, start, start + len(stripped), stripped)


@cache
def lists() -> Mapping[str, Any]:
    """What `data/advice.json` holds."""
    stored: dict[str, Any] = json.loads(files("matcher").joinpath("data/advice.json").read_text(encoding="utf-8"))
    return MappingProxyType(stored)


@cache
def _set(name: str) -> frozenset[str]:
    return frozenset(lists()[name])


@cache
def _finder(name: str) -> re.Pattern[str]:
    """Any of the listed words, whole, in whatever case."""
    return re.compile(rf"\b(?:{_any(lists()[name])})\b", re.IGNORECASE)


def _any(words: Collection[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


@cache
def _people_told() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{_any(lists()['persons'])}) (?:{_any(lists()['of_which'])})\b", re.IGNORECASE)


@cache
def _groups() -> Names:
    groups = {key: naming.lists()["people"][key] for key in lists()["groups_told"]}
    return Names(groups | {word: [word] for word in lists()["more_groups"]})


@cache
def _thing() -> re.Pattern[str]:
    return re.compile(rf"(?:(?:to )?(?:{_any(lists()['bought'])}) .*|an? .*)(?:{_any(lists()['things'])})", re.IGNORECASE)


@cache
def _numbers() -> re.Pattern[str]:
    number = rf"(?:\d[\d,.]*|{_any(lists()['numerals'])})"
    return re.compile(rf"\d\s?%|\b{number} (?:(?:{_any(lists()['units'])})\b|in {number}\b)", re.IGNORECASE)


@cache
def _product_words() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A name before the word for a product, and one after it."""
    name, product = r"([A-Z][\w+-]{0,40}(?: [A-Z][\w+-]{0,40}){0,2})", _any(lists()["products"])
    return re.compile(rf"\b{name} (?:{product})\b"), re.compile(rf"\b(?:{product}),? (?:called|named|such as|like) {name}")


@cache
def _jargon_names() -> Names:
    return Names(lists()["jargon"])


@cache
def _meanings() -> Mapping[str, str]:
    listed: dict[str, str] = _stored("abbreviations")["abbreviations"]
    return MappingProxyType(listed)


@cache
def _places() -> frozenset[str]:
    return frozenset(_stored("place_names")["names"])


@cache
def _known_stems() -> frozenset[str]:
    """The stems of all words by which health care is told here."""
    phrases: list[str] = [phrase for listed in _stored("concepts")["concepts"].values() for phrase in listed]
    phrases += [*_meanings().values(), *lists()["products"], *lists()["no_brands"]]
    return frozenset(stem for phrase in phrases for stem in stems_in_order(phrase))


def _stored(name: str) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(files("matcher").joinpath(f"data/{name}.json").read_text(encoding="utf-8"))
    return stored
