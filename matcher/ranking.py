"""Rank the documents of one side for a document of the other: retrieve, fuse, judge, explain."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Protocol

import numpy as np

from matcher.calibration import Calibration
from matcher.cross_encoding import CrossReader, PairScorer
from matcher.duplicates import Sketch, near_copy_flag, places
from matcher.explanation import explain
from matcher.fusion import weighted_sum
from matcher.index import VectorIndex
from matcher.integrity import flags_of_pair
from matcher.lexical import LexicalIndex
from matcher.pairing import Prepared, features, prepare, read_text
from matcher.rankers import RankerDamaged, RankerFile, RankerMissing, read_ranker_file
from matcher.types import Band, Candidate, EncodedDocument, Judgement, Ranking, Side, Vector, Vectors

RETRIEVED = 300  # documents that each retriever may put forward
JUDGED = 400  # documents of both together that are judged as pairs
PREPARED = 16_384  # documents whose part in their pairs is kept, about 40 kB each: working it out anew takes 400 times a query


class Library(Protocol):
    """One side's searchable documents, already narrowed to what the asker may see."""

    def dense(self, vector: Vector, k: int) -> list[Candidate]:
        """At most k documents nearest to a pooled vector, best first."""
        ...

    def lexical(self, text: str, k: int) -> list[Candidate]:
        """At most k documents that share words with a text, best first."""
        ...

    def fetch(self, ids: Sequence[str]) -> Mapping[str, EncodedDocument]:
        """The documents with these ids; one that has gone meanwhile is left out."""
        ...


