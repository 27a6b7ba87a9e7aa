"""Does training on decisions help? Simulated reviewers of known taste decide, and the trained ranker ranks needs nobody decided on.

Needs and candidates are those of `bench/data`: West Yorkshire's as they are, FP7's with the codes that their texts tell, as if
somebody had chosen them. A taste is other weights of the features, and a part that no feature tells; the reviewer confirms what
is worth enough to it, and says the contrary of every tenth pair. Only what the shipped ranker would propose is decided on, of
half of the needs; the other half is ranked, all candidates graded by the taste. `TUNED_ON` chose the pulls of
`matcher.training`; the others are for the report.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bench.judged_sets import DATA
from bench.kept_vectors import KeptEncoder
from matcher.calibration import Calibration
from matcher.embedding import encode_documents
from matcher.encoding import Encoder, load_encoder
from matcher.folder import Row, read_folder
from matcher.metrics import mean_interval, ndcg
from matcher.pairing import FEATURES
from matcher.ranking import MemoryLibrary, Ranker, load_ranker
from matcher.suggesting import suggest
from matcher.training import Decided, TooFewDecisions, check_enough, log_odds, train
from matcher.types import Document, Side

COUNTS = (30, 100, 300)
NOISE = 0.1
PROPOSED = 20  # of a need, at most, as the service proposes
SAMPLE = DATA / "learning" / "sample.npz"
SAMPLED_NEEDS, SAMPLED_CANDIDATES = 620, 30
_AT = datetime(2026, 1, 5, tzinfo=UTC)  # when all of it was decided: no part of this asks for the time
_BORDERS = (-0.8, 0.0, 0.8)  # of grades 1, 2 and 3, in standard deviations of what is shown; what is worth more than 0 fits

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Asked:
    """One need: its candidates' features, which of them are proposed, and their grades by the data's own judges."""

    need: str
    ids: tuple[str, ...]
    features: Numbers
    proposed: NDArray[np.int64]
    judged: NDArray[np.int64]


@dataclass(frozen=True)
class Taste:
    """What a reviewer goes by: multiples of the shipped weights, and how much of it no feature tells.

    `unread` is in standard deviations of the rest, `share` of the shown pairs are worth confirming, `refuses` names a feature
    below 0 of which they refuse a pair whatever else it has. `as_judged` is the data's own judges instead of all of that.
    """

    name: str
    times: Mapping[str, float] = field(default_factory=dict)
    unread: float = 1.0
    share: float = 0.5
    refuses: str = ""
    as_judged: bool = False


TUNED_ON = (
    Taste("the shipped ranker's"),
    Taste("same words", {"need_words": 4, "innovation_words": 4, "whole": 0.3, "aspects": 0.3}),
    Taste("codes mean nothing", {"conditions": 0, "settings": 0, "areas": 0, "inequalities": 0, "crowding": 2}),
    Taste("same setting, few confirmed", {"settings": 5, "areas": 3, "whole": 0.6}, share=0.2),
    Taste("the shipped ranker's, most confirmed", share=0.8),
)
REPORTED = (
    Taste("the shipped ranker's again, a third confirmed", share=0.33),
    Taste("setting", {"settings": 5, "whole": 0.6}),
    Taste("population", {"conditions": 4, "inequalities": 8, "whole": 0.6}),
    Taste("no other setting", refuses="settings"),
    Taste("things spoken of", {"concepts": 5, "whole": 0.5, "conditions": 0.3}),
    Taste("gist", {"whole": 1.2, "aspects": 5, "need_words": 0, "innovation_words": 0, "concepts": 0}),
    Taste("evidence, which no feature tells, and setting", {"settings": 5}, unread=2.0),
    Taste("the data's own judges", as_judged=True),
)


@dataclass(frozen=True)
class Outcome:
    """One trial: of which taste, by which seed, after how many decisions; nDCG@10 of the unseen needs before and after."""

    taste: str
    seed: int
    decisions: int
    needs: int
    before: float
    after: float
    interval: tuple[float, float]
    pull: float | None

    @property
    def gain(self) -> float:
        """How much better it became."""
        return self.after - self.before


def main() -> None:
    """Simulate, print, and write what was found where told to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("encoder", type=Path, help="folder of the exported encoder, e.g. var/encoder/...")
    parser.add_argument("--vectors", type=Path, help="file that keeps vectors from run to run")
    parser.add_argument("--tune", action="store_true", help="the tastes and seeds that the pulls were chosen on")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--out", type=Path, help="JSON file of every trial")
    parser.add_argument("--sample", action="store_true", help=f"also write {SAMPLE.relative_to(DATA.parent)}")
    options = parser.parse_args()
    encoder, ranker = KeptEncoder(load_encoder(options.encoder, threads=2), options.vectors), load_ranker()
    asked = [*asked_of("wy", "dev", encoder, ranker), *asked_of("fp7-dev", "test", encoder, ranker)]
    encoder.keep()
    if options.sample:
        write_sample(asked, SAMPLE)
    tastes, first = (TUNED_ON, 0) if options.tune else (REPORTED, 1000)
    found = list(trials(asked, tastes, range(first, first + options.seeds), before=ranker.file.calibration))
    show(found, Console(width=160))
    if options.out:
        options.out.write_text(json.dumps([asdict(each) for each in found], indent=1) + "\n", encoding="utf-8")


