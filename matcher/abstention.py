"""Saying that nothing fits, as a task of its own: how often it is right when it is said, how often said when it should be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matcher.metrics import Interval
from matcher.significance import area_under_curve, wilson

STEPS = tuple(round(step / 20, 2) for step in range(1, 20))
"""The thresholds of the sweep."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One query: whether something fits it, the best probability of its list (0 of an empty one), and what was said."""

    has_answer: bool
    best: float
    says_nothing_fits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstention:
    """How well "nothing fits" is said of some queries; it is right for a query without a relevant document.

    `precision` is 0 when it is never said, `recall` when there is no such query.
    """

    said: int
    rightly: int
    answerable: int
    unanswerable: int

    @property
    def precision(self) -> float:
        """How often it is right when it is said."""
        return self.rightly / self.said if self.said else 0.0

    @property
    def recall(self) -> float:
        """How often it is said when it should be."""
        return self.rightly / self.unanswerable if self.unanswerable else 0.0

    def to_json(self) -> dict[str, Any]:
        """Both figures, and of how many queries."""
        return {
            "precision": self.precision,
            "recall": self.recall,
            "answerable": self.answerable,
            "unanswerable": self.unanswerable,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingFits:
    """One such task: as the ranker says it, by the best probability without a threshold, and at several thresholds."""

    asked: tuple[Asked, ...]

    @property
    def figures(self) -> Abstention:
        """As the ranker says it."""
        return _counted([each.says_nothing_fits for each in self.asked], self.asked)

    @property
    def area_under_curve(self) -> float | None:
        """The chance that a query with an answer has the higher best probability; None where either kind is missing."""
        return area_under_curve(
            [each.best for each in self.asked if not each.has_answer], [each.best for each in self.asked if each.has_answer]
        )

    @property
    def intervals(self) -> tuple[Interval, Interval]:
        """The 95 % intervals of precision and of recall."""
        found = self.figures
        return wilson(found.rightly, found.said), wilson(found.rightly, found.unanswerable)

    def at(self, threshold: float) -> Abstention:
        """As if it were said of every list whose best probability lies below a threshold."""
        return _counted([each.best < threshold for each in self.asked], self.asked)

    def to_json(self) -> dict[str, Any]:
        """The figures with intervals, and the sweep."""
        found = self.figures
        return {
            **found.to_json(),
            "said": found.said,
            "precision_ci95": list(self.intervals[0]),
            "recall_ci95": list(self.intervals[1]),
            "auc": self.area_under_curve,
            "sweep": [
                {"threshold": step, "precision": at.precision, "recall": at.recall, "said": at.said}
                for step, at in ((step, self.at(step)) for step in STEPS)
            ],
        }


def _counted(said: Sequence[bool], asked: Sequence[Asked]) -> Abstention:
    return Abstention(
        said=sum(said),
        rightly=sum(says and not each.has_answer for says, each in zip(said, asked, strict=True)),
        answerable=sum(each.has_answer for each in asked),
        unanswerable=sum(not each.has_answer for each in asked),
    )
