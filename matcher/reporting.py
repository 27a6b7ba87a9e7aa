"""What an evaluation tells: the figures of one set, and of several sets together; both as objects for machines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from matcher.ablation import Part
from matcher.abstention import Abstention, NothingFits
from matcher.losses import Worst
from matcher.metrics import Interval, macro_interval, macro_mean, mean_interval
from matcher.significance import SURE, bootstrap_p, holm, randomisation_p
from matcher.systems import BASELINES, OURS
from matcher.trust import Trust
from matcher.types import Candidate, Side

METRICS = ("ndcg@10", "recall@10", "recall@50", "mrr")
TOLERATED = 0.01  # how far below dense alone a set may be


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Ours held against one baseline on the same queries, by nDCG@10.

    `p_bootstrap` and `p_randomisation` are two-sided; `holm_…` the same corrected for the number of baselines.
    """

    baseline: str
    queries: int
    above: float
    interval: Interval
    p_bootstrap: float
    p_randomisation: float
    holm_bootstrap: float
    holm_randomisation: float

    @property
    def verdict(self) -> str:
        """*ahead* or *behind* where both corrected tests are sure of it, else *level*."""
        if max(self.holm_bootstrap, self.holm_randomisation) >= SURE:
            return "level"
        return "ahead" if self.above > 0 else "behind"

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "ndcg@10": self.above,
            "ndcg@10_ci95": list(self.interval),
            "n": self.queries,
            "p_bootstrap": self.p_bootstrap,
            "p_randomisation": self.p_randomisation,
            "p_bootstrap_holm": self.holm_bootstrap,
            "p_randomisation_holm": self.holm_randomisation,
            "verdict": self.verdict,
        }


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds that one query took, over some queries."""

    seconds: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """Median and 95th percentile, and of how many."""
        return {"n": len(self.seconds), "median": self.median, "p95": self.p95}

    @property
    def median(self) -> float:
        """Half of them took no longer."""
        return float(np.median(self.seconds))

    @property
    def p95(self) -> float:
        """One in twenty took longer."""
        return float(np.percentile(self.seconds, 95))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Figures of each system over the answerable queries of a collection; without such a query there are none.

    `per_query` holds system -> metric -> one value an answerable query, in the order of `answerable`; `runs` our
    ranking of every query. `abstention` is of the queries as they are, None where each has an answer; `removed` of
    the answerable ones with their answers taken out of the corpus. `notices` say what a reader has to know.
    """

    dataset: str
    split: str
    asking: Side
    ranker: str
    documents: int
    queries: int
    answerable: tuple[str, ...]
    per_query: Mapping[str, Mapping[str, Sequence[float]]]
    trust: Trust | None
    natural: NothingFits | None
    removed: NothingFits | None
    timings: Mapping[str, Timing]
    encoding: Timing | None
    in_sample: bool
    runs: Mapping[str, Sequence[Candidate]]
    worst: Worst | None = None
    parts: tuple[Part, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def abstention(self) -> Abstention | None:
        """How well "nothing fits" was said of the queries as they are; None when all have an answer."""
        return None if self.natural is None else self.natural.figures

    @property
    def first(self) -> str | None:
        """The system with the highest nDCG@10, ours where it shares the place; None without an answerable query."""
        if not self.answerable:
            return None
        return max((OURS, *BASELINES), key=lambda system: self.mean(system, "ndcg@10"))

    def mean(self, system: str, metric: str) -> float:
        """The mean of a metric over the answerable queries."""
        return float(np.mean(self.per_query[system][metric]))

    def interval(self, system: str, metric: str = "ndcg@10") -> Interval:
        """The 95 % bootstrap interval of a mean."""
        return mean_interval(self.per_query[system][metric])

    def differences(self, baseline: str, metric: str = "ndcg@10") -> list[float]:
        """How far ours stands above a baseline, query by query."""
        ours, theirs = self.per_query[OURS][metric], self.per_query[baseline][metric]
        return [mine - other for mine, other in zip(ours, theirs, strict=True)]

    def gain(self, baseline: str, metric: str = "ndcg@10") -> tuple[float, Interval]:
        """How far ours stands above a baseline on the same queries, with the paired 95 % bootstrap interval."""
        differences = self.differences(baseline, metric)
        return float(np.mean(differences)), mean_interval(differences)

    def comparisons(self) -> list[Comparison]:
        """Ours against each baseline; none without an answerable query."""
        return compared([self]) if self.answerable else []

    def to_json(self) -> dict[str, Any]:
        """Everything but runs, as one JSON object; null for a figure without an answerable query."""
        found = {each.baseline: each for each in self.comparisons()}
        return {
            "dataset": self.dataset,
            "queries": self.queries,
            "systems": {system: self._figures(system) for system in self.per_query},
            "abstention": None if self.abstention is None else self.abstention.to_json(),
            "split": self.split,
            "asking": self.asking.value,
            "ranker": self.ranker,
            "documents": self.documents,
            "answerable": len(self.answerable),
            "in_sample": self.in_sample,
            "first": self.first,
            "intervals": {system: self._intervals(system) for system in self.per_query} if self.answerable else None,
            "paired": {baseline: found[baseline].to_json() if found else None for baseline in BASELINES},
            "probability": None if self.trust is None else self.trust.to_json(),
            "nothing_fits": {
                "no_answer": None if self.natural is None else self.natural.to_json(),
                "answers_removed": None if self.removed is None else self.removed.to_json(),
            },
            "seconds": {
                "encoding": None if self.encoding is None else self.encoding.to_json(),
                **{system: timing.to_json() for system, timing in self.timings.items()},
            },
            "worst": None if self.worst is None else self.worst.to_json(),
            "parts": [part.to_json() for part in self.parts],
            "notices": list(self.notices),
        }

    def write_run(self, path: Path) -> None:
        """Write our ranking of every query in TREC form, scores being probabilities."""
        lines = (
            f"{query} Q0 {candidate.id} {rank} {candidate.score!r} {OURS}\n"
            for query, ranking in self.runs.items()
            for rank, candidate in enumerate(ranking, start=1)
        )
        path.write_text("".join(lines), encoding="utf-8")

    def _figures(self, system: str) -> dict[str, Any]:
        if not self.answerable:
            return dict.fromkeys((*METRICS, "ndcg@10_ci95"))
        low, high = self.interval(system)
        return {**{metric: self.mean(system, metric) for metric in METRICS}, "ndcg@10_ci95": [low, high]}

    def _intervals(self, system: str) -> dict[str, list[float]]:
        return {metric: list(self.interval(system, metric)) for metric in METRICS}


@dataclass(frozen=True, slots=True)
class Overall:
    """Several sets together, each counting alike; those without an answerable query have no say."""

    reports: tuple[Report, ...]

    @property
    def counted(self) -> list[Report]:
        """The sets that have a say."""
        return [report for report in self.reports if report.answerable]

    @property
    def firsts(self) -> int:
        """On how many sets ours has the highest nDCG@10."""
        return sum(report.first == OURS for report in self.counted)

    @property
    def below_dense(self) -> list[str]:
        """The sets on which ours stands more than 0.01 below dense alone."""
        return [report.dataset for report in self.counted if report.gain("dense")[0] < -TOLERATED]

    def mean(self, system: str, metric: str) -> tuple[float, Interval]:
        """The macro mean of a metric, with its 95 % interval."""
        sets = [report.per_query[system][metric] for report in self.counted]
        return macro_mean(sets), macro_interval(sets)

    def comparisons(self) -> list[Comparison]:
        """Ours against each baseline over all sets; none without an answerable query."""
        return compared(self.counted) if self.counted else []

    def to_json(self) -> dict[str, Any]:
        """The figures of each set and of all together."""
        return {"sets": [report.to_json() for report in self.reports], "overall": self._together()}

    def _together(self) -> dict[str, Any] | None:
        if not self.counted:
            return None
        means = {system: {metric: self.mean(system, metric) for metric in METRICS} for system in (*BASELINES, OURS)}
        return {
            "sets": len(self.counted),
            "first_on": self.firsts,
            "more_than_0.01_below_dense_on": self.below_dense,
            "systems": {
                system: {
                    **{metric: mean for metric, (mean, _) in found.items()},
                    **{f"{metric}_ci95": list(interval) for metric, (_, interval) in found.items()},
                }
                for system, found in means.items()
            },
            "paired": {each.baseline: each.to_json() for each in self.comparisons()},
        }


def compared(reports: Sequence[Report]) -> list[Comparison]:
    """Ours against each baseline over the queries of these sets, each set counting alike."""
    sets = {baseline: [report.differences(baseline) for report in reports] for baseline in BASELINES}
    by_bootstrap = [bootstrap_p(each) for each in sets.values()]
    by_randomisation = [randomisation_p(each) for each in sets.values()]
    corrected = zip(by_bootstrap, by_randomisation, holm(by_bootstrap), holm(by_randomisation), strict=True)
    return [
        Comparison(
            baseline=baseline,
            queries=sum(map(len, differences)),
            above=macro_mean(differences),
            interval=macro_interval(differences),
            p_bootstrap=one,
            p_randomisation=other,
            holm_bootstrap=one_corrected,
            holm_randomisation=other_corrected,
        )
        for (baseline, differences), (one, other, one_corrected, other_corrected) in zip(sets.items(), corrected, strict=True)
    ]
