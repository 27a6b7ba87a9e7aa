"""The judged texts that the ranker is fitted on, as candidates with features and grades; and the frozen counts of words.

Topics and projects of FP7 that hang together, directly or through others, go to one part: six tenths teach, two tenths
choose, two tenths are for the report. Neither the weights nor the counts of words have seen the last.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matcher.concepts import concepts, counted_as
from matcher.crowding import Reference
from matcher.embedding import encode_documents
from matcher.encoding import Encoder
from matcher.folder import Collection, Row, read_folder
from matcher.metrics import ndcg
from matcher.ranking import MemoryLibrary, Ranker
from matcher.text import text_hash
from matcher.types import EncodedDocument, Side
from matcher.vocabulary import Vocabulary, stems

DATA = Path(__file__).parent / "data"
DEMO = Path(__file__).parents[1] / "api" / "data" / "demo"
NEEDS = ("wy", "wy without codes", "demo", "demo without codes")
"""Four views of the same judged needs: innovations told in a sentence, or as far as a full record tells them."""

FOLDS = 11
_TRAINING_TENTHS, _VALIDATION_BEFORE = 6, 8
_LEAST_COUNT = 2  # texts that a stem stands in before it is listed; the others count as one


@dataclass(frozen=True, eq=False)
class Group:
    """One query's candidates: features, grades, and all grades that people gave it."""

    query: str
    part: str
    features: NDArray[np.float64]
    grades: NDArray[np.int64]
    judged: Mapping[str, int]
    ids: tuple[str, ...]
    relevant_from: int

    @property
    def is_answerable(self) -> bool:
        """Whether some document is relevant."""
        return max(self.judged.values()) >= self.relevant_from

    @property
    def fold(self) -> int:
        """The fold of the query, the same in all views of it."""
        return int(text_hash(self.query)[:8], 16) % FOLDS

    def ndcg(self, weights: NDArray[np.float64]) -> float:
        """nDCG@10 of the candidates under these weights."""
        order = sorted(range(len(self.ids)), key=lambda row: (-(self.features[row] @ weights), self.ids[row]))
        return ndcg([self.ids[row] for row in order], self.judged, k=10)


