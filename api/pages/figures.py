"""Which charts a report is shown by: what its table says, to be seen at a glance."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from api.pages import tables
from api.pages.charts import About, Chart, Label, Span, bars, heat_map, intervals
from api.pages.tables import Names
from api.services.reporting import ReportName
from api.services.tabulating import Cell, Report

_QUARTERS_SHOWN: Final = 6
_STAGES_SHORT: Final = ("Intro", "Eval", "Pilot", "Adopt", "Spread", "Stop")
_COUNTED: Final = ("open", "unmet")


def of_report(report: Report, names: Names) -> list[Chart]:
    """The charts of a report; none of one that has no rows, or that is words."""
    draw = _FIGURES.get(ReportName(report.name))
    return draw(report, names) if draw is not None and report.rows else []


def _needs(report: Report, names: Names) -> list[Chart]:
    themes = sorted({str(row["theme"]) for row in report.rows})
    columns = [Label(name, key) for key, name in names.items()]
    found = []
    for name, heading in zip(_COUNTED, ("Open needs", "Open needs that nothing answers"), strict=True):
        counts = {(str(row["theme"]), str(row["place"])): _whole(row[name]) for row in report.rows}
        if not any(counts.values()):
            continue
        (theme, place), most = max(counts.items(), key=lambda each: each[1])
        says = f"By theme and place. Most: {most} of {tables.theme(theme)} in {names.get(place, place)}."
        table = [[counts.get((each, key), 0) for key in names] for each in themes]
        found.append(heat_map(About(f"needs-{name}", heading, says), [Label(tables.theme(each)) for each in themes], columns, table))
    return found


def _unmet(report: Report, names: Names) -> list[Chart]:
    counted = Counter(names.get(key, key) for row in report.rows for key in str(row["places"]).split())
    says = f"{_told(len(report.rows), 'need')} in all. One of several places counts in each."
    return [bars(About("unmet-places", "Needs that nothing answers, by place", says), *_ranked(counted))]


def _funnel(report: Report, _names: Names) -> list[Chart]:
    steps = [tables.theme(str(row["step"])) for row in report.rows]
    counts = [_whole(row["innovations"]) for row in report.rows]
    says = f"Of {_told(counts[0], 'innovation')} handed in, {counts[-1]} came to be adopted in a place."
    return [bars(About("funnel-steps", "From handed in to adopted", says), steps, [("Innovations", counts)])]


def _times(report: Report, _names: Names) -> list[Chart]:
    found = []
    for what, heading in (("submission", "Submissions"), ("need", "Needs"), ("proposed match", "Proposed matches")):
        rows = [row for row in report.rows if row["what"] == what and row["ended"]]
        if not rows:
            continue
        longest = max(rows, key=lambda row: _figure(row["median_days"]) or 0)
        says = f"How many days until they left a state. Longest at the median: “{tables.state(longest)}”, {_days(longest['median_days'])}."
        series = [("Half left within", _column(rows, "median_days")), ("Nine in ten left within", _column(rows, "p90_days"))]
        about = About(f"time-{what.replace(' ', '-')}", f"{heading}: days in each state", says)
        found.append(bars(about, [tables.state(row) for row in rows], series, " days"))
    return found


def _barriers(report: Report, _names: Names) -> list[Chart]:
    quarters = sorted({str(row["quarter"]) for row in report.rows})[-_QUARTERS_SHOWN:]
    counts = {(str(row["reason"]), str(row["quarter"])): _whole(row["all"]) for row in report.rows}
    reasons = list(dict.fromkeys(str(row["reason"]) for row in report.rows))
    total = Counter({reason: sum(counts.get((reason, quarter), 0) for quarter in quarters) for reason in reasons})
    most, times = total.most_common(1)[0]
    says = f"How often each reason was given, by quarter. Most often: “{tables.reason(most)}”, {times} times."
    shown = [reason for reason, _ in total.most_common()]
    columns = [Label(tables.quarter(each), f"{each[5:]} {each[2:4]}") for each in quarters]
    table = [[counts.get((reason, quarter), 0) for quarter in quarters] for reason in shown]
    return [heat_map(About("barriers-reasons", "Reasons why not", says), [Label(tables.reason(each)) for each in shown], columns, table)]


def _stages(report: Report, names: Names) -> list[Chart]:
    standing = {(str(row["place"]), str(row["stage"])): _whole(row["standing"]) for row in report.rows}
    reached = {(str(row["place"]), str(row["stage"])): _whole(row["reached"]) for row in report.rows}
    places = list(dict.fromkeys(str(row["place"]) for row in report.rows))
    used = [standing[place, "adopted"] + standing[place, "spread"] for place in places]
    labels = [names.get(place, place) for place in places]
    says = f"Matches that stand at adopted or spread at the end of the time: {sum(used)} in all."
    columns = [Label(name, short) for name, short in zip(tables.STAGES.values(), _STAGES_SHORT, strict=True)]
    steps = "How many matches reached each stage in the time, place by place."
    table = [[reached[place, stage] for stage in tables.STAGES] for place in places]
    return [
        bars(About("stages-adopted", "In use, by place", says), labels, [("In use", used)]),
        heat_map(About("stages-reached", "Stages reached, by place", steps), [Label(each) for each in labels], columns, table),
    ]


def _exposure(report: Report, names: Names) -> list[Chart]:
    found = []
    headings = {"place of the need": "By place of the need", "company size": "By size of the supplier", "origin": "By home of the supplier"}
    for by, heading in headings.items():
        rows = [row for row in report.rows if row["by"] == by]
        if not rows:
            continue
        spans = [(tables.group(str(row["group"]), names), _span(row)) for row in rows]
        says = "Matches that were confirmed, of those decided. The line shows where the true share may lie (95 %)."
        found.append(intervals(About(f"exposure-{by.replace(' ', '-')}", heading, says), spans))
    return found


def _inequalities(report: Report, _names: Names) -> list[Chart]:
    rows = [row for row in report.rows if row["needs"] or row["innovations"]]
    if not rows:
        return []
    named = sum(row["code"] != "NONE" for row in rows)
    says = f"{_told(named, 'inequality is', 'inequalities are')} named by a need or an innovation."
    series = [("Needs open or met", _column(rows, "needs")), ("Innovations handed in", _column(rows, "innovations"))]
    return [bars(About("inequalities-named", "Who names which inequality", says), [str(row["label"]) for row in rows], series)]


def _feedback(report: Report, _names: Names) -> list[Chart]:
    labels = [tables.OUTCOMES[str(row["outcome"])] for row in report.rows]
    series = [(name.title(), _column(report.rows, name)) for name in ("yes", "partly", "no")]
    says = f"{_told(sum(_whole(row['answers']) for row in report.rows), 'answer')} in all, by the outcome that was given."
    return [bars(About("feedback-answers", "What innovators answered", says), labels, series)]


_FIGURES: Final[Mapping[ReportName, Callable[[Report, Names], list[Chart]]]] = MappingProxyType(
    {
        ReportName.NEEDS_BY_PLACE: _needs,
        ReportName.UNMET_NEEDS: _unmet,
        ReportName.FUNNEL: _funnel,
        ReportName.TIME_IN_STATE: _times,
        ReportName.BARRIERS: _barriers,
        ReportName.STAGES_BY_PLACE: _stages,
        ReportName.EXPOSURE: _exposure,
        ReportName.INEQUALITIES: _inequalities,
        ReportName.FEEDBACK: _feedback,
    }
)


def _whole(cell: Cell) -> int:
    return int(cell) if isinstance(cell, int | float) else 0


def _figure(cell: Cell) -> float | None:
    return float(cell) if isinstance(cell, int | float) else None


def _column(rows: Iterable[Mapping[str, Cell]], name: str) -> list[float | None]:
    return [_figure(row[name]) for row in rows]


def _span(row: Mapping[str, Cell]) -> Span | None:
    value, low, high = (_figure(row[name]) for name in ("acceptance", "low", "high"))
    return Span(value, low, high) if value is not None and low is not None and high is not None else None


def _ranked(counted: Counter[str]) -> tuple[list[str], Sequence[tuple[str, list[float | None]]]]:
    ranked = counted.most_common()
    return [name for name, _ in ranked], [("Needs", [float(count) for _, count in ranked])]


def _told(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _days(cell: Cell) -> str:
    days = _figure(cell)
    return "less than a day" if not days else f"{days:g} days"
