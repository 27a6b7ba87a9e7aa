"""Texts said a little differently, as people do: the perturbations of the stability suite, drawn from a fixed seed."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from random import Random
from types import MappingProxyType

from matcher.text import fields_read, sentences
from matcher.types import Document, Side

WORDS = Path(__file__).parent / "data" / "stability"
TITLES = MappingProxyType({Side.NEED: "title", Side.INNOVATION: "name"})
BODIES = MappingProxyType({Side.NEED: "problem", Side.INNOVATION: "description"})
WORDS_A_SLIP = 40
_SEED = "18"
_SHORTEST_SLIPPED = 4  # letters; nobody overlooks a slip in a shorter word
_WORD = re.compile(r"[A-Za-z]+")
_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")

Perturbation = Callable[[Mapping[str, str], Side, Random], Mapping[str, str]]
"""From the fields that are read to the same fields, said differently."""


def perturbed(document: Document, name: str) -> Document:
    """The document with one perturbation; the same on every machine."""
    chance = Random(sha256(f"{_SEED}/{name}/{document.id}".encode()).digest())  # noqa: S311 -- reproducible on purpose
    changed = PERTURBATIONS[name](fields_read(document), document.side, chance)
    return replace(document, fields=MappingProxyType({**document.fields, **changed}))


def _each(change: Callable[[str], str]) -> Perturbation:
    return lambda fields, _side, _chance: {name: change(text) for name, text in fields.items()}


def _shuffled(fields: Mapping[str, str], _side: Side, chance: Random) -> Mapping[str, str]:
    """Every field's sentences in another order; one without a full stop gets it, lest it runs into the next."""
    changed = {}
    for name, text in fields.items():
        said = [text[start:end] for start, end in sentences(text)]
        if len(said) > 1:
            closed = [each if each[-1] in ".!?:;)" else f"{each}." for each in said]
            changed[name] = " ".join(chance.sample(closed, len(closed)))
    return changed


def _synonyms(fields: Mapping[str, str], _side: Side, chance: Random, *, most: int | None) -> Mapping[str, str]:
    """As many of the listed words as are wanted, each with what may stand in its place."""
    found = [(name, match) for name, text in fields.items() for match in _listed("synonyms").finditer(text)]
    drawn = found if most is None else chance.sample(found, min(most, len(found)))
    return _replaced(
        fields, [(name, *match.span(), _like(match.group(), _table("synonyms")[match.group().lower()])) for name, match in drawn]
    )


def _slips(fields: Mapping[str, str], _side: Side, chance: Random) -> Mapping[str, str]:
    """One slip of the keyboard in forty words, one at least, never in the first word."""
    words = [(name, match) for name, text in fields.items() for match in _WORD.finditer(text)]
    open_to = [(name, match) for name, match in words[1:] if len(match.group()) >= _SHORTEST_SLIPPED]
    drawn = chance.sample(open_to, min(len(open_to), max(1, round(len(words) / WORDS_A_SLIP))))
    return _replaced(fields, [(name, *match.span(), _slipped(match.group(), chance)) for name, match in drawn])


def _slipped(word: str, chance: Random) -> str:
    """The word with two letters swapped, or one doubled, dropped or hit beside its key; its first letter stands."""
    place = chance.randrange(1, len(word) - 1)
    before, letter, after = word[:place], word[place], word[place + 1 :]
    kinds = [before + letter + letter + after, before + after, before + _neighbour(letter, chance) + after]
    if after[0] != letter:
        kinds.append(before + after[0] + letter + after[1:])
    return chance.choice(kinds)


def _neighbour(letter: str, chance: Random) -> str:
    row = next(row for row in _KEYBOARD if letter.lower() in row)
    place = row.index(letter.lower())
    beside = chance.choice([row[near] for near in (place - 1, place + 1) if 0 <= near < len(row)])
    return beside.upper() if letter.isupper() else beside


def _keyword(fields: Mapping[str, str], side: Side, chance: Random) -> Mapping[str, str]:
    """One word of health care that the text does not hold, after the text that says most."""
    held = " ".join(fields.values()).lower()
    word = chance.choice([word for word in (WORDS / "keywords.txt").read_text(encoding="utf-8").split() if word not in held])
    name = BODIES[side] if BODIES[side] in fields else max(fields, key=lambda each: len(fields[each]))
    return {**fields, name: f"{fields[name]} {word.capitalize()}."}


def _title_in_capitals(fields: Mapping[str, str], side: Side, _chance: Random) -> Mapping[str, str]:
    return {name: text.upper() for name, text in fields.items() if name == TITLES[side]}


def _american(text: str) -> str:
    return _listed("american").sub(lambda found: _like(found.group(), _table("american")[found.group().lower()]), text)


def _replaced(fields: Mapping[str, str], changes: Sequence[tuple[str, int, int, str]]) -> Mapping[str, str]:
    """The fields with each span (field, start, end) replaced by its word."""
    changed = dict(fields)
    for name, start, end, word in sorted(changes, key=lambda change: change[1], reverse=True):
        changed[name] = changed[name][:start] + word + changed[name][end:]
    return changed


def _like(word: str, other: str) -> str:
    """The other word, with a capital where the first has one."""
    return other[0].upper() + other[1:] if word[0].isupper() else other


@cache
def _table(name: str) -> Mapping[str, str]:
    rows = (line.split("\t") for line in (WORDS / f"{name}.tsv").read_text(encoding="utf-8").splitlines())
    return MappingProxyType({said.lower(): instead for said, instead in rows})


@cache
def _listed(name: str) -> re.Pattern[str]:
    longest_first = sorted(_table(name), key=len, reverse=True)
    return re.compile(rf"(?<![\w&-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w&-])", re.IGNORECASE)


PERTURBATIONS: Mapping[str, Perturbation] = MappingProxyType(
    {
        "sentences in another order": _shuffled,
        "one synonym": partial(_synonyms, most=1),
        "all listed synonyms": partial(_synonyms, most=None),
        "spelling slips": _slips,
        "one added keyword": _keyword,
        "title in capitals": _title_in_capitals,
        "all in capitals": _each(str.upper),
        "all in lower case": _each(str.lower),
        "American spelling": _each(_american),
    }
)
