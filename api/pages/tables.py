"""The cells of reports as people read them: codes in words, shares in per cent, needs and calls as links."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from api.pages import place_words, wording
from api.pages.charts import shown_number
from api.services.reporting_counts import EVERYWHERE
from api.services.reporting_measures import Collected
from api.services.tabulating import Cell, Report
from models.decisions import ReasonCode
from models.documents import Side
from models.organisations import CompanySize, Origin
from models.referrals import DeclineCode
from models.triage import OutcomeKind

Names = Mapping[str, str]
"""Places by their key, West Yorkshire as a whole among them."""

STAGES: Final[Mapping[str, str]] = MappingProxyType({stage.value: words for stage, (words, _) in place_words.STAGES.items()})
OUTCOMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        OutcomeKind.ACTIVE: "Made active",
        OutcomeKind.ASK: "Asked a question",
        OutcomeKind.REFER: "Passed on",
        OutcomeKind.ARCHIVE: "Archived",
    }
)
DECLINED: Final[Mapping[str, str]] = MappingProxyType(
    {
        DeclineCode.NOT_OUR_REMIT: "Not what the body does",
        DeclineCode.OUTSIDE_OUR_AREA: "Outside the body's area",
        DeclineCode.TOO_EARLY: "Too early for the body",
        DeclineCode.TOO_LATE: "Further on than the body helps with",
        DeclineCode.EVIDENCE_TOO_WEAK: "Evidence too weak",
        DeclineCode.NO_CAPACITY: "No capacity",
        DeclineCode.KNOWN_ALREADY: "Known to the body already",
        DeclineCode.OTHER: "Another reason",
    }
)
_GROUPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        CompanySize.UP_TO_5: "Up to 5 people",
        CompanySize.UP_TO_25: "6 to 25 people",
        CompanySize.UP_TO_100: "26 to 100 people",
        CompanySize.MORE: "More than 100 people",
        Origin.WEST_YORKSHIRE: "West Yorkshire",
        Origin.UK: "Rest of the United Kingdom",
        Origin.OVERSEAS: "Overseas",
        "not known": "Not known",
    }
)
_STATES: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = MappingProxyType(
    {
        "submission": wording.STATUSES[Side.INNOVATION],
        "need": wording.STATUSES[Side.NEED],
        "proposed match": {"undecided": ("To decide", "")},
    }
)
_COLLECTED: Final[Mapping[str, str]] = MappingProxyType({Collected.YES: "green", Collected.IN_PART: "blue", Collected.NO: "grey"})


@dataclass(frozen=True, slots=True)
class Shown:
    """One cell: its words, none for what there is no figure of; where they lead, the colour of its tag, and whether it is a number."""

    words: str
    href: str = ""
    tag: str = ""
    number: bool = False


def headings(report: Report) -> list[tuple[str, bool]]:
    """The heading of each column that is shown, and whether numbers stand under it."""
    return [(column.heading, _is_number(report, column.name)) for column in _columns(report)]


def rows(report: Report, names: Names, *, limit: int) -> list[list[Shown]]:
    """The first rows of a report as they are shown."""
    shown = _columns(report)
    return [[_cell(row, column.name, names) for column in shown] for row in report.rows[:limit]]


def reason(code: str) -> str:
    """Why not, in words: a reason of the Hub or a place, or of a body that declined."""
    return DECLINED[code] if code in DECLINED and code not in set(ReasonCode) else wording.code("reason_codes", code)


def theme(name: str) -> str:
    """A theme, or that there is none."""
    return name[:1].upper() + name[1:]


def state(row: Mapping[str, Cell]) -> str:
    """The state of a row of times, in words."""
    what, name = str(row["what"]), str(row["state"])
    return _STATES[what][name][0]


def group(name: str, names: Names) -> str:
    """A group of suppliers, or a place, in words."""
    return names.get(name) or _GROUPS.get(name, name)


def quarter(name: str) -> str:
    """2026-Q4 as Q4 2026."""
    year, _, number = name.partition("-")
    return f"{number} {year}"


def _columns(report: Report) -> Sequence[Any]:
    """The id of a need and the code of a group are no columns of their own: their names are what is read."""
    return [column for column in report.columns if column.name not in {"need", "code"}]


def _is_number(report: Report, name: str) -> bool:
    values = [row[name] for row in report.rows if row[name] is not None]
    return bool(values) and not any(isinstance(value, str | date) for value in values)


def _cell(row: Mapping[str, Cell], name: str, names: Names) -> Shown:
    value = row[name]
    if value is None:
        return Shown("")
    if name in _WORDS:
        return _WORDS[name](row, names)
    if isinstance(value, bool | str | date):
        return Shown(str(value))
    return Shown(f"{value * 100:.0f} %" if name in _SHARES else shown_number(value), number=True)


def _title(row: Mapping[str, Cell], _names: Names) -> Shown:
    return Shown(str(row["title"]), href=f"/needs/{row['need']}")


def _call(row: Mapping[str, Cell], _names: Names) -> Shown:
    return Shown(str(row["call"]), href=f"/calls/{row['call']}")


def _places(row: Mapping[str, Cell], names: Names) -> Shown:
    return Shown(", ".join(names.get(key, key) for key in str(row["places"]).split()))


def _collected(row: Mapping[str, Cell], _names: Names) -> Shown:
    said = str(row["collected"])
    return Shown(said[:1].upper() + said[1:], tag=_COLLECTED[said])


_SHARES: Final = frozenset({"share", "acceptance", "low", "high"})
_WORDS: Final[Mapping[str, Callable[[Mapping[str, Cell], Names], Shown]]] = MappingProxyType(
    {
        "title": _title,
        "call": _call,
        "place": lambda row, names: Shown(names.get(str(row["place"]), str(row["place"]))),
        "places": _places,
        "theme": lambda row, _: Shown(theme(str(row["theme"]))),
        "reason": lambda row, _: Shown(reason(str(row["reason"]))),
        "quarter": lambda row, _: Shown(quarter(str(row["quarter"]))),
        "stage": lambda row, _: Shown(STAGES[str(row["stage"])]),
        "what": lambda row, _: Shown(theme(str(row["what"]))),
        "state": lambda row, _: Shown(state(row)),
        "step": lambda row, _: Shown(theme(str(row["step"]))),
        "by": lambda row, _: Shown(theme(str(row["by"]))),
        "group": lambda row, names: Shown(group(str(row["group"]), names)),
        "outcome": lambda row, _: Shown(OUTCOMES[str(row["outcome"])]),
        "best_band": lambda row, _: Shown(wording.BANDS[str(row["best_band"])][0]),
        "collected": _collected,
    }
)


def place_names(known: Mapping[str, str]) -> Names:
    """Places by their key with West Yorkshire as a whole."""
    return {**known, EVERYWHERE: "West Yorkshire as a whole"}
