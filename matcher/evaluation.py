"""Measure a ranker on judged texts beside plain retrievers: order, probabilities, "nothing fits", time, losses, and its parts."""

from collections.abc import Mapping, Sequence

from matcher.ablation import Ablation
from matcher.abstention import Asked, NothingFits
from matcher.encoding import Encoder
from matcher.folder import Collection, MalformedFolder, Pool, Row, read_folder
from matcher.losses import worst
from matcher.metrics import ndcg, recall, reciprocal_rank
from matcher.ranking import Ranker
from matcher.reporting import METRICS, Report, Timing
from matcher.systems import BASELINES, OURS, Progress, Systems, Timed, ranking_of, sampled, timed
from matcher.trust import Trust, trust
from matcher.types import Candidate, Side

__all__ = ["BASELINES", "METRICS", "OURS", "Collection", "MalformedFolder", "Pool", "Report", "evaluate", "read_folder"]

UNANSWERED = 100  # queries that are asked again without their answers, at most

IN_SAMPLE = (
    "The ranker file was fitted on these judgements or a part of them, so that these figures are in-sample; "
    "`python -m bench.fit_ranker` prints those of queries that had no part in the weights."
)
UNJUDGED = "Shown candidates that nobody judged count as not fitting: {unjudged} of {shown}; with all judged, more would fit."


def evaluate(
    collection: Collection,
    *,
    encoder: Encoder,
    ranker: Ranker,
    queries_side: Side = Side.NEED,
    without_codes: bool = False,
    pool: Pool = Pool.CORPUS,
    tell_worst: int = 0,
    ablate: bool = False,
    on_progress: Progress = lambda _step, _done, _total: None,
) -> Report:
    """Rank the corpus for every judged query with each system and measure all of them.

    Args:
        collection: queries, corpus and judgements.
        encoder: what turns their texts into vectors.
        ranker: what is measured, the one that the service uses.
        queries_side: which side asks.
        without_codes: whether the codes of the rows are left out.
        pool: whether all documents are ranked for a query, or those judged for it.
        tell_worst: how many queries with the largest losses are told, and as many with the lowest figures.
        ablate: whether to measure what each part of the ranker earns.
        on_progress: told of each step.

    Raises:
        MalformedFolder: if no document says anything.
    """
    systems = Systems(collection, encoder, ranker, queries_side=queries_side, without_codes=without_codes, on_progress=on_progress)
    trial = _Trial(collection, systems, pool, ablation=Ablation(systems) if ablate else None)
    trial.rank_all(on_progress)
    shown = trust(trial.runs, collection.judgements, relevant_from=collection.relevant_from, band=ranker.band)
    in_sample = collection.digest in ranker.file.fitted_on
    return Report(
        dataset=collection.name,
        split=collection.split,
        asking=queries_side,
        ranker=ranker.id,
        documents=len(collection.corpus),
        queries=len(collection.queries),
        answerable=collection.answerable,
        per_query=trial.values,
        trust=shown,
        natural=trial.as_they_are(),
        removed=trial.without_answers(on_progress),
        timings={system: Timing(tuple(seconds)) for system, seconds in trial.seconds.items()},
        encoding=Timing(tuple(systems.encoding_seconds)) if systems.encoding_seconds else None,
        in_sample=in_sample,
        runs=trial.runs,
        worst=worst(collection, systems, trial.values, count=tell_worst, allowed_for=trial.allowed_for) if tell_worst else None,
        parts=trial.ablation.parts() if trial.ablation else (),
        notices=(*collection.notices, *([IN_SAMPLE] if in_sample else []), *_unjudged(shown)),
    )


class _Trial:
    """All rankings of one collection, measured as they are made: what of a plain ranking is not needed is not kept."""

    def __init__(self, collection: Collection, systems: Systems, pool: Pool, *, ablation: Ablation | None) -> None:
        self.ablation = ablation
        self.runs: dict[str, list[Candidate]] = {}
        self.values: dict[str, dict[str, list[float]]] = {system: {metric: [] for metric in METRICS} for system in (*BASELINES, OURS)}
        self.seconds: dict[str, list[float]] = {system: [] for system in self.values}
        self._collection, self._systems, self._pool = collection, systems, pool
        self._answerable, self._relevant_from = frozenset(collection.answerable), collection.relevant_from

    def rank_all(self, on_progress: Progress) -> None:
        """Rank for every query with every system."""
        for done, query in enumerate(self._collection.queries, start=1):
            self._rank(query)
            on_progress("ranking", done, len(self._collection.queries))

    def allowed_for(self, query: str) -> frozenset[str] | None:
        """The only documents that are ranked for a query; None for all."""
        return frozenset(self._collection.judgements[query]) if self._pool is Pool.JUDGED else None

    def as_they_are(self) -> NothingFits | None:
        """What was said of each query; None when every one has an answer."""
        if len(self._answerable) == len(self._collection.queries):
            return None
        return NothingFits(asked=tuple(self._asked(ranking, query in self._answerable) for query, ranking in self.runs.items()))

    def without_answers(self, on_progress: Progress) -> NothingFits | None:
        """What is said of some answerable queries, and what when their answers are not there; None without such a query."""
        chosen = sampled(self._answerable, UNANSWERED)
        asked = []
        for done, query in enumerate(chosen, start=1):
            grades = self._collection.judgements[query]
            ranked = self.allowed_for(query) or frozenset(row.id for row in self._collection.corpus)
            others = frozenset(document for document in ranked if grades.get(document, 0) < self._relevant_from)
            left = ranking_of(self._systems.judged(query, others))
            asked += [self._asked(self.runs[query], has_answer=True), self._asked(left, has_answer=False)]
            on_progress("ranking without answers", done, len(chosen))
        return NothingFits(asked=tuple(asked)) if asked else None

    def _rank(self, query: Row) -> None:
        allowed, grades = self.allowed_for(query.id), self._collection.judgements[query.id]
        plain = self._systems.plain(query, allowed)
        judged, seconds = timed(lambda: self._systems.judged(query.id, allowed))
        self.runs[query.id] = ranking_of(judged)
        for system, found in {**plain, OURS: Timed(self.runs[query.id], seconds)}.items():
            self.seconds[system].append(found.seconds)
            if query.id in self._answerable:
                self._measure(system, [candidate.id for candidate in found.ranking], grades)
        if self.ablation and query.id in self._answerable:
            self.ablation.add(query.id, judged, grades, allowed)

    def _measure(self, system: str, ranking: Sequence[str], grades: Mapping[str, int]) -> None:
        values, least = self.values[system], self._relevant_from
        values["ndcg@10"].append(ndcg(ranking, grades, k=10))
        values["recall@10"].append(recall(ranking, grades, k=10, relevant_from=least))
        values["recall@50"].append(recall(ranking, grades, k=50, relevant_from=least))
        values["mrr"].append(reciprocal_rank(ranking, grades, relevant_from=least))

    def _asked(self, ranking: Sequence[Candidate], has_answer: bool) -> Asked:
        says = not ranking or self._systems.ranker.says_nothing_fits(ranking[0].score)
        return Asked(has_answer, ranking[0].score if ranking else 0.0, says)


def _unjudged(shown: Trust | None) -> list[str]:
    if shown is None or shown.judged == shown.shown.count:
        return []
    return [UNJUDGED.format(unjudged=shown.shown.count - shown.judged, shown=shown.shown.count)]
