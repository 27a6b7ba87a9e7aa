"""Measure a ranker on a collection beside plain retrievers, with intervals, and how well it says that nothing fits."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from matcher.embedding import encode_documents
from matcher.encoding import Encoder
from matcher.folder import Collection, MalformedFolder, Pool, Row, read_folder
from matcher.fusion import reciprocal_rank_fusion, weighted_sum
from matcher.index import VectorIndex
from matcher.lexical import LexicalIndex
from matcher.metrics import mean_interval, ndcg, recall, reciprocal_rank
from matcher.ranking import MemoryLibrary, Ranker
from matcher.text import fields_read, normalise, text_hash, windows
from matcher.types import Candidate, Document, EncodedDocument, Side, Vectors

__all__ = ["BASELINES", "OURS", "Abstention", "Collection", "MalformedFolder", "Pool", "Report", "evaluate", "read_folder"]

BASELINES = ("bm25", "dense", "rrf", "weighted")
OURS = "matching"
METRICS = ("ndcg@10", "recall@10", "recall@50", "mrr")
DEPTH = 1_000  # documents of a ranking that are kept
_BATCH = 64

Runs = Mapping[str, Mapping[str, Sequence[Candidate]]]  # system -> query id -> ranking
Progress = Callable[[str, int, int], None]
"""Told (step, done, total) as work goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstention:
    """How well "nothing fits" is said; it is right for a query without a relevant document.

    `precision` is 0 when it is never said.
    """

    precision: float
    recall: float
    answerable: int
    unanswerable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Figures of each system over the answerable queries of a collection; without such a query there are none.

    `per_query` holds system -> metric -> one value an answerable query, in the order of `answerable`; `runs` our
    ranking of every query; `notices` what of the folder was left out.
    """

    dataset: str
    queries: int
    answerable: tuple[str, ...]
    per_query: Mapping[str, Mapping[str, Sequence[float]]]
    abstention: Abstention | None
    runs: Mapping[str, Sequence[Candidate]]
    notices: tuple[str, ...] = ()

    def mean(self, system: str, metric: str) -> float:
        """The mean of a metric over the answerable queries."""
        return float(np.mean(self.per_query[system][metric]))

    def interval(self, system: str, metric: str = "ndcg@10") -> tuple[float, float]:
        """The 95 % bootstrap interval of a mean."""
        return mean_interval(self.per_query[system][metric])

    def gain(self, baseline: str, metric: str = "ndcg@10") -> tuple[float, tuple[float, float]]:
        """How far ours stands above a baseline on the same queries, with the paired 95 % bootstrap interval."""
        ours, theirs = self.per_query[OURS][metric], self.per_query[baseline][metric]
        differences = [mine - other for mine, other in zip(ours, theirs, strict=True)]
        return float(np.mean(differences)), mean_interval(differences)

    def to_json(self) -> dict[str, Any]:
        """Everything but runs and notices, as one JSON object; null for a figure without an answerable query."""
        return {
            "dataset": self.dataset,
            "queries": self.queries,
            "systems": {system: self._figures(system) for system in self.per_query},
            "paired": {baseline: self._paired(baseline) for baseline in BASELINES},
            "abstention": None if self.abstention is None else asdict(self.abstention),
        }

    def write_run(self, path: Path) -> None:
        """Write our ranking of every query in TREC form, scores being probabilities."""
        lines = (
            f"{query} Q0 {candidate.id} {rank} {candidate.score!r} {OURS}\n"
            for query, ranking in self.runs.items()
            for rank, candidate in enumerate(ranking, start=1)
        )
        path.write_text("".join(lines), encoding="utf-8")

    def _figures(self, system: str) -> dict[str, Any]:
        if not self.answerable:
            return dict.fromkeys((*METRICS, "ndcg@10_ci95"))
        low, high = self.interval(system)
        return {**{metric: self.mean(system, metric) for metric in METRICS}, "ndcg@10_ci95": [low, high]}

    def _paired(self, baseline: str) -> dict[str, Any]:
        if not self.answerable:
            return dict.fromkeys(("ndcg@10", "ndcg@10_ci95"))
        difference, (low, high) = self.gain(baseline)
        return {"ndcg@10": difference, "ndcg@10_ci95": [low, high]}


def evaluate(
    collection: Collection,
    *,
    encoder: Encoder,
    ranker: Ranker,
    queries_side: Side = Side.NEED,
    without_codes: bool = False,
    pool: Pool = Pool.CORPUS,
    on_progress: Progress = lambda _step, _done, _total: None,
) -> Report:
    """Rank the corpus for every judged query with each system and measure all of them.

    A row that says nothing is never ranked, and as a query gets no ranking. What a plain retriever cannot read of a
    long text at once, it does not read; ours reads it in passages.

    Raises:
        MalformedFolder: if no document says anything.
    """
    answerable = [query.id for query in collection.queries if _is_answerable(query, collection)]
    bench = _Bench(collection, encoder, queries_side=queries_side, without_codes=without_codes, on_progress=on_progress)
    runs: dict[str, dict[str, Sequence[Candidate]]] = {system: {} for system in (*BASELINES, OURS)}
    unfit: set[str] = set()
    for done, query in enumerate(collection.queries, start=1):
        allowed = frozenset(collection.judgements[query.id]) if pool is Pool.JUDGED else None
        for system, ranking in bench.rankings(query, ranker, allowed).items():
            runs[system][query.id] = ranking
        best = runs[OURS][query.id][:1]
        if not best or ranker.says_nothing_fits(best[0].score):
            unfit.add(query.id)
        on_progress("ranking", done, len(collection.queries))
    return Report(
        dataset=collection.name,
        queries=len(collection.queries),
        answerable=tuple(answerable),
        per_query={system: _measured(runs[system], answerable, collection) for system in runs},
        abstention=_abstention(unfit, answerable, [query.id for query in collection.queries]),
        runs=runs[OURS],
        notices=collection.notices,
    )


class _Bench:
    """A collection encoded and indexed for every system."""

    def __init__(self, collection: Collection, encoder: Encoder, *, queries_side: Side, without_codes: bool, on_progress: Progress) -> None:
        remembering = _RememberingEncoder(encoder)
        asking = _saying([row.document(queries_side, without_codes=without_codes) for row in collection.queries])
        answering = _saying([row.document(queries_side.other, without_codes=without_codes) for row in collection.corpus])
        queries = [row for row in collection.queries if normalise(row.whole)]
        corpus = [row for row in collection.corpus if normalise(row.whole)]
        if not (corpus or answering):
            raise MalformedFolder(f"{collection.name}: no document says anything.")
        self._size = len(corpus)
        self._queries = dict(zip((row.id for row in queries), _vectors(queries, remembering, "queries", on_progress), strict=True))
        vectors = np.array(_vectors(corpus, remembering, "corpus", on_progress)).reshape(-1, encoder.dimension)
        self._dense = VectorIndex([row.id for row in corpus], vectors)
        self._lexical = LexicalIndex((row.id, row.whole) for row in corpus)
        self._encoded = {each.document.id: each for each in _encoded(asking, remembering, "queries, by aspect", on_progress)}
        self._library = MemoryLibrary(_encoded(answering, remembering, "corpus, by aspect", on_progress)) if answering else None

    def rankings(self, query: Row, ranker: Ranker, allowed: frozenset[str] | None) -> dict[str, Sequence[Candidate]]:
        """The ranking of one query by each system."""
        return {**self._plainly(query, allowed), OURS: self._ours(query, ranker, allowed)}

    def _plainly(self, query: Row, allowed: frozenset[str] | None) -> dict[str, Sequence[Candidate]]:
        """Rankings by the plain retrievers, which see every document, so that a fusion's scale is that of the whole corpus."""
        if query.id not in self._queries:
            return {system: [] for system in BASELINES}
        lexical = self._lexical.search(query.whole, self._size, allowed)
        (dense,) = self._dense.search(self._queries[query.id][None], self._size, allowed)
        return {
            "bm25": lexical[:DEPTH],
            "dense": dense[:DEPTH],
            "rrf": reciprocal_rank_fusion([dense, lexical])[:DEPTH],
            "weighted": weighted_sum(dense, lexical)[:DEPTH],
        }

    def _ours(self, query: Row, ranker: Ranker, allowed: frozenset[str] | None) -> Sequence[Candidate]:
        if query.id not in self._encoded or self._library is None:
            return []
        library = self._library if allowed is None else self._library.only(allowed)
        judged = ranker.judged(ranker.prepare(self._encoded[query.id]), library)
        return [Candidate(scored.candidate.document.id, scored.probability) for scored in judged]


