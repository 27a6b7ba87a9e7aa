"""The needs as if the ranker had never seen them: scored by weights, and held against a curve and bands, of the other folds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from bench.judged_sets import FOLDS, NEEDS, Group
from matcher.abstention import Asked, NothingFits
from matcher.calibration import Calibration, brier_skill, calibration_error, reliability
from matcher.metrics import ndcg, recall, reciprocal_rank
from matcher.trust import SHOWN

STRONG_PRECISION, POSSIBLE_PRECISION = 0.80, 0.50
STEPS = tuple(round(float(step), 2) for step in np.arange(0.05, 1, 0.05))

Weights = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Held:
    """One need with its candidates, best first, as weights that were fitted without it score them.

    `fits` tells which of them answer it or an important part of it; `figures` are nDCG@10, recall@10 and MRR.
    """

    fold: int
    scores: NDArray[np.float64]
    fits: NDArray[np.bool_]
    is_answerable: bool
    figures: tuple[float, float, float]

    @property
    def shown(self) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """The candidates that people would see at first."""
        return self.scores[:SHOWN], self.fits[:SHOWN]

    @property
    def without_answers(self) -> NDArray[np.float64]:
        """The scores that are left when all that fits is taken out of the library."""
        return self.scores[~self.fits]


def hold(sets: Mapping[str, Sequence[Group]], folds: Sequence[Weights]) -> dict[str, list[Held]]:
    """The needs of each view, every one scored by the weights of the other folds."""
    return {name: [_held(group, folds[group.fold]) for group in sets[name]] for name in NEEDS}


def curve(held: Sequence[Held]) -> tuple[float, float]:
    """Slope and intercept of the logistic curve through the shown candidates."""
    scores, fits = (np.concatenate(part) for part in zip(*(each.shown for each in held), strict=True))
    fitted = LogisticRegression(C=1e3).fit(scores[:, None], fits)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def borders(held: Sequence[Held], slope: float, intercept: float) -> tuple[float, float]:
    """The borders of *possible* and *strong*, in steps of 0.05, with the least sum that keep the stated precision.

    What counts is the precision that the curve expects, since counts of so few would move the borders with every need.
    Each band holds ten shown candidates at least; of equal sums the one with the wider middle is taken.
    """
    said = probabilities(np.concatenate([each.shown[0] for each in held]), slope, intercept)
    kept = []
    for possible, strong in ((low, high) for low in STEPS for high in STEPS if low < high):
        top, middle = said[said >= strong], said[(said >= possible) & (said < strong)]
        if min(len(top), len(middle)) >= SHOWN and top.mean() >= STRONG_PRECISION and middle.mean() >= POSSIBLE_PRECISION:
            kept.append((possible, strong))
    return min(kept, key=lambda found: (round(sum(found), 2), found[0]))


def probabilities(scores: NDArray[np.float64], slope: float, intercept: float) -> NDArray[np.float64]:
    """What a curve says of scores."""
    return np.asarray(1 / (1 + np.exp(-(slope * scores + intercept))))


def calibrated(weights: Weights, held: Sequence[Held]) -> Calibration:
    """Weights with the curve through all held-out needs, and the bands on it."""
    slope, intercept = curve(held)
    possible, strong = borders(held, slope, intercept)
    scaled = tuple(round(slope * weight, 6) for weight in weights.tolist())
    return Calibration(weights=scaled, intercept=round(intercept, 6), possible=possible, strong=strong)


def print_held_out(views: Mapping[str, Sequence[Held]]) -> None:
    """Every figure of the needs, by view and together; curve and bands of each need drawn without its fold."""
    everything = [each for held in views.values() for each in held]
    drawn = [_drawn([each for each in everything if each.fold != fold]) for fold in range(FOLDS)]
    for name, held in {**views, "all views": everything}.items():
        figures = np.mean([each.figures for each in held if each.is_answerable], axis=0)
        print(f"{name}: nDCG@10 {figures[0]:.4f}, recall@10 {figures[1]:.4f}, MRR {figures[2]:.4f}")
        _print_probabilities(held, drawn)
        _print_nothing_fits(held, drawn)


def _drawn(others: Sequence[Held]) -> Calibration:
    return calibrated(np.ones(1), others)


def _print_probabilities(held: Sequence[Held], drawn: Sequence[Calibration]) -> None:
    said: list[float] = []
    fits: list[bool] = []
    bands: list[str] = []
    for each in held:
        found = [drawn[each.fold].probability([score]) for score in each.shown[0].tolist()]
        said += found
        bands += [drawn[each.fold].band(probability).value for probability in found]
        fits += each.shown[1].tolist()
    print(
        f"  said {np.mean(said):.3f}, true {np.mean(fits):.3f} of {len(fits)}; Brier skill {brier_skill(said, fits):.3f}, "
        f"calibration error {calibration_error(said, fits):.3f}"
    )
    print("  said > true by fifths:", " ".join(f"{part.said:.2f}>{part.observed:.2f}" for part in reliability(said, fits)))
    for band in ("strong", "possible"):
        right = [fit for fit, found in zip(fits, bands, strict=True) if found == band]
        print(f"  {band}: {np.mean(right):.2f} of {len(right)} fit")


def _print_nothing_fits(held: Sequence[Held], drawn: Sequence[Calibration]) -> None:
    natural = [_asked(each, each.scores, drawn, has_answer=each.is_answerable) for each in held]
    removed = [_asked(each, each.without_answers, drawn, has_answer=False) for each in held if each.is_answerable]
    answerable = [asked for asked in natural if asked.has_answer]
    for name, asked in (("by nature", natural), ("answers removed", [*answerable, *removed]), ("both", [*natural, *removed])):
        task = NothingFits(asked=tuple(asked))
        found, (precise, complete) = task.figures, task.intervals
        print(
            f"  nothing fits, {name}: precision {found.precision:.3f} [{precise[0]:.2f}, {precise[1]:.2f}], "
            f"recall {found.recall:.3f} [{complete[0]:.2f}, {complete[1]:.2f}], AUC {task.area_under_curve:.3f} "
            f"({found.unanswerable} of {len(asked)} without an answer)"
        )


def _asked(each: Held, scores: NDArray[np.float64], drawn: Sequence[Calibration], *, has_answer: bool) -> Asked:
    calibration = drawn[each.fold]
    best = calibration.probability([float(scores.max())])
    return Asked(has_answer=has_answer, best=best, says_nothing_fits=best < calibration.possible)


def _held(group: Group, weights: Weights) -> Held:
    scores = group.features @ weights
    order = sorted(range(len(scores)), key=lambda row: (-scores[row], group.ids[row]))
    ranking = [group.ids[row] for row in order]
    return Held(
        fold=group.fold,
        scores=scores[order],
        fits=group.grades[order] >= group.relevant_from,
        is_answerable=group.is_answerable,
        figures=(
            ndcg(ranking, group.judged, k=10),
            recall(ranking, group.judged, k=10, relevant_from=group.relevant_from),
            reciprocal_rank(ranking, group.judged, relevant_from=group.relevant_from),
        ),
    )