def asked_of(folder: str, split: str, encoder: Encoder, ranker: Ranker, *, shown: int | None = None) -> list[Asked]:
    """The needs of a folder with every candidate that the ranker judges; `shown` first ones instead of what it proposes."""
    collection = read_folder(DATA / folder, split)
    corpus, queries = (
        encode_documents([_coded(row, side) for row in rows], encoder)
        for rows, side in ((collection.corpus, Side.INNOVATION), (collection.queries, Side.NEED))
    )
    library, found = MemoryLibrary(corpus), []
    for query in queries:
        judged = collection.judgements[query.document.id]
        best = ranker.judged(ranker.prepare(query), library)
        ids = tuple(each.candidate.document.id for each in best)
        likely = [at for at, each in enumerate(best[:PROPOSED]) if not ranker.says_nothing_fits(each.probability)]
        found.append(
            Asked(
                need=query.document.id,
                ids=ids,
                features=np.array([each.features for each in best]),
                proposed=np.array(likely if shown is None else range(min(shown, len(best))), dtype=np.int64),
                judged=np.array([3 * (judged.get(document, 0) >= collection.relevant_from) for document in ids]),
            )
        )
    return found


def write_sample(asked: Sequence[Asked], file: Path) -> None:
    """Keep the first candidates of some needs, for a check that takes seconds and no encoder."""
    chosen = [asked[at] for at in np.random.default_rng(0).permutation(len(asked))[:SAMPLED_NEEDS]]
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        file,
        needs=np.array([each.need for each in chosen]),
        sizes=np.array([len(each.ids[:SAMPLED_CANDIDATES]) for each in chosen]),
        features=np.concatenate([each.features[:SAMPLED_CANDIDATES] for each in chosen]).astype(np.float16),
        judged=np.concatenate([each.judged[:SAMPLED_CANDIDATES] for each in chosen]).astype(np.int8),
    )


def read_sample(ranker: Ranker, file: Path = SAMPLE) -> list[Asked]:
    """The needs of a sample, with what this ranker would propose of each."""
    with np.load(file) as stored:
        borders = np.cumsum(stored["sizes"])[:-1]
        parts = zip(
            stored["needs"].tolist(), np.split(stored["features"].astype(float), borders), np.split(stored["judged"], borders), strict=True
        )
        return [_sampled(need, features, judged, ranker) for need, features, judged in parts]


def _sampled(need: str, features: Numbers, judged: NDArray[np.int8], ranker: Ranker) -> Asked:
    odds = log_odds(ranker.file.calibration, features)
    best = np.argsort(-odds, kind="stable")[:PROPOSED]
    proposed = [row for row in best.tolist() if not ranker.says_nothing_fits(ranker.probability_from(features[row].tolist()))]
    ids = tuple(f"{row:03d}" for row in range(len(features)))
    return Asked(need=need, ids=ids, features=features, proposed=np.array(proposed, dtype=np.int64), judged=judged.astype(np.int64))


def trials(asked: Sequence[Asked], tastes: Sequence[Taste], seeds: Sequence[int], *, before: Calibration) -> Iterator[Outcome]:
    """Every taste with every seed, after each count of decisions."""
    for taste in tastes:
        for seed in seeds:
            yield from _trial(asked, taste, seed, before)