class _RememberingEncoder:
    """An encoder that encodes no text twice: baselines and aspects share many."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[str, Vectors] = {}
        self.id, self.dimension, self.max_tokens = encoder.id, encoder.dimension, encoder.max_tokens

    def count_tokens(self, text: str) -> int:
        """As the encoder behind it."""
        return self._encoder.count_tokens(text)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As the encoder behind it."""
        hashes = [text_hash(text) for text in texts]
        fresh = {found: text for found, text in zip(hashes, texts, strict=True) if found not in self._known}
        self._known.update(zip(fresh, self._encoder.encode(list(fresh.values())), strict=True))
        return np.array([self._known[found] for found in hashes])


def _vectors(rows: Sequence[Row], encoder: Encoder, step: str, on_progress: Progress) -> list[Any]:
    """One vector a row: of the start of its text, as much as the encoder reads at once."""
    found: list[Any] = []
    for start in range(0, len(rows), _BATCH):
        texts = [row.whole for row in rows[start : start + _BATCH]]
        found += list(encoder.encode([text[slice(*windows(text, encoder=encoder)[0])] for text in texts]))
        on_progress(step, len(found), len(rows))
    return found


def _encoded(documents: Sequence[Document], encoder: Encoder, step: str, on_progress: Progress) -> list[EncodedDocument]:
    return encode_documents(documents, encoder, on_progress=lambda done, total: on_progress(step, done, total))


