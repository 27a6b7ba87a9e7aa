"""The systems that stand side by side in an evaluation: plain retrievers, their fusions, and ours, over one collection."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, TypeVar

import numpy as np

from matcher.embedding import encode_document, encode_documents
from matcher.encoding import Encoder
from matcher.folder import Collection, MalformedFolder, Row
from matcher.fusion import reciprocal_rank_fusion, weighted_sum
from matcher.index import VectorIndex
from matcher.lexical import LexicalIndex
from matcher.pairing import Prepared
from matcher.ranking import PREPARED, Library, MemoryLibrary, Ranker, Scored
from matcher.text import fields_read, given, normalise, text_hash, windows
from matcher.types import Candidate, Document, Judgement, Side, Vectors

BASELINES = ("bm25", "dense", "rrf", "weighted")
OURS = "matching"
DEPTH = 1_000  # documents of a plain ranking that are kept
_BATCH = 64
_ENCODED_ALONE = 25  # queries that are encoded once more, each by itself, to see how long one takes

T = TypeVar("T")

Progress = Callable[[str, int, int], None]
"""Told (step, done, total) as work goes on."""


@dataclass(frozen=True, slots=True)
class Timed:
    """The ranking of one query by one system, and the seconds that it took with the query encoded."""

    ranking: Sequence[Candidate]
    seconds: float


class Systems:
    """A collection encoded and indexed for every system.

    A row that says nothing is never ranked, and as a query gets no ranking. What a plain retriever cannot read of a
    long text at once, it does not read; ours reads it in passages.
    """

    def __init__(
        self,
        collection: Collection,
        encoder: Encoder,
        ranker: Ranker,
        *,
        queries_side: Side,
        without_codes: bool,
        on_progress: Progress,
    ) -> None:
        """Encode and index everything; raise MalformedFolder if no document says anything."""
        # Kept by a ranker of this evaluation alone, so that what is kept of one set goes with it.
        self.ranker = ranker.keeping(min(PREPARED, len(collection.corpus) + len(collection.queries)))
        self._side = queries_side

        def tell(step: str) -> Callable[[int, int], None]:
            return lambda done, total: on_progress(step, done, total)

        remembering = _RememberingEncoder(encoder)
        asking = _saying([row.document(queries_side, without_codes=without_codes) for row in collection.queries])
        answering = _saying([row.document(queries_side.other, without_codes=without_codes) for row in collection.corpus])
        queries = [row for row in collection.queries if normalise(row.whole)]
        corpus = [row for row in collection.corpus if normalise(row.whole)]
        if not (corpus or answering):
            raise MalformedFolder(f"{collection.name}: no document says anything.")
        self.encoding_seconds = [_seconds_to_encode(document, encoder) for document in _sample(asking)]
        self._size = len(corpus)
        self._vectors = dict(zip((row.id for row in queries), _vectors(queries, remembering, queries_side, tell("queries")), strict=True))
        vectors = np.array(_vectors(corpus, remembering, queries_side.other, tell("corpus"))).reshape(-1, encoder.dimension)
        self._dense = VectorIndex([row.id for row in corpus], vectors)
        self._lexical = LexicalIndex((row.id, row.whole) for row in corpus)
        self.asking = {each.document.id: each for each in encode_documents(asking, remembering, on_progress=tell("queries, by aspect"))}
        self.library: MemoryLibrary | None = None
        if answering:
            self.library = MemoryLibrary(encode_documents(answering, remembering, on_progress=tell("corpus, by aspect")))

    def plain(self, query: Row, allowed: frozenset[str] | None) -> dict[str, Timed]:
        """The ranking of one query by each plain retriever, of the allowed documents alone where some are named.

        Each sees all of these documents, so that a fusion's scale is that of the whole corpus.
        """
        if query.id not in self._vectors:
            return {system: Timed([], 0.0) for system in BASELINES}
        lexical, words = timed(lambda: self._lexical.search(query.whole, self._size, allowed))
        dense, nearest = timed(lambda: self._dense.search(self._vectors[query.id][None], self._size, allowed)[0])
        by_rank, fusing = timed(lambda: reciprocal_rank_fusion([dense, lexical]))
        by_score, summing = timed(lambda: weighted_sum(dense, lexical))
        return {
            "bm25": Timed(lexical[:DEPTH], words),
            "dense": Timed(dense[:DEPTH], nearest),
            "rrf": Timed(by_rank[:DEPTH], words + nearest + fusing),
            "weighted": Timed(by_score[:DEPTH], words + nearest + summing),
        }

    def judged(self, query: str, allowed: frozenset[str] | None, *, through: Callable[[Library], Library] | None = None) -> list[Scored]:
        """Our judgement of every candidate of a query, best first; none for a query that says nothing.

        `through` puts something between the ranker and the library that it chooses candidates from.
        """
        if query not in self.asking or self.library is None:
            return []
        library = self.library if allowed is None else self.library.only(allowed)
        return self.ranker.judged(self.prepared(query), library if through is None else through(library))

    def prepared(self, query: str) -> Prepared:
        """A query that says something, as the ranker takes it."""
        return self.ranker.prepare(self.asking[query])

    def judge(self, query: str, document: str) -> Judgement | None:
        """Our judgement of one pair with its findings; None where one of the two says nothing that is read."""
        if query not in self.asking or self.library is None or document not in self.library.documents:
            return None
        pair = (self.asking[query], self.library.documents[document])
        return self.ranker.judge(*(pair if self._side is Side.NEED else reversed(pair)))


def ranking_of(judged: Sequence[Scored]) -> list[Candidate]:
    """Our judgements as a ranking, scores being probabilities."""
    return [Candidate(scored.candidate.document.id, scored.probability) for scored in judged]


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What some work gives, and the seconds that it took."""
    began = perf_counter()
    done = work()
    return done, perf_counter() - began


