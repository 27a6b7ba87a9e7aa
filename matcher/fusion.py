"""Several rankings of one query into one."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from matcher.types import Candidate


def reciprocal_rank_fusion(rankings: Sequence[Sequence[Candidate]], *, k: int = 60) -> list[Candidate]:
    """Fuse rankings by rank alone, so that retrievers need no common score scale.

    A document earns 1 / (k + rank) from each ranking that holds it. Equal totals are
    ordered by document id, which makes the result the same on every machine.

    Args:
        rankings: one ranking per retriever, each ordered best first.
        k: damping; a larger k flattens the gap between the first ranks.

    Returns:
        Every document seen, best first, score in (0, len(rankings) / (k + 1)].

    Raises:
        ValueError: if k is negative.

    Source:
        Cormack, Clarke and Büttcher, SIGIR 2009.
    """
    if k < 0:
        raise ValueError(f"k must not be negative, but is {k}.")
    totals: defaultdict[str, float] = defaultdict(float)
    for ranking in rankings:
        for rank, candidate in enumerate(ranking, start=1):
            totals[candidate.id] += 1 / (k + rank)
    return best_first(totals)


def weighted_sum(dense: Iterable[Candidate], lexical: Iterable[Candidate], *, lexical_weight: float = 0.2) -> list[Candidate]:
    """Fuse two rankings by their scores, each brought to [0, 1] within its own ranking.

    A document absent from a ranking gets 0 there, as the last of it does. A ranking whose
    scores are all equal gives 1 to each. Equal totals are ordered by document id.

    Returns:
        Every document seen, best first, score in [0, 1].

    Raises:
        ValueError: if the weight lies outside [0, 1].
    """
    if not 0 <= lexical_weight <= 1:
        raise ValueError(f"lexical_weight must lie in [0, 1], but is {lexical_weight}.")
    totals: defaultdict[str, float] = defaultdict(float)
    for ranking, weight in ((dense, 1 - lexical_weight), (lexical, lexical_weight)):
        for document_id, score in _to_unit_interval(ranking).items():
            totals[document_id] += weight * score
    return best_first(totals)


def best_first(scores: Mapping[str, float]) -> list[Candidate]:
    """Candidates by falling score, equal ones by id."""
    return [Candidate(document_id, score) for document_id, score in sorted(scores.items(), key=lambda item: (-item[1], item[0]))]


def _to_unit_interval(ranking: Iterable[Candidate]) -> dict[str, float]:
    """Min-max: the best of the ranking at 1, the last at 0."""
    scores = {candidate.id: candidate.score for candidate in ranking}
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    return {document_id: (score - low) / (high - low) if high > low else 1.0 for document_id, score in scores.items()}