def reference_vocabulary() -> Vocabulary:
    """How many reference texts each stem and concept stands in: FP7 briefs outside the test part, US health research abstracts."""
    parts = parts_of(read_folder(DATA / "fp7-dev", "test").judgements)
    counts: Counter[str] = Counter()
    documents = 0
    for path in (DATA / "fp7-dev" / "corpus.jsonl", DATA / "sbir-sample" / "texts.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if parts.get(row["_id"]) != "test":
                text = f"{row['title']}. {row['text']}"
                counts.update([*stems(text), *map(counted_as, concepts(text))])
                documents += 1
    return Vocabulary(documents, {stem: count for stem, count in sorted(counts.items()) if count >= _LEAST_COUNT})


def reference_texts(encoder: Encoder) -> Reference:
    """The topics and briefs of the training part of FP7, as the neighbours by which a text's place is told crowded or not."""
    collection = read_folder(DATA / "fp7-dev", "test")
    parts = parts_of(collection.judgements)
    needs, innovations = ([row for row in rows if parts.get(row.id) == "training"] for rows in (collection.queries, collection.corpus))
    return _reference(needs, innovations, encoder)


def foreign_texts(encoder: Encoder) -> Reference:
    """The same of US health research: topics as needs, awards as innovations; neighbours of another field than FP7's."""
    rows = [json.loads(line) for line in (DATA / "sbir-sample" / "texts.jsonl").read_text(encoding="utf-8").splitlines()]
    texts = [Row(id=row["_id"], title=row["title"], text=row["text"], metadata={}, place="texts.jsonl") for row in rows]
    needs = [row for row in texts if row.id.startswith("needs")]
    return _reference(needs, [row for row in texts if not row.id.startswith("needs")], encoder)


def _reference(asking: Iterable[Row], offering: Iterable[Row], encoder: Encoder) -> Reference:
    needs, innovations = (
        np.array([each.pooled for each in _encoded(rows, encoder, side)])
        for rows, side in ((asking, Side.NEED), (offering, Side.INNOVATION))
    )
    kept = [vectors.astype(np.float16).astype(np.float32) for vectors in (needs, innovations)]  # as the file of the ranker holds them
    bare = Reference(needs=kept[0], innovations=kept[1], usual_need=0.0, usual_innovation=0.0)
    usual = [
        float(np.mean([bare.crowding(side, vector) for vector in vectors]))
        for side, vectors in ((Side.NEED, needs), (Side.INNOVATION, innovations))
    ]
    return replace(bare, usual_need=round(usual[0], 6), usual_innovation=round(usual[1], 6))


def read_sets(encoder: Encoder, ranker: Ranker) -> dict[str, list[Group]]:
    """The candidates of every query of every set, as the ranker retrieves them."""
    wy = read_folder(DATA / "wy", "dev")
    found = {}
    for name, collection in (("wy", wy), ("demo", demo_collection(wy))):
        found[name] = _groups(collection, ranker, encoder, Side.NEED)
        found[f"{name} without codes"] = _groups(collection, ranker, encoder, Side.NEED, without_codes=True)
    return {**found, **fp7_groups(encoder, ranker)}


def fp7_groups(encoder: Encoder, ranker: Ranker) -> dict[str, list[Group]]:
    """The candidates of every FP7 query, both ways."""
    return {
        name: _groups(read_folder(DATA / name, "test"), ranker, encoder, side)
        for name, side in (("fp7-dev", Side.NEED), ("fp7-dev-reverse", Side.INNOVATION))
    }


def demo_collection(wy: Collection) -> Collection:
    """The rows that the program starts with, under the judgements of the same needs and innovations."""
    return Collection(name="demo", queries=_demo_rows("needs.json"), corpus=_demo_rows("innovations.json"), judgements=wy.judgements)


def _demo_rows(file: str) -> tuple[Row, ...]:
    rows = json.loads((DEMO / file).read_text(encoding="utf-8"))
    return tuple(Row(id=row["key"], title="", text="", metadata=row, place=file) for row in rows)


def _groups(collection: Collection, ranker: Ranker, encoder: Encoder, side: Side, *, without_codes: bool = False) -> list[Group]:
    print(f"{collection.name}: encoding {len(collection.corpus)} and {len(collection.queries)} texts", flush=True)
    library = MemoryLibrary(_encoded(collection.corpus, encoder, side.other, without_codes=without_codes))
    parts = parts_of(collection.judgements)
    groups = []
    for query in _encoded(collection.queries, encoder, side, without_codes=without_codes):
        judged = collection.judgements[query.document.id]
        scored = sorted(ranker.judged(ranker.prepare(query), library), key=lambda each: each.candidate.document.id)
        ids = tuple(each.candidate.document.id for each in scored)
        groups.append(
            Group(
                query=query.document.id,
                part=parts[query.document.id],
                features=np.array([each.features for each in scored]),
                grades=np.array([judged.get(document_id, 0) for document_id in ids]),
                judged=judged,
                ids=ids,
                relevant_from=collection.relevant_from,
            )
        )
    return groups


def _encoded(rows: Iterable[Row], encoder: Encoder, side: Side, *, without_codes: bool = False) -> list[EncodedDocument]:
    return encode_documents([row.document(side, without_codes=without_codes) for row in rows], encoder)


def parts_of(judgements: Mapping[str, Mapping[str, int]]) -> dict[str, str]:
    """The part of each query and document; all that judgements join, directly or through others, is in one."""
    joined = defaultdict(set)
    for query, judged in judgements.items():
        for document in judged:
            joined[query].add(document)
            joined[document].add(query)
    parts: dict[str, str] = {}
    for start in sorted(joined):
        reached = [] if start in parts else [start]
        for one in reached:
            parts[one] = _part(start)
            reached += [other for other in joined[one] if other not in parts and other not in reached]
    return parts


def _part(name: str) -> str:
    place = int(text_hash(name)[:8], 16) % 10
    return "training" if place < _TRAINING_TENTHS else "validation" if place < _VALIDATION_BEFORE else "test"
