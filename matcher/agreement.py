"""Why two needs are taken for one: what both speak of, in the words of both, and in what they differ."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from matcher.alignment import Difference, Differs, Need, differences, likeness, lists
from matcher.codes import chosen, label
from matcher.text import sentences
from matcher.types import EncodedDocument, Facet, Passage, Quote
from matcher.vocabulary import Vocabulary, coverages

_MOST = 4  # concepts that are named
OF_ONE, OF_OTHER = "The first need:", "The second need:"
_QUOTED_FROM = ("problem", "desired_outcome", "title", "population")
_SHARED_FACETS = (Facet.CONDITIONS, Facet.CARE_SETTINGS)
_NO_AGE = "no age"
_WORDS = {
    Difference.AGE: "They are about people of other ages",
    Difference.SETTING: "They are about other places of care",
    Difference.SUBJECT: "They are about other conditions",
    Difference.DIRECTION: "They ask for opposite things",
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two needs side by side; `quotes` are the nearest words of both, `apart` what bars them from being one.

    `is_one` says that they are alike enough to be one, and that nothing bars it.
    """

    likeness: float
    is_one: bool
    concepts: tuple[str, ...]
    codes: tuple[str, ...]
    quotes: tuple[Quote, Quote] | None
    differs: tuple[str, ...]
    apart: tuple[str, ...]


def agreement(one: Need, other: Need, vocabulary: Vocabulary) -> Agreement:
    """What two needs share, the weightiest first, and in what they differ."""
    alike, barred = likeness(one, other), differences(one, other)
    both = sorted(one.concepts.keys() & other.concepts.keys(), key=lambda name: (-one.concepts[name], name))
    return Agreement(
        likeness=alike,
        is_one=alike >= lists()["thresholds"]["pair"] and not barred,
        concepts=tuple(name.replace("_", " ") for name in both[:_MOST]),
        codes=tuple(label(facet, code) for facet in _SHARED_FACETS for code in _shared_codes(one, other, facet)),
        quotes=_nearest(one.encoded, other.encoded, vocabulary),
        differs=tuple(_other_words(one, other)),
        apart=tuple(_in_words(each) for each in barred),
    )


def _shared_codes(one: Need, other: Need, facet: Facet) -> list[str]:
    return sorted(chosen(one.encoded.document, facet) & chosen(other.encoded.document, facet))


def _nearest(one: EncodedDocument, other: EncodedDocument, vocabulary: Vocabulary) -> tuple[Quote, Quote] | None:
    """The two sentences that share most, of the two nearest passages, of whatever fields."""
    rows = [[row for row, each in enumerate(encoded.passages) if each.field in _QUOTED_FROM] for encoded in (one, other)]
    if not all(rows):
        return None
    cosines = np.round(one.vectors[rows[0]].astype(np.float64) @ other.vectors[rows[1]].astype(np.float64).T, 6)
    first, second = divmod(int(cosines.argmax()), len(rows[1]))
    passages = one.passages[rows[0][first]], other.passages[rows[1][second]]
    found = product(_sentences(passages[0]), _sentences(passages[1]))
    return max(found, key=lambda pair: _overlap(pair, vocabulary))


def _sentences(passage: Passage) -> Sequence[Quote]:
    return [
        Quote(passage.field, passage.start + start, passage.start + end, passage.text[start:end]) for start, end in sentences(passage.text)
    ]


def _overlap(pair: tuple[Quote, Quote], vocabulary: Vocabulary) -> float:
    one, other = (vocabulary.words(each.text) for each in pair)
    return sum(coverages(one, other))


def _other_words(one: Need, other: Need) -> Sequence[str]:
    """In what the two differ though they may be one: ages, places of care and metrics that one names and the other does not."""
    told = []
    for word, first, second in (("ages", one.ages, other.ages), ("places of care", one.settings, other.settings)):
        if set(first) != set(second):
            told.append(f"Other {word} are named. {_of_both(_listed(first), _listed(second))}")
    metrics = [each.encoded.document.fields.get("metric", "").strip().rstrip(".") for each in (one, other)]
    if metrics[0] != metrics[1]:
        told.append(f"Other metrics. {_of_both(metrics[0] or 'none', metrics[1] or 'none')}")
    return told


def _of_both(one: str, other: str) -> str:
    """What each of the two says; pages that know whose they are say so."""
    return f"{OF_ONE} {one}. {OF_OTHER} {other}."


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _in_words(each: Differs) -> str:
    silent = _NO_AGE if each.what is Difference.AGE else "none named"
    return f"{_WORDS[each.what]}: {', '.join(each.one) or silent}; {', '.join(each.other) or silent}."
