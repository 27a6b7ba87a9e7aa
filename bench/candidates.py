"""Which way of choosing the candidates loses the fewest answers: `python -m bench.candidates ENCODER_FOLDER`.

What is not chosen is never judged; what is chosen is sorted by its judgement, so that only completeness counts here.
Measured on the validation part of FP7, both ways, and on the West Yorkshire needs.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np

from bench.judged_sets import DATA, parts_of, reference_texts
from bench.kept_vectors import KeptEncoder
from matcher.crowding import Reference
from matcher.embedding import encode_documents
from matcher.encoding import load_encoder
from matcher.folder import Collection, read_folder
from matcher.fusion import best_first, reciprocal_rank_fusion, weighted_sum
from matcher.metrics import mean_interval, recall
from matcher.pairing import read_text
from matcher.ranking import RETRIEVED, MemoryLibrary
from matcher.types import Candidate, EncodedDocument, Side, Vector

DEPTHS = (50, 100, 200, 400)
SETS = (("wy", "dev", Side.NEED), ("fp7-dev", "test", Side.NEED), ("fp7-dev-reverse", "test", Side.INNOVATION))

Ranking = Sequence[Candidate]


@dataclass(frozen=True, slots=True)
class Asked:
    """A query with what both retrievers found for it."""

    query: EncodedDocument
    library: MemoryLibrary
    dense: Ranking
    lexical: Ranking


def main() -> None:
    """Print a table for each set: recall at several depths, and how far each way stands above the plain weighted sum."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("encoder", type=Path, help="folder of the exported encoder, e.g. var/encoder/...")
    parser.add_argument("--vectors", type=Path, help="file that keeps vectors from run to run")
    options = parser.parse_args()
    encoder = KeptEncoder(load_encoder(options.encoder, threads=2), options.vectors)
    reference = reference_texts(encoder)
    for folder, split, side in SETS:
        collection = read_folder(DATA / folder, split)
        asked = _asked(collection, encoder, side)
        encoder.keep()
        _print_set(collection, asked, {name: [way(each, reference) for each in asked] for name, way in WAYS.items()})


def dense_alone(asked: Asked, _: Reference) -> Ranking:
    """By cosine."""
    return asked.dense


def words_alone(asked: Asked, _: Reference) -> Ranking:
    """By BM25."""
    return asked.lexical


def by_rank(asked: Asked, _: Reference) -> Ranking:
    """Reciprocal rank fusion."""
    return reciprocal_rank_fusion([asked.dense, asked.lexical])


def by_sum(asked: Asked, _: Reference) -> Ranking:
    """What the ranker does: the sum after min-max, words at a fifth."""
    return weighted_sum(asked.dense, asked.lexical)


def by_sureness(asked: Asked, _: Reference) -> Ranking:
    """The sum with words between a tenth and four tenths, by how far BM25's first stands above its tenth."""
    scores = [candidate.score for candidate in asked.lexical[:10]]
    sureness = 0.0 if not scores else 1 - scores[-1] / scores[0]
    return weighted_sum(asked.dense, asked.lexical, lexical_weight=0.1 + 0.3 * sureness)


def with_feedback(asked: Asked, reference: Reference) -> Ranking:
    """The sum again, with the query drawn to the three first of it (Rocchio, three tenths)."""
    first = asked.library.fetch([candidate.id for candidate in by_sum(asked, reference)[:3]])
    drawn = asked.query.pooled + 0.3 * np.mean([each.pooled for each in first.values()], axis=0)
    vector: Vector = np.asarray(drawn / np.linalg.norm(drawn), dtype=np.float32)
    return weighted_sum(asked.library.dense(vector, RETRIEVED), asked.lexical)


def less_crowded(asked: Asked, reference: Reference) -> Ranking:
    """The sum with three tenths of its crowding taken off each cosine."""
    found = asked.library.fetch([candidate.id for candidate in asked.dense])
    scores = {
        candidate.id: candidate.score - 0.3 * reference.crowding(found[candidate.id].document.side, found[candidate.id].pooled)
        for candidate in asked.dense
    }
    return weighted_sum(best_first(scores), asked.lexical)


WAYS: Mapping[str, Callable[[Asked, Reference], Ranking]] = {
    "dense": dense_alone,
    "bm25": words_alone,
    "rrf": by_rank,
    "weighted": by_sum,
    "weighted by sureness": by_sureness,
    "weighted, feedback": with_feedback,
    "weighted, less crowded": less_crowded,
}


def _asked(collection: Collection, encoder: KeptEncoder, side: Side) -> list[Asked]:
    parts = parts_of(collection.judgements)
    rows = [row for row in collection.queries if collection.name == "wy" or parts[row.id] == "validation"]
    rows = [row for row in rows if max(collection.judgements[row.id].values()) >= collection.relevant_from]
    library = MemoryLibrary(encode_documents([row.document(side.other) for row in collection.corpus], encoder))
    queries = encode_documents([row.document(side) for row in rows], encoder)
    return [
        Asked(query, library, library.dense(query.pooled, RETRIEVED), library.lexical(read_text(query.document), RETRIEVED))
        for query in queries
    ]


def _print_set(collection: Collection, asked: Sequence[Asked], rankings: Mapping[str, Sequence[Ranking]]) -> None:
    found = {name: {depth: _recalls(collection, asked, each, depth) for depth in DEPTHS} for name, each in rankings.items()}
    print(f"{collection.name}: {len(asked)} queries over {len(collection.corpus)} documents; recall at {DEPTHS}")
    for name, values in found.items():
        gains = [mine - plain for mine, plain in zip(values[100], found["weighted"][100], strict=True)]
        low, high = mean_interval(gains)
        shown = " ".join(f"{fmean(values[depth]):.4f}" for depth in DEPTHS)
        print(f"  {name:24} {shown}   above weighted at 100: {fmean(gains):+.4f} [{low:+.4f}, {high:+.4f}]")


def _recalls(collection: Collection, asked: Sequence[Asked], rankings: Sequence[Ranking], depth: int) -> list[float]:
    pairs = zip(asked, rankings, strict=True)
    return [
        recall(
            [candidate.id for candidate in ranking],
            collection.judgements[each.query.document.id],
            k=depth,
            relevant_from=collection.relevant_from,
        )
        for each, ranking in pairs
    ]


if __name__ == "__main__":
    main()
