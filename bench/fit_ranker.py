"""Build the shipped ranker file from the data in this folder, end to end, and print the figures that it is chosen by.

Weights: a listwise softmax over the candidates of each query, drawn to a stated prior; fitted on the training part of the
FP7 pairs, both ways, and on the four views of the West Yorkshire needs. How strongly it is drawn is chosen on the
validation part and by folds of the needs. The test part of FP7 has a say in nothing.
Probability: a logistic curve through out-of-fold scores of the ten best candidates of each need, in all four views.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from bench.judged_sets import DATA, FOLDS, NEEDS, Group, read_sets, reference_texts, reference_vocabulary
from bench.kept_vectors import KeptEncoder
from bench.out_of_fold import calibrated, hold, print_held_out, scored_by_others
from matcher.calibration import Calibration
from matcher.crowding import Reference
from matcher.encoding import load_encoder
from matcher.pairing import FEATURES
from matcher.rankers import DEFAULT, RankerFile
from matcher.ranking import Ranker
from matcher.vocabulary import Vocabulary

SHIPPED = Path(__file__).parents[1] / "matcher" / "data" / "rankers"
PRIOR = {
    "whole": 10.0,
    "aspects": 3.0,
    "crowding": -4.0,
    "need_words": 3.0,
    "innovation_words": 2.5,
    "concepts": 3.0,
    "passages": 0.0,
    "conditions": 4.0,
    "settings": 2.0,
    "areas": 3.0,
    "inequalities": 0.5,
}
"""Where the weights start from and are drawn to: equal steps of cosine and of words, codes below both."""

RULES = {"coded": 0.0, "contradicted": -2.5, "flagged": -16.0}
"""Logits by rule, of which no list of one query speaks.

An innovation that states the contrary of a must-have keeps about a tenth of its odds; one that was written for the ranking
keeps none, because a copy of the need is nearer to it than any honest answer. Being coded at all is left to the curve.
"""

PULLS = (0.01, 0.1, 1.0)
JUDGEMENTS = ("fp7-dev/qrels/test.tsv", "fp7-dev-reverse/qrels/test.tsv", "wy/qrels/dev.tsv")


def main() -> None:
    """Fit, print, and write unless told not to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("encoder", type=Path, help="folder of the exported encoder, e.g. var/encoder/...")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="folder to write to (default: the shipped one)")
    parser.add_argument("--vectors", type=Path, help="file that keeps vectors from run to run")
    options = parser.parse_args()
    encoder = KeptEncoder(load_encoder(options.encoder, threads=2), options.vectors)
    vocabulary, reference = reference_vocabulary(), reference_texts(encoder)
    prior = Calibration(weights=tuple(_prior()), intercept=0.0, possible=0.3, strong=0.6)
    sets = read_sets(encoder, Ranker(RankerFile(id="prior", calibration=prior, vocabulary=vocabulary, reference=reference)))
    encoder.keep()
    folds = {pull: [_fit(_training(sets, without_fold=fold), pull) for fold in range(FOLDS)] for pull in PULLS}
    pull = _choose_pull(sets, folds)
    weights = _fit(_training(sets), pull)
    calibration = calibrated(weights, scored_by_others(sets, folds[pull]))
    print_held_out(hold(sets, folds[pull]))
    _print_parts(sets, calibration)
    _write(options.out, vocabulary, reference, calibration, pull=pull, encoder_id=encoder.id)


def _training(sets: Mapping[str, Sequence[Group]], *, without_fold: int | None = None) -> list[list[Group]]:
    """The groups that teach, a list a set; each set counts alike."""
    taught = []
    for name, groups in sets.items():
        if name in NEEDS:
            taught.append([group for group in groups if group.fold != without_fold])
        else:
            taught.append([group for group in groups if group.part == "training"])
    return [[group for group in groups if group.is_answerable and group.grades.any()] for groups in taught]


def _fit(taught: Sequence[Sequence[Group]], pull: float) -> NDArray[np.float64]:
    """The weights of least loss, each set counting alike, `pull` times the squared distance from the prior added."""
    prior = _prior()
    groups = [group for each in taught for group in each]
    features = np.concatenate([group.features for group in groups])
    starts = np.cumsum([0, *(len(group.ids) for group in groups[:-1])])
    sizes = [len(group.ids) for group in groups]
    shares_of_sets = np.repeat([1 / len(each) for each in taught], [len(each) for each in taught])
    wanted = np.concatenate([(2.0**group.grades - 1) / (2.0**group.grades - 1).sum() for group in groups])

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = features @ weights
        scores -= np.repeat(np.maximum.reduceat(scores, starts), sizes)
        log_shares = scores - np.repeat(np.log(np.add.reduceat(np.exp(scores), starts)), sizes)
        counting = np.repeat(shares_of_sets, sizes)
        total = pull * float((weights - prior) @ (weights - prior)) - float((counting * wanted) @ log_shares)
        return total, 2 * pull * (weights - prior) - features.T @ (counting * (wanted - np.exp(log_shares)))

    fitted = minimize(loss, prior, jac=True, method="L-BFGS-B").x
    ruled = [index for index, name in enumerate(FEATURES) if name in RULES]
    fitted[ruled] = prior[ruled]
    return np.asarray(fitted)