class MemoryLibrary:
    """A library over documents in memory, as evaluations, notebooks and tests use it."""

    def __init__(self, documents: Sequence[EncodedDocument]) -> None:
        """Index the documents; raise ValueError if there is none or an id comes twice."""
        if not documents:
            raise ValueError("A library needs a document at least.")
        self.documents = {encoded.document.id: encoded for encoded in documents}
        self._vectors = VectorIndex([encoded.document.id for encoded in documents], _stacked(documents))
        self._words = LexicalIndex((encoded.document.id, read_text(encoded.document)) for encoded in documents)
        self._allowed: frozenset[str] | None = None

    def only(self, ids: frozenset[str]) -> "MemoryLibrary":
        """The same library narrowed to some of its documents, without building it again."""
        narrowed = MemoryLibrary.__new__(MemoryLibrary)
        narrowed.documents, narrowed._vectors, narrowed._words = self.documents, self._vectors, self._words
        narrowed._allowed = ids
        return narrowed

    def dense(self, vector: Vector, k: int) -> list[Candidate]:
        """At most k documents nearest to a pooled vector, best first."""
        return self._vectors.search(vector[None], k, self._allowed)[0]

    def lexical(self, text: str, k: int) -> list[Candidate]:
        """At most k documents that share words with a text, best first."""
        return self._words.search(text, k, self._allowed)

    def fetch(self, ids: Sequence[str]) -> Mapping[str, EncodedDocument]:
        """The documents with these ids."""
        return {document_id: self.documents[document_id] for document_id in ids}


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate that was judged but not explained."""

    candidate: Prepared
    probability: float
    features: tuple[float, ...]


class Ranker:
    """One version of the judgement of pairs; safe to share between threads."""

    def __init__(self, file: RankerFile, *, reader: CrossReader | None = None) -> None:
        """Take a file and, when it has a weight for a cross-encoder, what reads with that; raise RankerMissing without."""
        if file.cross is not None and reader is None:
            raise RankerMissing(
                f"The ranker {file.id} also reads pairs with the cross-encoder {file.cross.encoder}, and none is configured. "
                "Set MATCHING_CROSS_ENCODER to it, or name another file in MATCHING_RANKER."
            )
        self.file = file
        self._reader = reader if file.cross is not None else None
        self._prepared = lru_cache(maxsize=PREPARED)(partial(prepare, vocabulary=file.vocabulary, reference=file.reference))

    @property
    def id(self) -> str:
        """The name and hash of the ranker file."""
        return self.file.id

    def keeping(self, documents: int) -> "Ranker":
        """The same ranker, which keeps what it works out once of as many documents."""
        other = copy(self)
        other._prepared = lru_cache(maxsize=documents)(partial(prepare, vocabulary=self.file.vocabulary, reference=self.file.reference))
        return other

    def weighing(self, calibration: Calibration, *, ranker_id: str) -> "Ranker":
        """The same ranker with other weights, which shares what was worked out of each document."""
        other = copy(self)
        other.file = replace(self.file, id=ranker_id, calibration=calibration)
        return other

    def rank(self, query: EncodedDocument, library: Library, *, limit: int = 50, weak: bool = True) -> Ranking:
        """Rank a library for a query: retrieve, fuse and judge many, explain the best.

        Returns:
            At most `limit` judgements by probability, equal ones by id, those below *possible* only with `weak`; of
            innovations that are nearly the same only the first, with a flag that names the others.
        """
        asker = self.prepare(query)
        scored = self.judged(asker, library)
        listed = self._listed(asker, scored, limit)
        if not weak:
            listed = [each for each in listed if self.band(scored[each[0]].probability) is not Band.WEAK]
        return Ranking(
            query_id=query.document.id,
            query_side=query.document.side,
            ranker=self.id,
            judgements=tuple(self._explained(asker, scored[first], [scored[copy] for copy in copies]) for first, *copies in listed),
            best=scored[0].probability if scored else None,
            nothing_fits=not scored or self.says_nothing_fits(scored[0].probability),
        )

    def judge(self, need: EncodedDocument, innovation: EncodedDocument) -> Judgement:
        """Judge one pair and explain it; nothing but the two documents and this ranker's file has a say."""
        asker, candidate = self.prepare(need), self.prepare(innovation)
        return self._explained(asker, self._score(asker, [candidate])[0])

    def probability_from(self, features: Sequence[float]) -> float:
        """Recompute a probability from the features of its judgement, exactly."""
        return self.file.calibration.probability(features)

    def band(self, probability: float) -> Band:
        """The band in which people see a probability."""
        return self.file.calibration.band(probability)

    def says_nothing_fits(self, best: float) -> bool:
        """Tell whether the best probability of a list is too low to offer it."""
        return self.band(best) is Band.WEAK

    def prepare(self, encoded: EncodedDocument) -> Prepared:
        """Work out once what all pairs of a document need; kept for the same encoded document, not for its id."""
        return self._prepared(encoded)

    def judged(self, asker: Prepared, library: Library) -> list[Scored]:
        """Retrieve, fuse and judge without explaining: every candidate, by probability, equal ones by id."""
        fused = weighted_sum(
            library.dense(asker.encoded.pooled, RETRIEVED),
            library.lexical(read_text(asker.document), RETRIEVED),
        )
        fetched = library.fetch([candidate.id for candidate in fused[:JUDGED]])
        scored = self._score(asker, [self.prepare(encoded) for encoded in fetched.values()])
        return sorted(scored, key=lambda each: (-each.probability, each.candidate.document.id))

    def _score(self, asker: Prepared, candidates: Sequence[Prepared]) -> list[Scored]:
        rows = [tuple(row) for row in features(asker, candidates).tolist()]
        if self._reader is not None:
            reader = self._reader
            rows = [(*row, self._read(reader, asker, candidate, row)) for candidate, row in zip(candidates, rows, strict=True)]
        return [Scored(candidate, self.probability_from(row), row) for candidate, row in zip(candidates, rows, strict=True)]

    def _read(self, reader: CrossReader, asker: Prepared, candidate: Prepared, row: tuple[float, ...]) -> float:
        """The feature of the cross-encoder: neutral for a pair that is below its floor without it, whoever asks."""
        if self.probability_from((*row, 0.0)) < reader.stage.floor:
            return 0.0
        need, innovation = (asker, candidate) if asker.document.side is Side.NEED else (candidate, asker)
        return reader.feature(read_text(need.document), read_text(innovation.document))

    def _listed(self, asker: Prepared, scored: Sequence[Scored], limit: int) -> list[list[int]]:
        """The places of a list; needs that are nearly the same keep one each, because places may share a need."""
        if asker.document.side is Side.INNOVATION:
            return [[number] for number in range(min(limit, len(scored)))]
        return places((Sketch(each.candidate.encoded.pooled, each.candidate.traces.phrases) for each in scored), limit)

    def _explained(self, asker: Prepared, scored: Scored, copies: Sequence[Scored] = ()) -> Judgement:
        asks = asker.document.side is Side.NEED
        need, innovation = (asker, scored.candidate) if asks else (scored.candidate, asker)
        return Judgement(
            need_id=need.document.id,
            innovation_id=innovation.document.id,
            probability=scored.probability,
            band=self.band(scored.probability),
            features=scored.features,
            findings=explain(need, innovation, vocabulary=self.file.vocabulary),
            flags=(
                *innovation.traces.flags,
                *flags_of_pair(need.traces, innovation.traces, innovation.document),
                *([near_copy_flag(innovation.document, [copy.candidate.document for copy in copies])] if copies else []),
            ),
        )


def load_ranker(path: Path | None = None, *, open_scorer: Callable[[], PairScorer] | None = None) -> Ranker:
    """Load a ranker file; the one that is shipped, unless a path names another.

    Args:
        path: the file.
        open_scorer: opens the configured cross-encoder; called only for a file that has a weight for one.

    Raises:
        RankerMissing: if the file or its vocabulary is not there, or a cross-encoder that it needs.
        RankerDamaged: if it cannot be used, or not with this cross-encoder.
    """
    file = read_ranker_file(path)
    if file.cross is None or open_scorer is None:
        return Ranker(file)
    try:
        return Ranker(file, reader=CrossReader(open_scorer(), file.cross))
    except ValueError as error:
        raise RankerDamaged(f"The ranker {file.id} cannot be used: {error}. Configure the one, or fit the other anew.") from error


def _stacked(documents: Sequence[EncodedDocument]) -> Vectors:
    return np.vstack([encoded.pooled for encoded in documents])
