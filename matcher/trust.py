"""How far the probabilities that people see can be trusted: on the best candidates of each query, against the judgements."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matcher.calibration import Bin, brier_skill, calibration_error, reliability
from matcher.metrics import Interval
from matcher.significance import wilson
from matcher.types import Band, Candidate

SHOWN = 10  # candidates of a query that people see at first


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many of some pairs fit."""

    count: int
    fitting: int

    @property
    def value(self) -> float | None:
        """The share that fits; None of none."""
        return self.fitting / self.count if self.count else None

    @property
    def interval(self) -> Interval:
        """Its 95 % interval, as if pairs of one query had nothing to do with each other."""
        return wilson(self.fitting, self.count)

    def to_json(self) -> dict[str, Any]:
        """Counts, share and interval."""
        return {"n": self.count, "fitting": self.fitting, "precision": self.value, "ci95": list(self.interval)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What was said of the shown candidates and what came true.

    `judged` counts those that somebody graded; one that nobody did counts as not fitting. `skill` is that of Brier over
    always saying the base rate, None where all or none fit.
    """

    shown: Share
    judged: int
    said: float
    brier: float
    skill: float | None
    calibration_error: float
    bins: tuple[Bin, ...]
    bands: Mapping[Band, Share]

    def to_json(self) -> dict[str, Any]:
        """All of it, with the reliability table."""
        return {
            "n": self.shown.count,
            "judged": self.judged,
            "base_rate": self.shown.value,
            "mean_probability": self.said,
            "brier": self.brier,
            "brier_skill": self.skill,
            "calibration_error": self.calibration_error,
            "reliability": [{"n": each.count, "said": each.said, "observed": each.observed} for each in self.bins],
            "bands": {band.value: share.to_json() for band, share in self.bands.items()},
        }


def trust(
    rankings: Mapping[str, Sequence[Candidate]],
    judgements: Mapping[str, Mapping[str, int]],
    *,
    relevant_from: int,
    band: Callable[[float], Band],
) -> Trust | None:
    """Hold the probabilities of the ten best of each query against its grades; None where nothing was ranked.

    Args:
        rankings: query -> our ranking, scores being probabilities.
        judgements: query -> document -> grade.
        relevant_from: the lowest grade that counts as fitting.
        band: the band of a probability.
    """
    shown = [(query, candidate) for query, ranking in rankings.items() for candidate in ranking[:SHOWN]]
    if not shown:
        return None
    said = [candidate.score for _, candidate in shown]
    fits = [judgements[query].get(candidate.id, 0) >= relevant_from for query, candidate in shown]
    bands = [band(probability) for probability in said]
    return Trust(
        shown=Share(count=len(shown), fitting=sum(fits)),
        judged=sum(candidate.id in judgements[query] for query, candidate in shown),
        said=sum(said) / len(said),
        brier=sum((probability - fit) ** 2 for probability, fit in zip(said, fits, strict=True)) / len(said),
        skill=brier_skill(said, fits) if 0 < sum(fits) < len(fits) else None,
        calibration_error=calibration_error(said, fits),
        bins=tuple(reliability(said, fits)),
        bands={each: _share_of(each, bands, fits) for each in Band},
    )


def _share_of(band: Band, bands: Sequence[Band], fits: Sequence[bool]) -> Share:
    own = [fit for fit, found in zip(fits, bands, strict=True) if found is band]
    return Share(count=len(own), fitting=sum(own))
