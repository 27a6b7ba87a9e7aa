"""What a training changed, told on what the training had not seen: later decisions, decisions on other needs, judged texts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from matcher.calibration import Calibration
from matcher.encoding import Encoder
from matcher.evaluation import OURS, evaluate
from matcher.folder import Collection
from matcher.metrics import Interval, mean_interval, ndcg
from matcher.ranking import Ranker
from matcher.significance import bootstrap_p
from matcher.systems import Progress
from matcher.training import FOLDS, Decided, Numbers, TooFewDecisions, fold_of, log_losses, log_odds, train
from matcher.types import Side

EARLIER = 0.7  # of the decisions, in the order of their time: they teach what is held against the later ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One figure before and after, as means over `needs`; the interval is of the paired difference, at 95 %, `p` two-sided."""

    needs: int
    before: float
    after: float
    interval: Interval
    p: float

    @classmethod
    def of(cls, before: Sequence[float], after: Sequence[float]) -> "Change":
        """The change of one value a need; raises ValueError without a need."""
        gains = [new - old for old, new in zip(before, after, strict=True)]
        interval, p = mean_interval(gains), bootstrap_p([gains])
        return cls(needs=len(gains), before=float(np.mean(before)), after=float(np.mean(after)), interval=interval, p=p)

    def to_json(self) -> dict[str, Any]:
        """All of it, with the difference."""
        return {
            "needs": self.needs,
            "before": self.before,
            "after": self.after,
            "difference": self.after - self.before,
            "difference_ci95": list(self.interval),
            "p": self.p,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDecisions:
    """Figures on decisions that had no part in the weights: less is better of loss and Brier, more of nDCG.

    Each need counts alike. nDCG is of needs of which some pair was confirmed and some rejected; None when there is none.
    """

    decisions: int
    log_loss: Change
    brier: Change
    ndcg: Change | None

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "decisions": self.decisions,
            "log_loss": self.log_loss.to_json(),
            "brier": self.brier.to_json(),
            "ndcg@10": self.ndcg.to_json() if self.ndcg else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTexts:
    """nDCG@10 on judged texts, with the calibration error of the shown candidates."""

    dataset: str
    split: str
    asking: Side
    ndcg: Change | None
    calibration_error: tuple[float, float] | None
    notices: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "dataset": self.dataset,
            "split": self.split,
            "asking": self.asking.value,
            "ndcg@10": self.ndcg.to_json() if self.ndcg else None,
            "calibration_error": list(self.calibration_error) if self.calibration_error else None,
            "notices": list(self.notices),
        }


def on_later(decided: Sequence[Decided], before: Calibration, names: Sequence[str]) -> OnDecisions | None:
    """What weights that were trained on the earlier decisions say of the later ones; None when the earlier cannot teach."""
    ordered = sorted(decided, key=lambda each: (each.at, each.need))
    border = int(EARLIER * len(ordered))
    try:
        after = train(ordered[:border], before, names).calibration
    except TooFewDecisions:
        return None
    later = ordered[border:]
    return _told(later, _odds(before, later), _odds(after, later))


def on_other_needs(decided: Sequence[Decided], before: Calibration, names: Sequence[str]) -> OnDecisions:
    """What weights that were trained on other needs say of the decisions on each."""
    after = np.zeros(len(decided))
    for fold in range(FOLDS):
        inside = np.array([fold_of(each.need) == fold for each in decided])
        own = [each for each, is_inside in zip(decided, inside, strict=True) if is_inside]
        others = [each for each, is_inside in zip(decided, inside, strict=True) if not is_inside]
        if own:
            after[inside] = _odds(_trained_or(others, before, names), own)
    return _told(decided, _odds(before, decided), after)


def on_texts(collection: Collection, *, asking: Side, encoder: Encoder, before: Ranker, after: Ranker, on_progress: Progress) -> OnTexts:
    """How both rank a collection of judged texts; raises MalformedFolder if no document says anything."""
    old, new = (
        evaluate(collection, encoder=encoder, ranker=each, queries_side=asking, on_progress=on_progress) for each in (before, after)
    )
    values = [list(report.per_query[OURS]["ndcg@10"]) for report in (old, new)]
    return OnTexts(
        dataset=old.dataset,
        split=old.split,
        asking=asking,
        ndcg=Change.of(*values) if values[0] else None,
        calibration_error=(old.trust.calibration_error, new.trust.calibration_error) if old.trust and new.trust else None,
        notices=old.notices,
    )


def _trained_or(decided: Sequence[Decided], before: Calibration, names: Sequence[str]) -> Calibration:
    """What these decisions teach; the weights before when they are all alike."""
    try:
        return train(decided, before, names).calibration
    except TooFewDecisions:
        return before


def _odds(calibration: Calibration, decided: Sequence[Decided]) -> Numbers:
    return log_odds(calibration, np.array([each.features for each in decided], dtype=float))


def _told(decided: Sequence[Decided], before: Numbers, after: Numbers) -> OnDecisions:
    fits = np.array([each.fits for each in decided], dtype=float)
    by_need: dict[str, list[int]] = defaultdict(list)
    for row, each in enumerate(decided):
        by_need[each.need].append(row)
    both = {need: rows for need, rows in by_need.items() if 0 < fits[rows].sum() < len(rows)}
    log_loss = [_means(by_need, log_losses(odds, fits)) for odds in (before, after)]
    brier = [_means(by_need, (1 / (1 + np.exp(-odds)) - fits) ** 2) for odds in (before, after)]
    orders = [[_ndcg(odds[rows], fits[rows]) for rows in both.values()] for odds in (before, after)]
    return OnDecisions(
        decisions=len(decided),
        log_loss=Change.of(*log_loss),
        brier=Change.of(*brier),
        ndcg=Change.of(*orders) if both else None,
    )


def _means(by_need: Mapping[str, Sequence[int]], values: Numbers) -> list[float]:
    return [float(values[list(rows)].mean()) for rows in by_need.values()]


def _ndcg(odds: Numbers, fits: Numbers) -> float:
    names = [str(row) for row in range(len(odds))]
    order = np.argsort(-odds, kind="stable")
    return ndcg([names[row] for row in order], dict(zip(names, map(int, fits), strict=True)), k=10)
