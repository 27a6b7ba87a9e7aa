"""How long submissions and needs stay in each state, and pairs until they are decided."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from sqlalchemy.orm import Session

from api.services.tabulating import Cell, Report, columns
from models.actors import Actor
from models.documents import Side
from models.innovations import InnovationStatus
from models.needs import NeedStatus
from models.queries import reports
from models.queries.reports import BACK, GONE, Step

_DAY_SECONDS: Final = 86_400
_SUBMISSION, _NEED, _PAIR = "submission", "need", "proposed match"
_WORDS: Final = {Side.INNOVATION.value: _SUBMISSION, Side.NEED.value: _NEED}
_ORDER: Final = [
    *((_SUBMISSION, status.value) for status in InnovationStatus),
    *((_NEED, status.value) for status in NeedStatus),
    (_PAIR, "undecided"),
]
_COLUMNS: Final = columns(
    what="What",
    state="State",
    ended="Left the state in the time",
    median_days="Median days in the state",
    p90_days="Nine in ten left within days",
    now="In the state now",
    oldest_days="Longest in it now, days",
)


class Spells:
    """Spells in one state: how long those were that ended, and since when the others last."""

    def __init__(self) -> None:
        self.ended: list[float] = []
        self.since: list[datetime] = []


def time_in_state(session: Session, *, since: datetime | None, until: datetime | None, at: datetime, **_reader: Actor) -> Report:
    """Days in each state, from the events; a spell belongs to the time in which it ended, and one that lasts to none."""
    spells: dict[tuple[str, str], Spells] = defaultdict(Spells)
    for (kind, _), steps in groupby(reports.steps(session), key=lambda step: (step.kind, step.subject_id)):
        for status, begun, ended in spells_of(steps):
            spell = spells[_WORDS[kind], status]
            if ended is None:
                spell.since.append(begun)
            elif (since is None or ended >= since) and (until is None or ended < until):
                spell.ended.append((ended - begun) / timedelta(days=1))
    pair = spells[_PAIR, "undecided"]
    pair.ended += [(decided - shown) / timedelta(days=1) for shown, decided in reports.decision_times(session, since, until)]
    pair.since += reports.waiting_since(session)
    return Report(
        name="time-in-state",
        title="Time in each state",
        question="How long do submissions, needs and proposed matches wait in each state?",
        columns=_COLUMNS,
        rows=[_row(*key, spells[key], at) for key in _ORDER if key in spells],
        notes=[
            "Days are calendar days, nights and weekends among them; clocks count working days.",
            "A submission that asks for an answer stays in triage while its clock rests.",
            "What is in a state now is told as of now, whichever days are asked for.",
            "A match that was ranked anew, because a text or the ranker changed, waits from then on.",
        ],
    )


def spells_of(steps: Iterable[Step]) -> Iterator[tuple[str, datetime, datetime | None]]:
    """State, beginning and end of each spell of one document; the last one has no end.

    What is back is where it was before it was gone, unless it came into another state meanwhile.
    """
    before, status, begun = "", "", None
    for step in steps:
        following = step.status if step.status != BACK else before if status == GONE else status
        if following == status:
            continue
        if begun is not None:
            yield status, begun, step.at
        before, status, begun = status, following, step.at
    if begun is not None:
        yield status, begun, None


def quantile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least this share of all do not exceed; None of no values."""
    return sorted(values)[max(math.ceil(share * len(values)) - 1, 0)] if values else None


def _row(what: str, state: str, spell: Spells, at: datetime) -> dict[str, Cell]:
    median, p90 = quantile(spell.ended, 0.5), quantile(spell.ended, 0.9)
    oldest = (at - min(spell.since)).total_seconds() / _DAY_SECONDS if spell.since else None
    return {
        "what": what,
        "state": state,
        "ended": len(spell.ended),
        "median_days": _rounded(median),
        "p90_days": _rounded(p90),
        "now": len(spell.since),
        "oldest_days": _rounded(oldest),
    }


def _rounded(days: float | None) -> float | None:
    return None if days is None else round(days, 1)
