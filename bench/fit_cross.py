"""Fit what a ranker file says of a cross-encoder, weight and centre, and say whether it is worth its time.

`python -m bench.fit_cross ENCODER CROSS_ENCODER --out FOLDER`, both exported. Weight: a listwise softmax over the candidates of
each query, on top of the shipped ranker's logits, on the training part of FP7, both ways, and on the West Yorkshire needs.
Centre: where the mean probability of the shown candidates of the needs stays what it is.
The validation part of FP7 decides whether a file is written.
"""

import argparse
import json
import math
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar

from bench.fit_ranker import SHIPPED
from bench.judged_sets import DATA, parts_of
from bench.kept_vectors import KeptEncoder
from matcher.cross_encoding import CROSS, CrossReader, CrossStage, PairScorer, load_pair_scorer
from matcher.embedding import encode_documents
from matcher.encoding import Encoder, load_encoder
from matcher.folder import Collection, read_folder
from matcher.metrics import mean_interval, ndcg
from matcher.pairing import read_text
from matcher.rankers import DEFAULT
from matcher.ranking import MemoryLibrary, Ranker, load_ranker
from matcher.systems import sampled
from matcher.types import Document, Side

SHOWN = 10
PULL = 0.01  # of the squared weight towards none
MOST_WEIGHT = 10.0
Numbers = NDArray[np.float64]  # (candidates,)


@dataclass(frozen=True, eq=False)
class Read:
    """One query's candidates: the shipped ranker's logits, the cross-encoder's numbers, and which pairs it has read."""

    part: str
    ids: tuple[str, ...]
    logits: Numbers
    numbers: Numbers
    is_read: NDArray[np.bool_]
    judged: Mapping[str, int]

    def ndcg(self, weight: float, centre: float) -> float:
        """nDCG@10 with that weight and centre."""
        scores = self.scores(weight, centre)
        order = sorted(range(len(self.ids)), key=lambda row: (-scores[row], self.ids[row]))
        return ndcg([self.ids[row] for row in order], self.judged, k=SHOWN)

    def scores(self, weight: float, centre: float) -> Numbers:
        """The logits with that weight and centre."""
        return self.logits + weight * np.where(self.is_read, self.numbers - centre, 0.0)

    @property
    def wanted(self) -> Numbers:
        """The share of each candidate in the gain of the query; all 0 when none has any."""
        gains = np.array([2.0 ** self.judged.get(each, 0) - 1 for each in self.ids])
        return gains / gains.sum() if gains.any() else gains


def main() -> None:
    """Fit, print, and write if it is worth it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("encoder", type=Path, help="folder of the exported encoder that the shipped ranker holds for")
    parser.add_argument("cross_encoder", type=Path, help="folder of the exported cross-encoder")
    parser.add_argument("--floor", type=float, default=0.1, help="probability from which pairs are read (default: 0.1)")
    parser.add_argument("--queries", type=int, default=150, help="of each part of FP7 at most (default: 150)")
    parser.add_argument("--vectors", type=Path, help="file for the encoder's vectors, so that they are not made twice")
    parser.add_argument("--out", type=Path, required=True, help="folder to write the ranker file to")
    options = parser.parse_args()
    ranker, scorer = load_ranker(), load_pair_scorer(options.cross_encoder, threads=2)
    encoder = KeptEncoder(load_encoder(options.encoder, threads=2), options.vectors)
    read = read_pairs(ranker, encoder, scorer, floor=options.floor, queries=options.queries)
    encoder.keep()
    weight, centre = fit(read)
    if print_report(read, weight, centre):
        write(options.out, ranker, CrossStage(encoder=scorer.id, floor=options.floor, centre=round(centre, 6)), weight=round(weight, 6))
    else:
        print("It helps nothing on the validation part: no file is written.")


def read_pairs(ranker: Ranker, encoder: Encoder, scorer: PairScorer, *, floor: float, queries: int) -> dict[str, list[Read]]:
    """Each set's queries with their candidates, those above the floor read by the cross-encoder."""
    reader = CrossReader(scorer, CrossStage(encoder=scorer.id, floor=floor, centre=0.0))
    found = {}
    for name, split, side in (("wy", "dev", Side.NEED), ("fp7-dev", "test", Side.NEED), ("fp7-dev-reverse", "test", Side.INNOVATION)):
        collection = read_folder(DATA / name, split)
        began = time.perf_counter()
        found[name] = _read_set(collection, side, ranker, encoder, reader, queries=queries)
        pairs = sum(int(each.is_read.sum()) for each in found[name])
        print(f"{name}: {len(found[name])} queries, {pairs} pairs read, {time.perf_counter() - began:.0f} s", flush=True)
    return found


