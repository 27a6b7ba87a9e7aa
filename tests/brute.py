"""Retrieval without any index: every document is scored, by numpy and by BM25 written out; the answers to be equalled."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from matcher.lexical import _analyser
from matcher.pairing import read_text
from matcher.text import normalise
from matcher.types import Candidate, EncodedDocument, Vector

K1, B = 1.2, 0.75


class BruteForce:
    """A `matcher.ranking.Library` over documents in memory."""

    def __init__(self, documents: Mapping[str, EncodedDocument]) -> None:
        self._documents = documents
        self._words = {each: words_of(read_text(encoded.document)) for each, encoded in documents.items()}
        self._mean = np.mean([words.total() for words in self._words.values()])

    def dense(self, vector: Vector, k: int) -> list[Candidate]:
        """By the inner product, in float64."""
        query = vector.astype(np.float64)
        return best((Candidate(each, float(encoded.pooled @ query)) for each, encoded in self._documents.items()), k)

    def lexical(self, text: str, k: int) -> list[Candidate]:
        """By BM25."""
        query = words_of(text)
        return best((Candidate(each, self._bm25(query, held)) for each, held in self._words.items() if query.keys() & held.keys()), k)

    def fetch(self, ids: Sequence[str]) -> Mapping[str, EncodedDocument]:
        """The documents themselves."""
        return {each: self._documents[each] for each in ids if each in self._documents}

    def _bm25(self, query: Counter[str], held: Counter[str]) -> float:
        total = 0.0
        for term, times in query.items():
            if not held[term]:
                continue
            holding = sum(term in other for other in self._words.values())
            weight = math.log(1 + (len(self._words) - holding + 0.5) / (holding + 0.5))
            length = K1 * (1 - B + B * kept_length(held.total()) / self._mean)
            total += times * weight * (K1 + 1) * held[term] / (held[term] + length)
        return total


def words_of(text: str) -> Counter[str]:
    """The words that count, as often as they occur."""
    return Counter(_analyser().analyze(normalise(text)))


def kept_length(words: int) -> int:
    """A document's length as tantivy keeps it in one byte: exact to 40, then three bits behind the first."""
    if words <= 40:
        return words
    shift = (words - 24).bit_length() - 4
    return 24 + ((words - 24) >> shift << shift)


def best(candidates: Iterable[Candidate], k: int) -> list[Candidate]:
    """Best first, equal scores by id."""
    return sorted(candidates, key=lambda each: (-each.score, each.id))[:k]


def assert_alike(found: Collection[Candidate], expected: Collection[Candidate], within: float = 1e-5) -> None:
    """The same documents in the same order with the same scores."""
    assert [each.id for each in found] == [each.id for each in expected]
    np.testing.assert_allclose([each.score for each in found], [each.score for each in expected], rtol=within, atol=within)
