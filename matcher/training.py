"""From decisions on pairs to other weights: drawn to those of the ranker that is trained, and never across a sign.

A logistic regression on the features that were stored with each decided pair. Each weight has a normal prior around what
it was; how narrow, is chosen by what weights without a need would have said of the decisions on it, the narrowest that is
not surely worse than the best. So few decisions move little, many move enough, and what teaches nothing changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from matcher.calibration import Calibration

LEAST_DECISIONS, LEAST_OF_EACH, LEAST_NEEDS = 30, 5, 5
"""Below which nothing is trained: decisions in all, of either kind, and needs that they are on."""

FIXED = frozenset({"contradicted", "flagged"})
"""Rules that no decision unteaches: what contradicts a must-have, and what was written for the ranking."""

PULLS = (40.0, 80.0, 160.0, 1000.0)
"""How strongly a weight may be drawn to what it was, in units of one standard deviation of its feature; chosen by
`python -m bench.learning` on tastes that its report leaves out."""

LEVEL_PULL = 1.0  # the level is drawn less: how many of the shown pairs are taken differs with who decides
SLOPE_PULL = 20.0
FOLDS = 5
_SMALL, _LEAST_SPREAD = 1e-7, 1e-9
_FLATTEST = 0.5  # of the slope by which a probability is made to mean again what it says

Numbers = NDArray[np.float64]


class TooFewDecisions(Exception):
    """The decisions are too few, or too much alike, to train a ranker; the message says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A pair that a person confirmed or rejected: of which need, when, and its features as they stood."""

    need: str
    at: datetime
    features: tuple[float, ...]
    fits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """Weights after training, and by which pull."""

    calibration: Calibration
    pull: float


def check_enough(decided: Sequence[Decided]) -> None:
    """Refuse decisions that are too few or one-sided; raises TooFewDecisions, which says how many are missing."""
    fitting = sum(each.fits for each in decided)
    counted = (
        ("decisions", len(decided), LEAST_DECISIONS),
        ("confirmations", fitting, LEAST_OF_EACH),
        ("rejections because the pair does not fit", len(decided) - fitting, LEAST_OF_EACH),
        ("needs with a decision", len({each.need for each in decided}), LEAST_NEEDS),
    )
    missing = [f"{least - count} more {what} ({count} of {least})" for what, count, least in counted if count < least]
    if missing:
        raise TooFewDecisions(f"Too few decisions to train a ranker: it takes {_listed(missing)}.")


def train(decided: Sequence[Decided], before: Calibration, names: Sequence[str]) -> Trained:
    """Weights and level for these decisions, drawn to those before; `names` are the features in the order of the weights.

    Raises:
        TooFewDecisions: if all decisions say the same, so that nothing can be told apart.
    """
    if len({each.fits for each in decided}) < 2:  # noqa: PLR2004 -- yes and no
        raise TooFewDecisions("All decisions say the same. Decide on pairs that fit and on pairs that do not, and train then.")
    pairs = _Pairs.of(decided)
    ways = {pull: _held_out(pairs, before, names, pull) for pull in PULLS}
    pull = _narrowest(ways, pairs.fits)
    fitted = _fitted(pairs, before, names, pull)
    return Trained(calibration=_sloped(fitted, ways[pull], pairs.fits, names), pull=pull)


def log_odds(calibration: Calibration, features: Numbers) -> Numbers:
    """The log-odds of each pair, (n,)."""
    return np.asarray(features @ np.array(calibration.weights) + calibration.intercept)


def fold_of(need: str) -> int:
    """The fold of a need: all decisions on it are in one."""
    return int(sha256(need.encode()).hexdigest()[:8], 16) % FOLDS


@dataclass(frozen=True, eq=False)
class _Pairs:
    features: Numbers
    fits: Numbers
    folds: NDArray[np.int64]

    @classmethod
    def of(cls, decided: Sequence[Decided]) -> "_Pairs":
        return cls(
            features=np.array([each.features for each in decided], dtype=float),
            fits=np.array([each.fits for each in decided], dtype=float),
            folds=np.array([fold_of(each.need) for each in decided]),
        )

    def only(self, rows: NDArray[np.bool_]) -> "_Pairs":
        return _Pairs(self.features[rows], self.fits[rows], self.folds[rows])


def _held_out(pairs: _Pairs, before: Calibration, names: Sequence[str], pull: float) -> Numbers:
    """The log-odds of each pair by weights that were trained without its fold; those before where nothing else is left."""
    found = log_odds(before, pairs.features)
    for fold in set(pairs.folds.tolist()):
        inside = pairs.folds == fold
        if not inside.all():
            found[inside] = log_odds(_fitted(pairs.only(~inside), before, names, pull), pairs.features[inside])
    return found


def _narrowest(ways: dict[float, Numbers], fits: Numbers) -> float:
    """The strongest pull whose loss is within one standard error of the least."""
    losses = {pull: log_losses(odds, fits) for pull, odds in ways.items()}
    best = min(losses.values(), key=lambda loss: float(loss.mean()))
    worse = {pull: loss - best for pull, loss in losses.items()}
    return max(pull for pull, by in worse.items() if by.mean() <= by.std() / np.sqrt(len(fits)))


def log_losses(odds: Numbers, fits: Numbers) -> Numbers:
    """The surprise at each outcome, in nats."""
    return np.asarray(np.logaddexp(0.0, odds) - fits * odds)


def _fitted(pairs: _Pairs, before: Calibration, names: Sequence[str], pull: float) -> Calibration:
    """Weights of least loss; a feature that does not vary keeps its weight, and no weight changes its sign."""
    weights, means, spreads = np.array(before.weights), pairs.features.mean(axis=0), pairs.features.std(axis=0)
    taught = [at for at, name in enumerate(names) if spreads[at] > _LEAST_SPREAD and name not in FIXED]
    centred = (pairs.features[:, taught] - means[taught]) / spreads[taught]
    to_zero = -weights[taught] * spreads[taught]
    moved = _drawn(
        log_odds(before, pairs.features),
        np.column_stack([np.ones(len(pairs.fits)), centred]),
        pairs.fits,
        pulls=[LEVEL_PULL, *[pull] * len(taught)],
        low=[-np.inf, *np.where(weights[taught] > 0, to_zero, -np.inf)],
        high=[np.inf, *np.where(weights[taught] < 0, to_zero, np.inf)],
    )
    steps = moved[1:] / spreads[taught]
    weights[taught] += steps
    return replace(before, weights=tuple(weights.tolist()), intercept=float(before.intercept + moved[0] - means[taught] @ steps))


def _sloped(fitted: Calibration, held: Numbers, fits: Numbers, names: Sequence[str]) -> Calibration:
    """Weights and level scaled so that what was said of needs that were held out is what came true of them."""
    middle = float(held.mean())
    level, steeper = _drawn(
        held, np.column_stack([np.ones(len(held)), held - middle]), fits,
        pulls=[SLOPE_PULL, SLOPE_PULL], low=[-np.inf, _FLATTEST - 1], high=[np.inf, 1 / _FLATTEST - 1],
    ).tolist()  # fmt: skip
    scaled = [weight if name in FIXED else weight * (1 + steeper) for weight, name in zip(fitted.weights, names, strict=True)]
    return replace(
        fitted,
        weights=tuple(round(weight, 6) for weight in scaled),
        intercept=round(fitted.intercept * (1 + steeper) + level - middle * steeper, 6),
    )


def _drawn(
    odds: Numbers, columns: Numbers, fits: Numbers, *, pulls: Sequence[float], low: Sequence[float], high: Sequence[float]
) -> Numbers:
    """What to add for each column to log-odds, for the least loss with `pulls` / 2 times each square added, within bounds.

    One column after the other, by steps for the largest curvature that there can be, until none moves.
    """
    moved, odds = np.zeros(columns.shape[1]), odds.copy()
    most = (columns**2).sum(axis=0) / 4  # of the curvature, so that no step leads uphill
    largest = np.inf
    while largest > _SMALL:
        largest = 0.0
        for at, column in enumerate(columns.T):
            slope = column @ (_chances(odds) - fits) + pulls[at] * moved[at]
            step = float(np.clip(moved[at] - slope / (most[at] + pulls[at]), low[at], high[at]) - moved[at])
            moved[at] += step
            odds += step * column
            largest = max(largest, abs(step))
    return moved


def _chances(odds: Numbers) -> Numbers:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -60, 60))))


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