def _read_set(collection: Collection, side: Side, ranker: Ranker, encoder: Encoder, reader: CrossReader, *, queries: int) -> list[Read]:
    parts = parts_of(collection.judgements)
    by_part: dict[str, list[str]] = {}
    for query in collection.answerable:
        by_part.setdefault(parts[query], []).append(query)
    chosen = {query for asked in by_part.values() for query in sampled(asked, queries)}
    library = MemoryLibrary(encode_documents([row.document(side.other) for row in collection.corpus], encoder))
    asking = encode_documents([row.document(side) for row in collection.queries if row.id in chosen], encoder)
    found = []
    for query in asking:
        scored = ranker.judged(ranker.prepare(query), library)
        probabilities = np.array([each.probability for each in scored])
        is_read = probabilities >= reader.stage.floor
        numbers = [
            _number(reader, query.document, each.candidate.document) if wanted else 0.0
            for each, wanted in zip(scored, is_read, strict=True)
        ]
        found.append(
            Read(
                part=parts[query.document.id],
                ids=tuple(each.candidate.document.id for each in scored),
                logits=np.log(probabilities / (1 - probabilities)),
                numbers=np.array(numbers),
                is_read=is_read,
                judged=collection.judgements[query.document.id],
            )
        )
    return found


def _number(reader: CrossReader, asking: Document, candidate: Document) -> float:
    need, innovation = (asking, candidate) if asking.side is Side.NEED else (candidate, asking)
    return reader.feature(read_text(need), read_text(innovation))


def fit(read: Mapping[str, Sequence[Read]]) -> tuple[float, float]:
    """Weight and centre; each set counts alike, and one whose queries teach nothing does not count."""
    taught = [[each for each in found if (name == "wy" or each.part == "training") and each.wanted.any()] for name, found in read.items()]

    def loss(weight: float) -> float:
        return PULL * weight**2 - sum(fmean(_gain(each, weight) for each in found) for found in taught if found)

    weight = float(minimize_scalar(loss, bounds=(0.0, MOST_WEIGHT), method="bounded").x)
    return weight, _centre(read["wy"], weight)


def _gain(read: Read, weight: float) -> float:
    scores = read.scores(weight, _middle(read))
    scores = scores - scores.max()
    return float(read.wanted @ (scores - math.log(np.exp(scores).sum())))


def _middle(read: Read) -> float:
    """The mean number of the pairs that are read, so that while fitting those that are not stay where they are among them."""
    return float(read.numbers[read.is_read].mean()) if read.is_read.any() else 0.0


def _centre(read: Sequence[Read], weight: float) -> float:
    """Where the mean probability of the shown candidates stays what it is without the cross-encoder."""
    shown = [np.arange(len(each.ids)) < SHOWN for each in read]  # they come best first
    numbers = np.concatenate([each.numbers[each.is_read] for each in read])
    if not len(numbers) or weight == 0:
        return 0.0

    def excess(centre: float) -> float:
        after = [_probability(each.scores(weight, centre)[kept]) for each, kept in zip(read, shown, strict=True)]
        return float(np.concatenate(after).mean()) - wanted

    wanted = float(np.concatenate([_probability(each.logits[kept]) for each, kept in zip(read, shown, strict=True)]).mean())
    low, high = float(numbers.min()), float(numbers.max())
    return float(brentq(excess, low, high)) if low < high else low


def _probability(logits: Numbers) -> Numbers:
    return np.asarray(1 / (1 + np.exp(-logits)))


def print_report(read: Mapping[str, Sequence[Read]], weight: float, centre: float) -> bool:
    """nDCG@10 without and with, by set and part; returns whether the validation part says that it helps."""
    print(f"weight {weight:.3f}, centre {centre:.3f}")
    helped: list[float] = []
    for name, found in read.items():
        for part in ("training", "validation", "test"):
            kept = [each for each in found if each.part == part or (name == "wy" and part == "training")]
            if not kept or (name == "wy" and part != "training"):
                continue
            gains = [each.ndcg(weight, centre) - each.ndcg(0.0, 0.0) for each in kept]
            low, high = mean_interval(gains)
            before = fmean(each.ndcg(0.0, 0.0) for each in kept)
            print(f"{name} {part}: {before:.4f} {fmean(gains):+.4f} [{low:+.4f}, {high:+.4f}] of {len(kept)} queries")
            helped += gains if part == "validation" else []
    return bool(helped) and fmean(helped) > 0


def write(folder: Path, ranker: Ranker, stage: CrossStage, *, weight: float) -> None:
    """The shipped file with one weight more, under a name of its own, and its vocabulary beside it."""
    stored: dict[str, Any] = json.loads((SHIPPED / f"{DEFAULT}.json").read_text(encoding="utf-8"))
    stored["name"] = f"{DEFAULT}-cross"
    stored["made_by"] = f"bench/fit_cross.py, on {ranker.id}"
    stored["weights"][CROSS] = weight
    stored["cross"] = {"encoder": stage.encoder, "floor": stage.floor, "centre": stage.centre}
    folder.mkdir(parents=True, exist_ok=True)
    if folder.resolve() != SHIPPED.resolve():
        shutil.copyfile(SHIPPED / stored["vocabulary"]["file"], folder / stored["vocabulary"]["file"])
    target = folder / f"{stored['name']}.json"
    target.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")
    print(f"Wrote {target}; name it in MATCHING_RANKER, and the cross-encoder in MATCHING_CROSS_ENCODER.")


if __name__ == "__main__":
    main()
