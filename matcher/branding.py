"""Names of products in a text: by a trade mark sign, by the word for a product beside them, or because somebody knows them."""

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from matcher.advice_lists import any_of, known_stems, lists, meanings, place_names, words_of
from matcher.text import sentences
from matcher.vocabulary import stems_in_order

_SHORTEST_NAME = 3
_TEXTS_KEPT = 64
_TOLD = 4  # letters from which a word's first letter tells whether capitals are the rule
_MOSTLY = 0.5  # share of capitalised words from which they are
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_CAMEL = re.compile(r"[a-z][A-Z]|[a-z]\d|[+@]")
_MARKED = re.compile(r"(?<![\w+-])([A-Z][\w+-]{0,40}(?: [A-Z][\w+-]{0,40}){0,3}) ?[™®]")


def known_products(names: Iterable[str]) -> list[str]:
    """The brands of the list and what tells these names from ordinary words, the longest first."""
    return sorted({*lists()["brands"], *filter(None, map(_name, names))}, key=lambda name: (-len(name), name))


def products(text: str, known: Iterable[str]) -> list[tuple[int, int]]:
    """Spans of the names of products in a text, in reading order, the longest of those that begin together first; they may overlap."""
    return sorted({*_marked(text), *_called(text), *_listed(text, known)}, key=lambda span: (span[0], -span[1]))


def _name(name: str) -> str | None:
    """The part of an innovation's name that tells it from ordinary words; None when nothing does."""
    short = re.split(r" [(–-]|: ", name.strip())[0].strip()
    ordinary = short in meanings() or short in words_of("everyday") or short in words_of("no_brands") or short in place_names()
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
                or (following and following.group() in words_of("not_after"))
            ):
                yield found.span()


def _is_ordinary(word: str) -> bool:
    bare = re.sub(r"['’]s$", "", word)
    return bare in words_of("no_brands") or bare in place_names() or bare.isupper() or frozenset(stems_in_order(bare)) <= known_stems()


def _begins_sentence(text: str, at: int) -> bool:
    return any(not re.search(r"\w", text[start:at]) for start, end in _spans(text) if start <= at < end)


def _in_title_case(text: str, start: int, end: int) -> bool:
    """Whether most words around a name are capitalised, so that its capitals tell nothing."""
    begin, border = next(span for span in _spans(text) if span[0] <= start < span[1])
    _, *others = _WORD.findall(f"{text[begin:start]} {text[end:border]}") or [""]
    told = [word for word in others if len(word) >= _TOLD]
    return bool(sum(word[0].isupper() for word in told) > _MOSTLY * len(told))


@lru_cache(maxsize=_TEXTS_KEPT)
def _spans(text: str) -> tuple[tuple[int, int], ...]:
    return sentences(text)


@cache
def _product_words() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A name before the word for a product, and one after it."""
    name, product = r"([A-Z][\w+-]{0,40}(?: [A-Z][\w+-]{0,40}){0,2})", any_of(lists()["products"])
    return re.compile(rf"\b{name} (?:{product})\b"), re.compile(rf"\b(?:{product}),? (?:called|named|such as|like) {name}")
