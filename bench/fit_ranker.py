"""Build the shipped ranker file from the data in this folder, end to end, and print the figures that it is chosen by.

Weights: a listwise softmax over the candidates of each query, drawn to a stated prior; fitted on the training part of the
FP7 pairs, both ways, and on the four views of the West Yorkshire needs. How strongly it is drawn is chosen on the
validation part and by folds of the needs. The test part of FP7 has a say in nothing.
Probability: a logistic curve through out-of-fold scores of the ten best candidates of each need, in all four views.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from bench.judged_sets import DATA, FOLDS, NEEDS, Group, read_sets, reference_texts, reference_vocabulary
from matcher.calibration import Calibration, brier_skill, calibration_error
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
    "crowding": -3.0,
    "need_words": 3.0,
    "innovation_words": 2.5,
    "concepts": 1.0,
    "passages": 0.0,
    "conditions": 4.0,
    "settings": 2.0,
    "areas": 3.0,
    "inequalities": 0.5,
}
"""Where the weights start from and are drawn to: equal steps of cosine and of words, codes below both."""

RULES = {"contradicted": -2.5, "flagged": -16.0}
"""Logits by rule, of which no data speak: an innovation that states the contrary of a must-have keeps about a tenth of its
odds; one that was written for the ranking keeps none, because a copy of the need is nearer to it than any honest answer."""

PULLS = (0.01, 0.1, 1.0)
JUDGEMENTS = ("fp7-dev/qrels/test.tsv", "fp7-dev-reverse/qrels/test.tsv", "wy/qrels/dev.tsv")
SHOWN = 10
STRONG_PRECISION, POSSIBLE_PRECISION = 0.80, 0.50


def main() -> None:
    """Fit, print, and write unless told not to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("encoder", type=Path, help="folder of the exported encoder, e.g. var/encoder/...")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="folder to write to (default: the shipped one)")
    options = parser.parse_args()
    vocabulary = reference_vocabulary()
    prior = Calibration(weights=tuple(_prior()), intercept=0.0, possible=0.3, strong=0.6)
    ranker = Ranker(RankerFile(id="prior", calibration=prior, vocabulary=vocabulary))
    sets = read_sets(load_encoder(options.encoder, threads=2), ranker)
    folds = {pull: [_fit(_training(sets, without_fold=fold), pull) for fold in range(FOLDS)] for pull in PULLS}
    pull = _choose_pull(sets, folds)
    weights = _fit(_training(sets), pull)
    scores = _out_of_fold_scores(sets, folds[pull])
    calibration = _calibrated(weights, scores)
    _print_report(sets, weights, scores, calibration)
    _write(options.out, vocabulary, calibration, pull=pull)


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


@dataclass(frozen=True, eq=False)
class Shown:
    """The best candidates of one need, scored by weights that were fitted without it."""

    fold: int
    scores: NDArray[np.float64]
    fits: NDArray[np.bool_]
    is_answerable: bool


def _out_of_fold_scores(sets: Mapping[str, Sequence[Group]], folds: Sequence[NDArray[np.float64]]) -> dict[str, list[Shown]]:
    shown: dict[str, list[Shown]] = {}
    for name in NEEDS:
        shown[name] = []
        for group in sets[name]:
            scores = group.features @ folds[group.fold]
            best = np.argsort(-scores, kind="stable")[:SHOWN]
            fits = group.grades[best] >= group.relevant_from
            shown[name].append(Shown(group.fold, scores[best], fits, group.is_answerable))
    print("folds:", {name: round(_by_fold(sets[name], folds), 4) for name in shown})
    return shown


def _calibrated(weights: NDArray[np.float64], shown: Mapping[str, Sequence[Shown]]) -> Calibration:
    """The logistic curve through all shown candidates of all views, and the bands on it."""
    everything = [each for found in shown.values() for each in found]
    slope, intercept = _curve(everything)
    possible, strong = _bands(_joined(everything, slope, intercept)[0])
    return Calibration(
        weights=tuple(round(slope * weight, 6) for weight in weights.tolist()),
        intercept=round(intercept, 6),
        possible=possible,
        strong=strong,
    )