def _saying(documents: Iterable[Document]) -> list[Document]:
    """The documents that say something in what is read of them; the others cannot be found."""
    return [document for document in documents if any(map(normalise, fields_read(document).values()))]


def _is_answerable(query: Row, collection: Collection) -> bool:
    return any(grade >= collection.relevant_from for grade in collection.judgements[query.id].values())


def _measured(rankings: Mapping[str, Sequence[Candidate]], answerable: Iterable[str], collection: Collection) -> dict[str, list[float]]:
    """Each metric of one system, one value an answerable query."""
    values: dict[str, list[float]] = {metric: [] for metric in METRICS}
    for query in answerable:
        ranking, grades = [candidate.id for candidate in rankings[query]], collection.judgements[query]
        values["ndcg@10"].append(ndcg(ranking, grades, k=10))
        values["recall@10"].append(recall(ranking, grades, k=10, relevant_from=collection.relevant_from))
        values["recall@50"].append(recall(ranking, grades, k=50, relevant_from=collection.relevant_from))
        values["mrr"].append(reciprocal_rank(ranking, grades, relevant_from=collection.relevant_from))
    return values


def _abstention(unfit: set[str], answerable: Iterable[str], queries: Iterable[str]) -> Abstention | None:
    """How well "nothing fits" was said of these queries; None when all have an answer."""
    unanswerable = set(queries) - set(answerable)
    if not unanswerable:
        return None
    rightly = len(unfit & unanswerable)
    return Abstention(
        precision=rightly / len(unfit) if unfit else 0.0,
        recall=rightly / len(unanswerable),
        answerable=len(set(answerable)),
        unanswerable=len(unanswerable),
    )
