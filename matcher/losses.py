"""The queries on which we do worst, told so that a person can see why: what stood first, what should have, and what decided."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from matcher.folder import Collection, Row
from matcher.ranking import Ranker
from matcher.systems import BASELINES, OURS, Systems, ranking_of
from matcher.types import Band, Candidate

_LEAST = 0.05  # logits; what moves the odds by less decides nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A document of a query: its text and grade (None where nobody judged it), its rank in each system, and our judgement.

    A rank is None where a system does not list the document; there is no judgement of one of which nothing is read.
    """

    id: str
    text: str
    grade: int | None
    ranks: Mapping[str, int | None]
    probability: float | None
    band: Band | None
    features: Mapping[str, float]
    flags: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return asdict(self) | {"flags": list(self.flags)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One query of which much is lost.

    At `place` (1 is first) our ranking leaves the ideal one: there stands `put`, where `due` should. `decided` are the
    logits by which each feature speaks for `put` and against `due`, the largest first; `best` is the baseline that does best.
    """

    query: str
    text: str
    ndcg: float
    best: str
    best_ndcg: float
    place: int
    put: Placed | None
    due: Placed
    decided: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "query": self.query,
            "text": self.text,
            "ndcg@10": self.ndcg,
            "best_baseline": self.best,
            "best_baseline_ndcg@10": self.best_ndcg,
            "place": self.place,
            "put": None if self.put is None else self.put.to_json(),
            "due": self.due.to_json(),
            "decided": dict(self.decided),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """The queries on which ours loses most against the best baseline of each, and of the others those with the least nDCG@10."""

    lost: tuple[Loss, ...]
    lowest: tuple[Loss, ...]

    def to_json(self) -> dict[str, Any]:
        """Both lists."""
        return {"lost": [each.to_json() for each in self.lost], "lowest": [each.to_json() for each in self.lowest]}


def worst(
    collection: Collection,
    systems: Systems,
    values: Mapping[str, Mapping[str, Sequence[float]]],
    *,
    count: int,
    allowed_for: Callable[[str], frozenset[str] | None],
) -> Worst:
    """Tell the worst queries of a collection.

    Args:
        collection: what was judged.
        systems: what ranked it.
        values: system -> metric -> its value for each answerable query, in their order.
        count: how many of each list at most.
        allowed_for: query -> the only documents that were ranked for it; None where all were.
    """
    queries = {row.id: row for row in collection.queries}
    found = {system: dict(zip(collection.answerable, each["ndcg@10"], strict=True)) for system, each in values.items()}
    ours = found[OURS]
    best = {query: max(((found[system][query], system) for system in BASELINES), key=lambda each: each[0]) for query in ours}
    losing = sorted((query for query in ours if best[query][0] > ours[query]), key=lambda query: (ours[query] - best[query][0], query))
    lost = losing[:count]
    low = sorted((query for query in ours if ours[query] < 1 and query not in lost), key=lambda query: (ours[query], query))[:count]

    def told(query: str) -> Loss:
        return _told(queries[query], collection, systems, ours=ours[query], best=best[query], allowed=allowed_for(query))

    return Worst(lost=tuple(map(told, lost)), lowest=tuple(map(told, low)))


def _told(
    query: Row, collection: Collection, systems: Systems, *, ours: float, best: tuple[float, str], allowed: frozenset[str] | None
) -> Loss:
    rankings = {system: timed.ranking for system, timed in systems.plain(query, allowed).items()}
    rankings[OURS] = ranking_of(systems.judged(query.id, allowed))
    place, put, due = _parting([candidate.id for candidate in rankings[OURS]], collection.judgements[query.id])
    rows = {row.id: row for row in collection.corpus if row.id in {put, due}}

    def placed(document: str) -> Placed:
        return _placed(query.id, rows[document], collection.judgements[query.id].get(document), systems, rankings)

    first, better = placed(put) if put is not None else None, placed(due)
    return Loss(
        query=query.id,
        text=query.whole,
        ndcg=ours,
        best=best[1],
        best_ndcg=best[0],
        place=place,
        put=first,
        due=better,
        decided=_decided(first, better, systems.ranker),
    )


def _parting(ranking: Sequence[str], grades: Mapping[str, int]) -> tuple[int, str | None, str]:
    """The first place at which a ranking with some loss leaves the ideal one, what stands there, and what should."""
    places = {document: place for place, document in enumerate(ranking)}
    ideal = sorted(grades, key=lambda document: (-grades[document], places.get(document, len(places)), document))
    stands = [*ranking, *[None] * len(ideal)]
    return next(
        (place, put, due)
        for place, (put, due) in enumerate(zip(stands, ideal, strict=False), start=1)
        if put is None or grades.get(put, 0) < grades[due]
    )


def _placed(query: str, document: Row, grade: int | None, systems: Systems, rankings: Mapping[str, Sequence[Candidate]]) -> Placed:
    ranks = {system: [each.id for each in ranking] for system, ranking in rankings.items()}
    judgement = systems.judge(query, document.id)
    return Placed(
        id=document.id,
        text=document.whole,
        grade=grade,
        ranks={system: ids.index(document.id) + 1 if document.id in ids else None for system, ids in ranks.items()},
        probability=judgement.probability if judgement else None,
        band=judgement.band if judgement else None,
        features=dict(zip(systems.ranker.file.features, judgement.features, strict=True)) if judgement else {},
        flags=tuple(flag.says for flag in judgement.flags) if judgement else (),
    )


def _decided(put: Placed | None, due: Placed, ranker: Ranker) -> dict[str, float]:
    """By how many logits each feature speaks for one document and against another, the largest first."""
    if put is None or not put.features or not due.features:
        return {}
    weights = dict(zip(ranker.file.features, ranker.file.calibration.weights, strict=True))
    spoken = {name: weight * (put.features[name] - due.features[name]) for name, weight in weights.items()}
    return {name: logits for name, logits in sorted(spoken.items(), key=lambda each: -each[1]) if abs(logits) >= _LEAST}
