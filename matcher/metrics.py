"""How good a ranking is, and how sure one can be of an average: nDCG, recall, reciprocal rank, bootstrap intervals."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Grades = Mapping[str, int]
"""Document id -> grade for one query; a document that is not in it has grade 0."""

Interval = tuple[float, float]

RESAMPLES = 2_000
_SEED = 20_180_401


def ndcg(ranking: Sequence[str], grades: Grades, *, k: int) -> float:
    """Normalised discounted cumulative gain of the first k, gain 2^grade - 1, in [0, 1]; 0 when nothing has a gain.

    Source:
        Järvelin and Kekäläinen, TOIS 2002, with the gain of Burges et al., ICML 2005.
    """
    ideal = _dcg(sorted(grades.values(), reverse=True)[:k])
    return _dcg([grades.get(document_id, 0) for document_id in ranking[:k]]) / ideal if ideal else 0.0


def recall(ranking: Sequence[str], grades: Grades, *, k: int, relevant_from: int) -> float:
    """The share of the relevant documents that stand among the first k; 0 when none is relevant."""
    relevant = {document_id for document_id, grade in grades.items() if grade >= relevant_from}
    return len(relevant.intersection(ranking[:k])) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranking: Sequence[str], grades: Grades, *, relevant_from: int) -> float:
    """1 / rank of the first relevant document; 0 when none is in the ranking."""
    ranks = (rank for rank, document_id in enumerate(ranking, start=1) if grades.get(document_id, 0) >= relevant_from)
    first = next(ranks, None)
    return 0.0 if first is None else 1 / first


def mean_interval(values: Sequence[float]) -> Interval:
    """The 95 % percentile bootstrap interval of a mean over queries; the same on every run.

    Raises:
        ValueError: if there is no value.
    """
    return macro_interval([values])


def macro_mean(sets: Sequence[Sequence[float]]) -> float:
    """The mean over sets of the mean over the queries of each, so that a large set counts no more than a small one."""
    return float(np.mean([np.mean(values) for values in sets]))


def macro_interval(sets: Sequence[Sequence[float]]) -> Interval:
    """The 95 % percentile bootstrap interval of a macro mean, queries drawn anew within each set.

    Raises:
        ValueError: if a set holds no value, or there is no set.
    """
    low, high = np.percentile(resampled_means(sets), [2.5, 97.5])
    return float(low), float(high)


def resampled_means(sets: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """Bootstrap draws of a macro mean, (RESAMPLES,); the same on every run.

    Raises:
        ValueError: if a set holds no value, or there is no set.
    """
    if not sets or not all(map(len, sets)):
        raise ValueError("An interval needs a value at least.")
    random = np.random.default_rng(_SEED)
    means = [np.asarray(values)[random.integers(0, len(values), size=(RESAMPLES, len(values)))].mean(axis=1) for values in sets]
    return np.asarray(np.mean(means, axis=0))


def _dcg(grades: Sequence[int]) -> float:
    return math.fsum((2**grade - 1) / math.log2(rank + 1) for rank, grade in enumerate(grades, start=1))
