"""From features to a probability, from a probability to a band; and how far probabilities can be trusted."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from matcher.types import Band


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """One weight a feature and an intercept, in logits; the bands begin at `possible` and `strong`."""

    weights: tuple[float, ...]
    intercept: float
    possible: float
    strong: float

    def probability(self, features: Sequence[float]) -> float:
        """The chance, in [0, 1], that the innovation answers the need or an important part of it (grade 2 or 3).

        Raises:
            ValueError: if there are not as many features as weights.
        """
        terms = [weight * float(feature) for weight, feature in zip(self.weights, features, strict=True)]
        return 1 / (1 + math.exp(-math.fsum([self.intercept, *terms])))

    def band(self, probability: float) -> Band:
        """The band of a probability; a border belongs to the band above it."""
        if probability >= self.strong:
            return Band.STRONG
        return Band.POSSIBLE if probability >= self.possible else Band.WEAK


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Some pairs of near probability: how many, what was said of them on average, and what came true."""

    count: int
    said: float
    observed: float


def reliability(probabilities: Sequence[float], outcomes: Sequence[bool], *, bins: int = 5) -> list[Bin]:
    """Sort pairs into bins of equal count, lowest probability first; fewer bins when there are fewer pairs."""
    order = np.argsort(probabilities, kind="stable")
    said, observed = np.asarray(probabilities, dtype=float)[order], np.asarray(outcomes, dtype=float)[order]
    parts = [part for part in np.array_split(np.arange(len(order)), bins) if len(part)]
    return [Bin(count=len(part), said=float(said[part].mean()), observed=float(observed[part].mean())) for part in parts]


def calibration_error(probabilities: Sequence[float], outcomes: Sequence[bool], *, bins: int = 5) -> float:
    """The mean distance between what was said and what came true, over bins of equal count; 0 is best."""
    found = reliability(probabilities, outcomes, bins=bins)
    return sum(each.count * abs(each.said - each.observed) for each in found) / sum(each.count for each in found)


def brier_skill(probabilities: Sequence[float], outcomes: Sequence[bool]) -> float:
    """One less the squared error over that of always saying the base rate: 1 is perfect, 0 knows nothing.

    Raises:
        ValueError: if all outcomes are the same, so that the base rate has no error.
    """
    said, observed = np.asarray(probabilities, dtype=float), np.asarray(outcomes, dtype=float)
    reference = float(np.mean((observed.mean() - observed) ** 2))
    if reference == 0:
        raise ValueError("All outcomes are the same; skill over the base rate means nothing.")
    return 1 - float(np.mean((said - observed) ** 2)) / reference
