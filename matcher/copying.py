"""What two texts share word for word: pairs of words that stand near each other, which honest texts seldom have in common.

A pair of near words outlives a word that is exchanged, left out or put between, and sentences in another order.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matcher.tokens import Field

NEAR = 3  # how many words further on the second word of a pair may stand; those that every text has are left out
LEAST_SHARED = 6  # pairs; a name or a standing phrase of the NHS has fewer
LEAST_SHARE, OF_MANY = 0.35, 0.22  # of the pairs of a need that an innovation holds; the second from so many pairs on:
MANY = 10
SHORTEST = 8  # pairs of a need, or of one field of it; a shorter one says too little to be copied
MOST_OF_A_PART = 0.6  # of the pairs of one field; the most that an honest innovation was seen to hold is 0.58
QUESTION = 100  # pairs; a need of one field that has fewer is a title, a question or a claim, which honest texts repeat
STRETCH = 16  # words that are looked at together; they make 42 pairs
DENSE, DENSER = 17, 32  # pairs of a stretch that are the need's own, for a short need and for one of thousands of words
_LONG_NEED = 1_000  # pairs
_SPREAD = np.uint32(2_654_435_761)
_FIELD_HOLDS = 3  # shared pairs from which a field counts as copied, once the text does

Phrases = NDArray[np.uint32]  # (n,), sorted, each once


class Stretch(NamedTuple):
    """Where shared pairs stand densest in a field: their number, and the characters from the first to the last."""

    shared: int
    start: int
    end: int


def phrases(fields: Mapping[str, Field]) -> Phrases:
    """The pairs of near words of a text, hashed; none reaches from one field into the next."""
    pairs = [_pairs(field)[0] for field in fields.values()]
    return np.unique(np.concatenate(pairs)) if pairs else np.empty(0, dtype=np.uint32)


def shared(one: Phrases, other: Phrases) -> Phrases:
    """The pairs that two texts have in common."""
    if not len(one) or not len(other):
        return one[:0]
    found: Phrases = one[other[np.minimum(other.searchsorted(one), len(other) - 1)] == one]
    return found


def is_copied(need: Phrases, parts: Sequence[Phrases], common: Phrases, innovation: Callable[[], Mapping[str, Field]]) -> bool:
    """Whether an innovation holds so much of a need, or of one part, or a stretch of it so nearly, that it was written from it.

    The innovation's words are asked for only where many are shared, which honest pairs seldom do.
    """
    if len(common) < LEAST_SHARED:
        return False
    if _holds_much(need, len(common)) or any(_is_held(part, common) for part in parts):
        return True
    return len(common) >= _dense(need) and any(densest(field, common).shared >= _dense(need) for field in innovation().values())


def copied_fields(innovation: Mapping[str, Field], common: Phrases) -> frozenset[str]:
    """The fields that hold what is copied."""
    return frozenset(name for name, field in innovation.items() if len(shared(common, np.unique(_pairs(field)[0]))) >= _FIELD_HOLDS)


def densest(field: Field, common: Phrases) -> Stretch:
    """The stretch of a field that holds most of the shared pairs; the first of equals."""
    pairs, firsts, lasts = _pairs(field)
    held = np.isin(pairs, common)
    if not held.any():
        return Stretch(0, 0, 0)
    begun = np.bincount(firsts[held], minlength=len(field.told) + STRETCH)
    ends = np.stack([np.bincount(firsts[held & (lasts - firsts == step)], minlength=len(begun)) for step in range(1, NEAR + 1)])
    before, ended = (np.cumsum(np.pad(counts, [(0, 0)] * (counts.ndim - 1) + [(1, 0)]), axis=-1) for counts in (begun, ends))
    border = np.arange(len(field.told)) + STRETCH
    within = before[border] - before[border - STRETCH]
    for step in range(NEAR):  # a pair that begins inside and ends behind the border is not within
        within -= ended[step, border] - ended[step, border - 1 - step]
    best = int(np.argmax(within))
    inside = held & (firsts >= best) & (lasts < best + STRETCH)
    return Stretch(int(within[best]), field.told[int(firsts[inside].min())].start, field.told[int(lasts[inside].max())].end)


def _holds_much(need: Phrases, shared_pairs: int) -> bool:
    share = OF_MANY if shared_pairs >= MANY else LEAST_SHARE
    return len(need) >= SHORTEST and shared_pairs >= max(LEAST_SHARED, share * len(need))


def _is_held(part: Phrases, common: Phrases) -> bool:
    return len(part) >= SHORTEST and len(shared(part, common)) >= max(LEAST_SHARED, MOST_OF_A_PART * len(part))


def _dense(need: Phrases) -> float:
    return DENSE + (DENSER - DENSE) * min(1.0, len(need) / _LONG_NEED)


def _pairs(field: Field) -> tuple[Phrases, NDArray[np.int64], NDArray[np.int64]]:
    """Each pair as (hash, place of the first word, place of the second); the same whichever word comes first."""
    words = np.array([zlib.crc32(word.stem.encode()) for word in field.told], dtype=np.uint32)
    steps = [step for step in range(1, NEAR + 1) if step < len(words)]
    hashes = [np.minimum(words[:-step], words[step:]) * _SPREAD + np.maximum(words[:-step], words[step:]) for step in steps]
    places = np.arange(len(words))
    firsts, lasts = [places[:-step] for step in steps], [places[step:] for step in steps]
    if not steps:
        return np.empty(0, dtype=np.uint32), places[:0], places[:0]
    return np.concatenate(hashes), np.concatenate(firsts), np.concatenate(lasts)
