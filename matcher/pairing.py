"""The features of one (need, innovation) pair: the same numbers whichever side asked, whatever else is in the list."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from matcher.codes import weighted
from matcher.concepts import concepts, shared, weighed
from matcher.criteria import TOLD_BY_A_CHOICE, Coded, FacetFit, contradicted, facet_fit
from matcher.crowding import NOWHERE, Reference
from matcher.integrity import Traces, copied, flagged, traces_of
from matcher.suggesting import completed
from matcher.text import fields_read
from matcher.types import Aspect, Document, EncodedDocument, Facet, Side, Vectors
from matcher.vocabulary import Vocabulary, Words, coverages, stems

FACETS: Mapping[str, Facet] = MappingProxyType(
    {
        "conditions": Facet.CONDITIONS,
        "settings": Facet.CARE_SETTINGS,
        "areas": Facet.AREAS,
        "inequalities": Facet.INEQUALITIES,
    }
)
"""The facets that are compared; categories are not, because a need is free of solutions and names none."""

FEATURES = (
    "whole",
    "aspects",
    "crowding",
    "need_words",
    "innovation_words",
    "concepts",
    "passages",
    *FACETS,
    "coded",
    "contradicted",
    "flagged",
)
"""The names of the features, in the order of the numbers."""

NEUTRAL = 0.4  # the facet fit that speaks neither for nor against a pair; what is not coded counts as this
DECIMALS = 6  # of a similarity; below it, sums differ with the order in which a machine adds

_ASKING = (Aspect.TITLE, Aspect.PROBLEM, Aspect.POPULATION, Aspect.OUTCOME)  # what a need says of itself, each for itself
_NOT_ANSWERING = frozenset({Aspect.TITLE, Aspect.EVIDENCE, Aspect.SETTING})  # a brand name or a trial report answers no need

Similarities = NDArray[np.float64]  # (passages of the need, passages of the innovation)


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """An encoded document with what every pair that it is in asks of it.

    `vectors` holds the pooled vector in row 0 and one passage a row after it; `asking` the rows of each aspect of a
    need, `answering` the rows of an innovation that may answer it; `facets` the codes with what each counts, in the
    order of `FACETS`; `crowding` how near it stands to many texts of the other side; `concepts` what it speaks of with its
    weight; `traces` what the integrity of a pair is judged by.
    """

    encoded: EncodedDocument
    vectors: Vectors
    asking: tuple[tuple[int, ...], ...]
    answering: tuple[int, ...]
    crowding: float
    words: Words
    concepts: Mapping[str, float]
    facets: tuple[Coded, ...]
    traces: Traces

    @property
    def document(self) -> Document:
        """The document itself."""
        return self.encoded.document


def prepare(encoded: EncodedDocument, vocabulary: Vocabulary, reference: Reference = NOWHERE) -> Prepared:
    """Work out once what the features of a document's pairs need."""
    rows = [(row, passage.aspect) for row, passage in enumerate(encoded.passages, start=1)]
    coded, text = completed(encoded.document), read_text(encoded.document)
    by_aspect = (tuple(row for row, found in rows if found is aspect) for aspect in _ASKING)
    return Prepared(
        encoded=encoded,
        vectors=np.vstack([encoded.pooled[None], encoded.vectors]),
        asking=tuple(found for found in by_aspect if found) or ((0,),),
        answering=(0, *(row for row, aspect in rows if aspect not in _NOT_ANSWERING)),
        crowding=reference.crowding(encoded.document.side, encoded.pooled),
        words=vocabulary.words(text),
        concepts=weighed(concepts(text), vocabulary),
        facets=tuple(Coded.of(weighted(coded, facet)) for facet in FACETS.values()),
        traces=traces_of(encoded.document),
    )


def read_text(document: Document) -> str:
    """All fields that are read, as far as they are read, in reading order."""
    return "\n".join(fields_read(document).values())


def features(asker: Prepared, candidates: Sequence[Prepared]) -> NDArray[np.float64]:
    """The features of the asker's pair with each candidate of the other side, (n, f), columns as in `FEATURES`."""
    if not candidates:
        return np.empty((0, len(FEATURES)))
    cosines = _cosines(asker.vectors, np.vstack([candidate.vectors for candidate in candidates]))
    borders = np.cumsum([len(candidate.vectors) for candidate in candidates])[:-1]
    pairs = zip(candidates, np.split(cosines, borders, axis=1), strict=True)
    if asker.document.side is Side.NEED:
        return np.array([_pair(asker, candidate, block) for candidate, block in pairs])
    return np.array([_pair(candidate, asker, block.T) for candidate, block in pairs])


def similarities(need: Prepared, innovation: Prepared) -> Similarities:
    """The cosines of a need's rows with an innovation's, (p, q), row and column 0 being the pooled vectors."""
    return _cosines(need.vectors, innovation.vectors)


def _cosines(one: Vectors, other: Vectors) -> Similarities:
    return np.round(one.astype(np.float64) @ other.astype(np.float64).T, DECIMALS)


def _without(innovation: Prepared, names: Collection[str]) -> Prepared:
    """An innovation without some of its fields; what joins several fields goes with them."""
    kept = {name: text for name, text in fields_read(innovation.document).items() if name not in names}
    passages, left = innovation.encoded.passages, "\n".join(kept.values())
    spoken_of = concepts(left)
    return replace(
        innovation,
        concepts={name: weight for name, weight in innovation.concepts.items() if name in spoken_of},
        answering=tuple(row for row in innovation.answering if row and passages[row - 1].field in kept),
        words=innovation.words.only(stems(left)),
    )


def _told_by(fit: FacetFit | None) -> float:
    """What the codes of one facet say for a pair, or against it; guesses that differ say nothing against it."""
    if fit is None or (fit.guessed and fit.value < NEUTRAL):
        return 0.0
    return fit.certainty * (fit.value - NEUTRAL)


def _mean(values: Sequence[float]) -> float:
    """The exact sum, rounded once, by their number: what `statistics.fmean` gives, without its checks."""
    return math.fsum(values) / len(values)


def _pair(need: Prepared, innovation: Prepared, cosines: Similarities) -> list[float]:
    passages, names = len(innovation.answering), copied(need.traces, innovation.traces, innovation.document)
    if names:
        innovation = _without(innovation, names)
    answers: list[float] = cosines[:, innovation.answering].max(axis=1, initial=-1.0).tolist()
    fits = [facet_fit(*each) for each in zip(FACETS.values(), need.facets, innovation.facets, strict=True)]
    return [
        answers[0],
        _mean([_mean([answers[row] for row in rows]) for rows in need.asking]),
        need.crowding + innovation.crowding,
        *coverages(need.words, innovation.words),
        shared(need.concepts, innovation.concepts),
        math.log(passages),  # the best of many passages is nearer by chance alone
        *map(_told_by, fits),
        math.fsum([fit.certainty for fit, facet in zip(fits, FACETS.values(), strict=True) if fit and facet in TOLD_BY_A_CHOICE]),
        float(contradicted(need.document, innovation.document)),
        flagged(need.traces, innovation.traces, copies=bool(names)),
    ]
