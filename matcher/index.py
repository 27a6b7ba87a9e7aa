"""Exact search over one vector a document: an immutable FAISS index with ids of our own."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.types import Candidate, Vector, Vectors

_SLACK = 32  # rows beyond those wanted, so that rounding inside FAISS leaves none out
_ROUNDING = 1e-5  # two inner products of unit vectors that differ by less may come from FAISS in either order


class VectorIndex:
    """Inner products with every vector, none approximated.

    FAISS chooses the rows; their scores are then computed anew in float64, each by itself, so that a score depends
    neither on the batch that a query came with nor on the rows beside it, and equal vectors have equal scores.
    """

    def __init__(self, ids: Sequence[str], vectors: Vectors) -> None:
        """Index n ids and their vectors, (n, d), rows L2-normalised."""
        index = _faiss().IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        self._hold(ids, index)

    @classmethod
    def read(cls, path: Path, ids: Sequence[str]) -> "VectorIndex":
        """Map an index file into memory, which all processes that read it share; ids in the order of its vectors."""
        index = cls.__new__(cls)
        index._hold(ids, _faiss().read_index(str(path), _faiss().IO_FLAG_MMAP_IFC))
        return index

    def write(self, path: Path) -> None:
        """Write the vectors, not the ids, as a FAISS file."""
        _faiss().write_index(self._index, str(path))

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def vectors(self) -> Vectors:
        """All vectors in the order of `ids`, (n, d): a view that must not outlive the index."""
        flat = _faiss().rev_swig_ptr(self._index.get_xb(), len(self.ids) * self._index.d)
        return np.asarray(flat, dtype=np.float32).reshape(len(self.ids), self._index.d)

    def vectors_of(self, ids: Sequence[str]) -> Vectors:
        """A copy of the vectors of some ids, in their order; KeyError for one that is not there."""
        return self.vectors[[self._rows[document_id] for document_id in ids]]

    def search(self, queries: Vectors, k: int, allowed: Collection[str] | None = None) -> list[list[Candidate]]:
        """Find the nearest documents of each query, exactly.

        Args:
            queries: (q, d), rows L2-normalised.
            k: the most candidates wanted for each.
            allowed: the only ids that may be found, one that is not indexed is passed over; None allows all.

        Returns:
            q rankings of at most k candidates, best first, score the cosine in [-1, 1], equal scores by id.
        """
        rows = None if allowed is None else {self._rows[document_id] for document_id in allowed if document_id in self._rows}
        within = len(self.ids) if rows is None else len(rows)
        answers: list[list[Candidate]] = [[] for _ in queries]
        if k < 1 or not within:
            return answers
        selection = _selection(rows, len(self.ids))
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        k, limit, unanswered = min(k, within), min(k + _SLACK, within), np.arange(len(queries))
        while len(unanswered):
            scores, found = self._index.search(queries[unanswered], limit, params=selection)
            complete = (scores[:, -1] < scores[:, k - 1] - _ROUNDING) | (limit == within)  # else a tie at the end may go on
            for place in np.flatnonzero(complete):
                answers[unanswered[place]] = self._scored(queries[unanswered[place]], found[place])[:k]
            unanswered, limit = unanswered[~complete], min(limit * 4, within)
        return answers

    def _scored(self, query: Vector, rows: NDArray[np.int64]) -> list[Candidate]:
        products = self.vectors[rows].astype(np.float64) * query
        scored = zip((self.ids[row] for row in rows), products.sum(axis=1).tolist(), strict=True)
        return [Candidate(*pair) for pair in sorted(scored, key=lambda pair: (-pair[1], pair[0]))]

    def _hold(self, ids: Sequence[str], index: Any) -> None:  # noqa: ANN401 -- faiss has no types
        if len(ids) != index.ntotal or len(set(ids)) != len(ids):
            raise ValueError(f"{len(ids)} ids ({len(set(ids))} different) for {index.ntotal} vectors.")
        self.ids: tuple[str, ...] = tuple(ids)
        self._rows = {document_id: row for row, document_id in enumerate(self.ids)}
        self._index = index


def _selection(rows: set[int] | None, total: int) -> Any:  # noqa: ANN401 -- faiss has no types
    """An exact selector: one bit a row."""
    if rows is None:
        return None
    bits = np.zeros(total, dtype=bool)
    bits[list(rows)] = True
    return _faiss().SearchParameters(sel=_faiss().IDSelectorBitmap(np.packbits(bits, bitorder="little")))


def _faiss() -> Any:  # noqa: ANN401 -- faiss has no types
    import faiss  # noqa: PLC0415 -- only who searches pays for it

    return faiss
