"""The needs as if the ranker had never seen them: judged by weights and by a curve that were fitted on the other folds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from bench.judged_sets import FOLDS, NEEDS, Group
from matcher.abstention import Asked, NothingFits
from matcher.calibration import Calibration, brier_skill, calibration_error, reliability
from matcher.metrics import ndcg, recall, reciprocal_rank
from matcher.pairing import FEATURES
from matcher.trust import SHOWN

POSSIBLE, STRONG = 0.5, 0.75
"""The borders of the bands: an even chance, and three in four."""

SHIFTS = ("passages", "coded")
"""Features that tell how a pair is told, and not whether it fits; what they are worth shows on the shown candidates alone."""

Weights = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Held:
    """One need with its candidates, best first, with the probabilities that the other folds give them.

    `fits` tells which of them answer it or an important part of it; `figures` are nDCG@10, recall@10 and MRR.
    """

    probabilities: NDArray[np.float64]
    fits: NDArray[np.bool_]
    is_answerable: bool
    figures: tuple[float, float, float]


def calibrated(weights: Weights, taught: Sequence[tuple[Group, Weights]]) -> Calibration:
    """Weights with the logistic curve through the candidates that people would see, and the bands on it.

    Args:
        weights: those that the curve is put on.
        taught: needs, each with weights that were fitted without it, by which its candidates are scored and chosen.
    """
    columns = [FEATURES.index(name) for name in SHIFTS]
    shown = [(group, group.features @ own) for group, own in taught]
    best = [np.argsort(-scores, kind="stable")[:SHOWN] for _, scores in shown]
    told = np.concatenate([
        np.column_stack([scores[rows], group.features[rows][:, columns]]) for (group, scores), rows in zip(shown, best, strict=True)
    ])  # fmt: skip
    fits = np.concatenate([group.grades[rows] >= group.relevant_from for (group, _), rows in zip(shown, best, strict=True)])
    fitted = LogisticRegression(C=1.0).fit(told, fits)
    scaled = fitted.coef_[0, 0] * weights
    scaled[columns] += fitted.coef_[0, 1:]
    return Calibration(
        weights=tuple(np.round(scaled, 6).tolist()), intercept=round(float(fitted.intercept_[0]), 6), possible=POSSIBLE, strong=STRONG
    )


def hold(sets: Mapping[str, Sequence[Group]], folds: Sequence[Weights]) -> dict[str, list[Held]]:
    """The needs of each view, every one judged by the weights and the curve of the other folds."""
    everything = scored_by_others(sets, folds)
    drawn = [calibrated(folds[fold], [each for each in everything if each[0].fold != fold]) for fold in range(FOLDS)]
    return {name: [_held(group, drawn[group.fold]) for group in sets[name]] for name in NEEDS}


def scored_by_others(sets: Mapping[str, Sequence[Group]], folds: Sequence[Weights]) -> list[tuple[Group, Weights]]:
    """Every need of every view with the weights that were fitted without it."""
    return [(group, folds[group.fold]) for name in NEEDS for group in sets[name]]


def print_held_out(views: Mapping[str, Sequence[Held]]) -> None:
    """Every figure of the needs, by view and together."""
    everything = [each for held in views.values() for each in held]
    for name, held in {**views, "all views": everything}.items():
        figures = np.mean([each.figures for each in held if each.is_answerable], axis=0)
        print(f"{name}: nDCG@10 {figures[0]:.4f}, recall@10 {figures[1]:.4f}, MRR {figures[2]:.4f}")
        _print_probabilities(held)
        _print_nothing_fits(held)


def _print_probabilities(held: Sequence[Held]) -> None:
    said = np.concatenate([each.probabilities[:SHOWN] for each in held])
    fits = np.concatenate([each.fits[:SHOWN] for each in held])
    found, true = said.tolist(), fits.tolist()
    print(
        f"  said {said.mean():.3f}, true {fits.mean():.3f} of {len(fits)}; Brier skill {brier_skill(found, true):.3f}, "
        f"calibration error {calibration_error(found, true):.3f}"
    )
    print("  said > true by fifths:", " ".join(f"{part.said:.2f}>{part.observed:.2f}" for part in reliability(found, true)))
    for band, inside in (("strong", said >= STRONG), ("possible", (said >= POSSIBLE) & (said < STRONG))):
        print(f"  {band}: {fits[inside].mean():.2f} of {inside.sum()} fit")
    print(f"  of {fits.sum()} shown that fit, {fits[said >= POSSIBLE].sum()} are at or above possible")


def _print_nothing_fits(held: Sequence[Held]) -> None:
    natural = [_asked(each.probabilities, has_answer=each.is_answerable) for each in held]
    removed = [_asked(each.probabilities[~each.fits], has_answer=False) for each in held if each.is_answerable]
    answerable = [asked for asked in natural if asked.has_answer]
    for name, asked in (("by nature", natural), ("answers removed", [*answerable, *removed]), ("both", [*natural, *removed])):
        task = NothingFits(asked=tuple(asked))
        found, (precise, complete) = task.figures, task.intervals
        print(
            f"  nothing fits, {name}: precision {found.precision:.3f} [{precise[0]:.2f}, {precise[1]:.2f}], "
            f"recall {found.recall:.3f} [{complete[0]:.2f}, {complete[1]:.2f}], AUC {task.area_under_curve:.3f} "
            f"({found.unanswerable} of {len(asked)} without an answer)"
        )


def _asked(probabilities: NDArray[np.float64], *, has_answer: bool) -> Asked:
    best = float(probabilities.max())
    return Asked(has_answer=has_answer, best=best, says_nothing_fits=best < POSSIBLE)


def _held(group: Group, calibration: Calibration) -> Held:
    said = np.array([calibration.probability(row) for row in group.features.tolist()])
    order = sorted(range(len(said)), key=lambda row: (-said[row], group.ids[row]))
    ranking = [group.ids[row] for row in order]
    return Held(
        probabilities=said[order],
        fits=group.grades[order] >= group.relevant_from,
        is_answerable=group.is_answerable,
        figures=(
            ndcg(ranking, group.judged, k=10),
            recall(ranking, group.judged, k=10, relevant_from=group.relevant_from),
            reciprocal_rank(ranking, group.judged, relevant_from=group.relevant_from),
        ),
    )