def _bands(said: NDArray[np.float64]) -> tuple[float, float]:
    """The borders of *possible* and *strong*, in steps of 0.05, with the least sum that keep the stated precision.

    What counts is the precision that the curve expects, since counts of so few would move the borders with every need.
    Each band holds ten shown candidates at least; of equal sums the one with the wider middle is taken.
    """
    steps = [round(float(step), 2) for step in np.arange(0.05, 1, 0.05)]
    kept = []
    for possible, strong in ((low, high) for low in steps for high in steps if low < high):
        top, middle = said[said >= strong], said[(said >= possible) & (said < strong)]
        if min(len(top), len(middle)) >= SHOWN and top.mean() >= STRONG_PRECISION and middle.mean() >= POSSIBLE_PRECISION:
            kept.append((possible, strong))
    return min(kept, key=lambda borders: (round(sum(borders), 2), borders[0]))


def _curve(shown: Sequence[Shown]) -> tuple[float, float]:
    scores, fits = np.concatenate([each.scores for each in shown]), np.concatenate([each.fits for each in shown])
    fitted = LogisticRegression(C=1e3).fit(scores[:, None], fits)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def _joined(shown: Sequence[Shown], slope: float, intercept: float) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    scores = np.concatenate([each.scores for each in shown])
    return 1 / (1 + np.exp(-(slope * scores + intercept))), np.concatenate([each.fits for each in shown])


def _print_report(
    sets: Mapping[str, Sequence[Group]], weights: NDArray[np.float64], shown: Mapping[str, Sequence[Shown]], calibration: Calibration
) -> None:
    for name in ("fp7-dev", "fp7-dev-reverse"):
        parts = {part: round(_mean(sets[name], weights, part), 4) for part in ("training", "validation", "test")}
        print(f"{name}: {parts}, all {_mean(sets[name], weights):.4f}")
    everything = [each for found in shown.values() for each in found]
    for name, found in {**shown, "all views": everything}.items():
        _print_calibration(name, found, everything)
    print("bands:", calibration.possible, calibration.strong)
    print(json.dumps(dict(zip(FEATURES, calibration.weights, strict=True)), indent=1), calibration.intercept)


def _print_calibration(name: str, shown: Sequence[Shown], everything: Sequence[Shown]) -> None:
    """Each need under a curve, and within bands, that were drawn without its fold."""
    said, fits, bands, tops = [], [], [], []
    for fold in range(FOLDS):
        others = [each for each in everything if each.fold != fold]
        curve = _curve(others)
        borders = _bands(_joined(others, *curve)[0])
        for each in (each for each in shown if each.fold == fold):
            probabilities = _joined([each], *curve)[0]
            said += probabilities.tolist()
            fits += each.fits.tolist()
            bands += np.digitize(probabilities, borders).tolist()
            tops.append((bands[-len(probabilities)] == 0, each.is_answerable))
    right = {band: [fit for fit, found in zip(fits, bands, strict=True) if found == band] for band in range(3)}
    unfit, answerable = np.array(tops).T
    print(
        f"{name}: said {np.mean(said):.3f}, true {np.mean(fits):.3f}, "
        f"Brier skill {brier_skill(said, fits):.3f}, calibration error {calibration_error(said, fits):.3f};\n"
        f"  strong: {np.mean(right[2]):.2f} of {len(right[2])} fit; possible: {np.mean(right[1]):.2f} of {len(right[1])} fit;\n"
        f"  nothing fits: precision {(~answerable)[unfit].mean():.2f}, recall {unfit[~answerable].mean():.2f}"
    )


def _write(folder: Path, vocabulary: Vocabulary, reference: Reference, calibration: Calibration, *, pull: float) -> None:
    table = "".join(f"{stem}\t{count}\n" for stem, count in vocabulary.counts.items()).encode()
    vectors = BytesIO()
    np.save(vectors, np.vstack([reference.needs, reference.innovations]).astype(np.float16), allow_pickle=False)
    stored = {
        "name": DEFAULT,
        "made_by": "bench/fit_ranker.py",
        "encoder": "all-MiniLM-L6-v2, float32",
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