def _prior() -> NDArray[np.float64]:
    return np.array([{**PRIOR, **RULES}[name] for name in FEATURES])


def _choose_pull(sets: Mapping[str, Sequence[Group]], folds: Mapping[float, Sequence[NDArray[np.float64]]]) -> float:
    """The pull with the best mean over the sets: validation part of FP7, folds of the needs."""
    found = {}
    for pull in PULLS:
        weights = _fit(_training(sets), pull)
        found[pull] = float(np.mean([
            *(_by_fold(sets[name], folds[pull]) for name in NEEDS),
            *(_mean(sets[name], weights, "validation") for name in ("fp7-dev", "fp7-dev-reverse")),
        ]))  # fmt: skip
        print(f"pull {pull}: {found[pull]:.4f} on validation", flush=True)
    return max(found, key=lambda pull: (found[pull], pull))


def _mean(groups: Sequence[Group], weights: NDArray[np.float64], part: str | None = None) -> float:
    return float(np.mean([group.ndcg(weights) for group in groups if group.is_answerable and part in (None, group.part)]))


def _by_fold(groups: Sequence[Group], folds: Sequence[NDArray[np.float64]]) -> float:
    return float(np.mean([group.ndcg(folds[group.fold]) for group in groups if group.is_answerable]))


def _print_parts(sets: Mapping[str, Sequence[Group]], calibration: Calibration) -> None:
    weights = np.array(calibration.weights)
    for name in ("fp7-dev", "fp7-dev-reverse"):
        parts = {part: round(_mean(sets[name], weights, part), 4) for part in ("training", "validation", "test")}
        print(f"{name}: {parts}, all {_mean(sets[name], weights):.4f}")
    print("bands:", calibration.possible, calibration.strong)
    print(json.dumps(dict(zip(FEATURES, calibration.weights, strict=True)), indent=1), calibration.intercept)


def _write(folder: Path, vocabulary: Vocabulary, reference: Reference, calibration: Calibration, *, pull: float, encoder_id: str) -> None:
    table = "".join(f"{stem}\t{count}\n" for stem, count in vocabulary.counts.items()).encode()
    vectors = BytesIO()
    np.save(vectors, np.vstack([reference.needs, reference.innovations]).astype(np.float16), allow_pickle=False)
    stored = {
        "name": DEFAULT,
        "made_by": "bench/fit_ranker.py",
        "encoder": encoder_id,
        "fitted_on": "FP7 topics and projects (training part, both ways) and the 44 West Yorkshire needs, short and full rows, "
        "with and without codes",
        "fitted_on_qrels": [sha256((DATA / name).read_bytes()).hexdigest() for name in JUDGEMENTS],
        "pull": pull,
        "weights": dict(zip(FEATURES, calibration.weights, strict=True)),
        "intercept": calibration.intercept,
        "bands": {"possible": calibration.possible, "strong": calibration.strong},
        "vocabulary": {
            "file": f"{DEFAULT}.vocabulary.tsv",
            "sha256": sha256(table).hexdigest(),
            "documents": vocabulary.documents,
            "provenance": "Counts of stems and concepts in the FP7 briefs outside the test part and the SBIR sample of bench/data",
        },
        "reference": {
            "file": f"{DEFAULT}.reference.npy",
            "sha256": sha256(vectors.getvalue()).hexdigest(),
            "needs": len(reference.needs),
            "usual_need": reference.usual_need,
            "usual_innovation": reference.usual_innovation,
            "provenance": "Vectors of the FP7 topics, then the briefs, of the training part of bench/data",
        },
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{DEFAULT}.vocabulary.tsv").write_bytes(table)
    (folder / f"{DEFAULT}.reference.npy").write_bytes(vectors.getvalue())
    (folder / f"{DEFAULT}.json").write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")
    print(f"Wrote {folder / DEFAULT}.json")


if __name__ == "__main__":
    main()
