"""The features of one (need, innovation) pair: the same numbers whichever side asked, whatever else is in the list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from matcher.criteria import contradicted, facet_fit
from matcher.text import fields_read
from matcher.types import Aspect, Document, EncodedDocument, Facet, Side
from matcher.vocabulary import Vocabulary, Words, coverage

FACETS: Mapping[str, Facet] = MappingProxyType(
    {
        "conditions": Facet.CONDITIONS,
        "settings": Facet.CARE_SETTINGS,
        "areas": Facet.AREAS,
        "inequalities": Facet.INEQUALITIES,
    }
)
"""The facets that are compared; categories are not, because a need is free of solutions and names none."""

FEATURES = ("whole", "aspects", "need_words", "innovation_words", *FACETS, "contradicted")
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
    need, `answering` the rows of an innovation that may answer it.
    """

    encoded: EncodedDocument
    vectors: NDArray[np.float64]
    asking: tuple[tuple[int, ...], ...]
    answering: tuple[int, ...]
    words: Words

    @property
    def document(self) -> Document:
        """The document itself."""
        return self.encoded.document


def prepare(encoded: EncodedDocument, vocabulary: Vocabulary) -> Prepared:
    """Work out once what the features of a document's pairs need."""
    rows = [(row, passage.aspect) for row, passage in enumerate(encoded.passages, start=1)]
    by_aspect = (tuple(row for row, found in rows if found is aspect) for aspect in _ASKING)
    return Prepared(
        encoded=encoded,
        vectors=np.vstack([encoded.pooled[None], encoded.vectors]).astype(np.float64),
        asking=tuple(found for found in by_aspect if found) or ((0,),),
        answering=(0, *(row for row, aspect in rows if aspect not in _NOT_ANSWERING)),
        words=_words(read_text(encoded.document), vocabulary),
    )


def read_text(document: Document) -> str:
    """All fields that are read, as far as they are read, in reading order."""
    return "\n".join(fields_read(document).values())


def features(asker: Prepared, candidates: Sequence[Prepared]) -> NDArray[np.float64]:
    """The features of the asker's pair with each candidate of the other side, (n, f), columns as in `FEATURES`."""
    if not candidates:
        return np.empty((0, len(FEATURES)))
    products = asker.vectors @ np.vstack([candidate.vectors for candidate in candidates]).T
    borders = np.cumsum([len(candidate.vectors) for candidate in candidates])[:-1]
    blocks = np.split(np.round(products, DECIMALS), borders, axis=1)
    if asker.document.side is Side.NEED:
        return np.array([_pair(asker, candidate, block) for candidate, block in zip(candidates, blocks, strict=True)])
    return np.array([_pair(candidate, asker, block.T) for candidate, block in zip(candidates, blocks, strict=True)])


def similarities(need: Prepared, innovation: Prepared) -> Similarities:
    """The cosines of a need's rows with an innovation's, (p, q), row and column 0 being the pooled vectors."""
    return np.round(need.vectors @ innovation.vectors.T, DECIMALS)


def _pair(need: Prepared, innovation: Prepared, cosines: Similarities) -> list[float]:
    answers = cosines[:, innovation.answering].max(axis=1)
    facets = [facet_fit(facet, need.document, innovation.document) for facet in FACETS.values()]
    return [
        float(answers[0]),
        float(np.mean([np.mean(answers[list(rows)]) for rows in need.asking])),
        coverage(need.words, innovation.words),
        coverage(innovation.words, need.words),
        *(0.0 if fit is None else fit.certainty * (fit.value - NEUTRAL) for fit in facets),
        float(contradicted(need.document, innovation.document)),
    ]


@lru_cache(maxsize=16_384)
def _words(text: str, vocabulary: Vocabulary) -> Words:
    """The words of a text, kept: the same documents are candidates of query after query."""
    return vocabulary.words(text)
