"""Texts that are nearly the same: several in one list take one place, and staff are offered them to compare."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from matcher.copying import Phrases, densest, phrases, shared
from matcher.text import fields_read
from matcher.tokens import Field, fields_of
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
    own = _Read.of(document)
    here = own.densest_words(shared(own.phrases, _Read.of(others[0]).phrases))
    says = f"Nearly the same text comes again, and was left out of this list: {names}"
    return Flag(kind=FlagKind.NEAR_COPY, says=says, quote=here, weighs=False)


def likenesses(document: Document, others: Iterable[Document], *, limit: int | None = None) -> list[Likeness]:
    """Those among other documents that may be the same as this one, most alike first, equal ones by id; at most `limit`."""
    own = _Read.of(document)
    read = {other.id: _Read.of(other) for other in others}
    shares = {each: resemblance(own.phrases, other.phrases) for each, other in read.items()}
    alike = sorted((each for each, share in shares.items() if share >= MUCH_IN_COMMON), key=lambda each: (-shares[each], each))
    found = []
    for each in alike[:limit]:
        common = shared(own.phrases, read[each].phrases)
        here, there = own.densest_words(common), read[each].densest_words(common)
        found.append(Likeness(document_id=each, share=shares[each], here=here, there=there))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """The words of a text and its phrases."""

    fields: Mapping[str, Field]
    phrases: Phrases

    @classmethod
    def of(cls, document: Document) -> "_Read":
        fields = fields_of(fields_read(document))
        return cls(fields, phrases(fields))

    def densest_words(self, common: Phrases) -> Quote:
        """Where most of these phrases stand together; the first of equal fields by name."""
        found = {name: densest(self.fields[name], common) for name in sorted(self.fields)}
        name = max(found, key=lambda each: found[each].shared)
        _, start, end = found[name]
        return Quote(field=name, start=start, end=end, text=self.fields[name].text[start:end])


def _is_near_copy(one: Sketch, other: Sketch) -> bool:
    return float(np.dot(one.vector, other.vector)) >= NEAR_VECTORS and resemblance(one.phrases, other.phrases) >= NEARLY_THE_SAME