def _trial(asked: Sequence[Asked], taste: Taste, seed: int, before: Calibration) -> Iterator[Outcome]:
    random = np.random.default_rng(seed)
    grades = _graded(asked, taste, random)
    order = random.permutation(len(asked))
    taught, unseen = order[: len(asked) // 2], order[len(asked) // 2 :]
    decided = [
        Decided(
            need=asked[need].need,
            at=_AT,
            features=tuple(asked[need].features[row].tolist()),
            fits=bool((grades[need][row] > 1) != (random.random() < NOISE)),
        )
        for need in taught
        for row in asked[need].proposed
    ]
    ranked = [need for need in unseen if grades[need].max() > 1]
    old = [_ndcg(asked[need], grades[need], before) for need in ranked]
    for count in COUNTS:
        calibration, pull = _trained(decided[:count], before)
        new = [_ndcg(asked[need], grades[need], calibration) for need in ranked]
        gains = [after - earlier for after, earlier in zip(new, old, strict=True)]
        yield Outcome(
            taste.name, seed, min(count, len(decided)), len(ranked), float(np.mean(old)), float(np.mean(new)), mean_interval(gains), pull
        )


def _trained(decided: Sequence[Decided], before: Calibration) -> tuple[Calibration, float | None]:
    """What the service would use then: the ranker as it was, where it refuses to train."""
    try:
        check_enough(decided)
        trained = train(decided, before, FEATURES)
    except TooFewDecisions:
        return before, None
    return trained.calibration, trained.pull


def _graded(asked: Sequence[Asked], taste: Taste, random: np.random.Generator) -> list[NDArray[np.int64]]:
    """The grade of every candidate of every need by the taste."""
    if taste.as_judged:
        return [each.judged for each in asked]
    shipped = np.array(load_ranker().file.calibration.weights)
    weights = shipped * np.array([taste.times.get(name, 1.0) for name in FEATURES])
    worth = [each.features @ weights for each in asked]
    spread = _shown(asked, worth).std()
    worth = [values + random.normal(0, taste.unread * spread, len(values)) for values in worth]
    if taste.refuses:
        refused = FEATURES.index(taste.refuses)
        worth = [values - 2 * spread * (each.features[:, refused] < 0) for values, each in zip(worth, asked, strict=True)]
    shown = _shown(asked, worth)
    return [np.searchsorted(_BORDERS, (values - np.quantile(shown, 1 - taste.share)) / shown.std()) for values in worth]


def _shown(asked: Sequence[Asked], worth: Sequence[Numbers]) -> Numbers:
    return np.concatenate([values[each.proposed] for values, each in zip(worth, asked, strict=True)])


def _ndcg(asked: Asked, grades: NDArray[np.int64], calibration: Calibration) -> float:
    best = np.argsort(-log_odds(calibration, asked.features), kind="stable")[:10]
    return ndcg([asked.ids[row] for row in best], dict(zip(asked.ids, grades.tolist(), strict=True)), k=10)


def _coded(row: Row, side: Side) -> Document:
    """A row as a document; facets of which nobody chose a code have those that its text tells, as if somebody had."""
    document = row.document(side)
    told = {facet: frozenset(codes) for facet, codes in suggest(document).items() if not document.codes.get(facet)}
    return replace(document, codes=MappingProxyType({**document.codes, **told}))


def show(found: Sequence[Outcome], console: Console) -> None:
    """By taste and count: the means over seeds, the worst seed, and how many seeds are surely better."""
    table = Table(
        "Taste", "Decisions", "Needs", "Before", "After", "Gain", "Worst seed", "Lowest interval", "Surely better", "Surely worse"
    )
    for taste in dict.fromkeys(each.taste for each in found):
        for count in sorted({each.decisions for each in found if each.taste == taste}):
            own = [each for each in found if (each.taste, each.decisions) == (taste, count)]
            worst = min(own, key=lambda each: each.gain)
            table.add_row(
                taste, str(count), f"{np.mean([each.needs for each in own]):.0f}", f"{np.mean([each.before for each in own]):.4f}",
                f"{np.mean([each.after for each in own]):.4f}", f"{np.mean([each.gain for each in own]):+.4f}", f"{worst.gain:+.4f}",
                f"[{worst.interval[0]:+.4f}, {worst.interval[1]:+.4f}]", f"{sum(each.interval[0] > 0 for each in own)} of {len(own)}",
                f"{sum(each.interval[1] < 0 for each in own)} of {len(own)}",
            )  # fmt: skip
    console.print(table)


if __name__ == "__main__":
    main()