class _RememberingEncoder:
    """An encoder that encodes no text twice: baselines and aspects share many."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[str, Vectors] = {}
        self.id, self.dimension, self.max_tokens, self.prompts = encoder.id, encoder.dimension, encoder.max_tokens, encoder.prompts

    def count_tokens(self, text: str) -> int:
        """As the encoder behind it."""
        return self._encoder.count_tokens(text)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As the encoder behind it."""
        hashes = [text_hash(text) for text in texts]
        fresh = {found: text for found, text in zip(hashes, texts, strict=True) if found not in self._known}
        self._known.update(zip(fresh, self._encoder.encode(list(fresh.values())), strict=True))
        return np.array([self._known[found] for found in hashes])


def sampled(ids: Iterable[str], size: int) -> list[str]:
    """The same few of these ids whatever their order, chosen by their hashes; all where there are no more."""
    return sorted(ids, key=text_hash)[:size]


def _sample(documents: Sequence[Document]) -> list[Document]:
    by_id = {document.id: document for document in documents}
    return [by_id[each] for each in sampled(by_id, _ENCODED_ALONE)]


def _seconds_to_encode(document: Document, encoder: Encoder) -> float:
    return timed(lambda: encode_document(document, encoder))[1]


def _vectors(rows: Sequence[Row], encoder: Encoder, side: Side, on_progress: Callable[[int, int], None]) -> list[Any]:
    """One vector a row: of the start of its text, as much as the encoder reads at once."""
    found: list[Any] = []
    for start in range(0, len(rows), _BATCH):
        texts = [row.whole for row in rows[start : start + _BATCH]]
        read = [text[slice(*windows(text, encoder=encoder)[0])] for text in texts]
        found += list(encoder.encode([given(text, side, encoder=encoder) for text in read]))
        on_progress(len(found), len(rows))
    return found


def _saying(documents: Iterable[Document]) -> list[Document]:
    """The documents that say something in what is read of them; the others cannot be found."""
    return [document for document in documents if any(map(normalise, fields_read(document).values()))]
