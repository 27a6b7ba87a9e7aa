"""Texts that are nearly the same: several in one list take one place, and staff are offered them to compare."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from matcher.copying import Phrases, densest, phrases, shared
from matcher.text import fields_read
from matcher.tokens import fields_of
from matcher.types import Document, Flag, FlagKind, Quote, Vector

NEARLY_THE_SAME = 0.45  # share of the word pairs of the shorter text that the other holds; honest texts were seen to share 0.41
MUCH_IN_COMMON = 0.3  # the same; of different projects, 99 in 100 texts share less with any other
LEAST_SHARED = 8  # pairs; two texts of six words share fewer, however alike
COMPARABLE = 3.0  # how many times longer the other text may be; one that holds everything is a copy of nothing
NEAR_VECTORS = 0.6  # a cosine of pooled vectors below which no copy was seen, so that words need not be compared


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """What of one text is compared with others: its pooled vector and its phrases."""

    vector: Vector
    phrases: Phrases


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Another text that may be the same innovation: how much of the shorter one it shares, and the same words in both."""

    document_id: str
    share: float
    here: Quote
    there: Quote

    @property
    def is_nearly_the_same(self) -> bool:
        """Whether the two differ in some words at most; otherwise they have much in common."""
        return self.share >= NEARLY_THE_SAME


def resemblance(one: Phrases, other: Phrases) -> float:
    """The share of the shorter text's word pairs that the other holds, in [0, 1]; symmetric, and 0 where lengths tell them apart."""
    shorter, longer = sorted((len(one), len(other)))
    if shorter < LEAST_SHARED or longer > COMPARABLE * shorter:
        return 0.0
    common = len(shared(one, other))
    return common / shorter if common >= LEAST_SHARED else 0.0


def places(sketches: Iterable[Sketch], limit: int) -> list[list[int]]:
    """Give each of a list, best first, a place of its own, unless it is nearly the same as one that has a place.

    Returns:
        At most `limit` places; in each the number of the one that holds it, then of those that are nearly the same.
    """
    taken: list[list[int]] = []
    holders: list[Sketch] = []
    for number, sketch in enumerate(sketches):
        held = next((place for place, holder in enumerate(holders) if _is_near_copy(sketch, holder)), None)
        if held is not None:
            taken[held].append(number)
        elif len(taken) == limit:
            break
        else:
            taken.append([number])
            holders.append(sketch)
    return taken


def near_copy_flag(document: Document, others: Sequence[Document]) -> Flag:
    """What staff are told of the one that stands in a list for several that are nearly the same."""
    names = "; ".join(other.fields.get("name", "") or "one without a name" for other in others)
    here = _densest_words(document, shared(_phrases(document), _phrases(others[0])))
    says = f"Nearly the same text comes again, and was left out of this list: {names}"
    return Flag(kind=FlagKind.NEAR_COPY, says=says, quote=here, weighs=False)


def likenesses(document: Document, others: Iterable[Document]) -> list[Likeness]:
    """Those among other documents that may be the same as this one, most alike first, equal ones by id."""
    own = _phrases(document)
    found = []
    for other in others:
        share = resemblance(own, _phrases(other))
        if share >= MUCH_IN_COMMON:
            here, there = _same_words(document, other)
            found.append(Likeness(document_id=other.id, share=share, here=here, there=there))
    return sorted(found, key=lambda each: (-each.share, each.document_id))


def _is_near_copy(one: Sketch, other: Sketch) -> bool:
    return float(np.dot(one.vector, other.vector)) >= NEAR_VECTORS and resemblance(one.phrases, other.phrases) >= NEARLY_THE_SAME


def _phrases(document: Document) -> Phrases:
    return phrases(fields_of(fields_read(document)))


def _same_words(one: Document, other: Document) -> tuple[Quote, Quote]:
    """Where each of two texts that share phrases holds most of them."""
    common = shared(_phrases(one), _phrases(other))
    here, there = (_densest_words(document, common) for document in (one, other))
    return here, there


def _densest_words(document: Document, common: Phrases) -> Quote:
    fields = fields_of(fields_read(document))
    name = max(sorted(fields), key=lambda each: densest(fields[each], common).shared)
    _, start, end = densest(fields[name], common)
    return Quote(field=name, start=start, end=end, text=fields[name].text[start:end])
