"""Whether a difference is more than chance, and how far a share or an order of two groups can be trusted."""

import math
from collections.abc import Sequence

import numpy as np

from matcher.metrics import Interval, macro_mean, resampled_means

FLIPS = 9_999
SURE = 0.05  # a difference with a corrected p below it is told as one
_SEED = 20_180_401
_CHUNK = 500
_Z = 1.959964  # of the normal distribution, for 95 %
_ROUNDING = 1e-12  # two sums of the same numbers may differ by as much


def bootstrap_p(sets: Sequence[Sequence[float]]) -> float:
    """The two-sided p of a macro mean of paired differences being 0: twice the share of resamples on its far side.

    Raises:
        ValueError: if a set holds no difference, or there is no set.
    """
    means = resampled_means(sets)
    beyond = min(int(np.sum(means <= 0)), int(np.sum(means >= 0)))
    return min(1.0, 2 * (1 + beyond) / (1 + len(means)))


def randomisation_p(sets: Sequence[Sequence[float]]) -> float:
    """The two-sided p of a macro mean of paired differences being 0, by flipping the sign of each query's difference.

    Source:
        Smucker, Allan and Carterette, CIKM 2007; one added above and below, as Phipson and Smyth, 2010.
    """
    random = np.random.default_rng(_SEED)
    flipped = np.zeros(FLIPS)
    for differences in sets:
        values = np.asarray(differences, dtype=float)
        for start in range(0, FLIPS, _CHUNK):
            rows = min(_CHUNK, FLIPS - start)
            signs = random.integers(0, 2, size=(rows, len(values)), dtype=np.int8) * 2.0 - 1.0
            flipped[start : start + rows] += signs @ values / len(values)
    reached = np.abs(flipped / len(sets)) >= abs(macro_mean(sets)) - _ROUNDING
    return float((1 + np.sum(reached)) / (1 + FLIPS))


def holm(p_values: Sequence[float]) -> list[float]:
    """Each p corrected for how many there are, in the order given, in [0, 1].

    Source:
        Holm, Scandinavian Journal of Statistics 1979.
    """
    corrected, largest = [0.0] * len(p_values), 0.0
    for smaller, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - smaller) * p_values[place]))
        corrected[place] = largest
    return corrected


def wilson(count: int, total: int) -> Interval:
    """The 95 % interval of a share of `total` that `count` have; (0, 1) of none, because then nothing is known.

    Source:
        Wilson, Journal of the American Statistical Association 1927.
    """
    if not total:
        return 0.0, 1.0
    share, squared = count / total, _Z**2
    middle = (share + squared / (2 * total)) / (1 + squared / total)
    half = _Z * math.sqrt(share * (1 - share) / total + squared / (4 * total**2)) / (1 + squared / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def area_under_curve(lower: Sequence[float], higher: Sequence[float]) -> float | None:
    """The chance that one of `higher` stands above one of `lower`, ties counting half; None when either is empty."""
    if not lower or not higher:
        return None
    ordered = np.sort(np.asarray(lower))
    below, up_to = np.searchsorted(ordered, higher, side="left"), np.searchsorted(ordered, higher, side="right")
    return float(np.mean(below + up_to) / (2 * len(lower)))
