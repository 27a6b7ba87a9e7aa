"""The board's pages: every report as charts with the table beside them, of the days that one asks for, to print or to take away."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session
from starlette import status as http

from api.pages import figures, forms, tables
from api.pages.forms import FormError
from api.pages.rendering import page, with_query
from api.requests import Now, Reading, StrictRoute
from api.schemas.reports import DaysQuery
from api.security import CurrentVisit, ReportReader
from api.services import reporting
from api.services.reporting import OF_NOW, Period, PeriodInvalid, ReportName
from api.services.spreadsheets import as_xlsx
from models.base import FIRST_YEAR, LAST_YEAR
from models.queries import places
from models.working_days import day_of

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

_ABOUT: Final[Mapping[ReportName, tuple[str, str]]] = {
    ReportName.NEEDS_BY_PLACE: ("Needs by theme and place", "A heat map of what each place needs, and what nothing answers yet."),
    ReportName.UNMET_NEEDS: ("Unmet needs", "Open needs that nothing we know answers, and since when."),
    ReportName.FUNNEL: ("How far innovations come", "From handed in to adopted, step by step."),
    ReportName.TIME_IN_STATE: ("Time in each state", "How long submissions, needs and matches wait."),
    ReportName.BARRIERS: ("Barriers", "Why not: the reasons given, quarter by quarter."),
    ReportName.STAGES_BY_PLACE: ("Adoption by place", "How far confirmed matches have come in each place."),
    ReportName.EXPOSURE: ("Exposure and acceptance", "Whether any group of suppliers or any place is left behind."),
    ReportName.INEQUALITIES: ("Health inequalities", "Which inequalities needs name, and whether they are answered."),
    ReportName.SUCCESS_MEASURES: ("The strategy's measures of success", "Row by row: what we know, and what is not collected."),
    ReportName.FEEDBACK: ("Feedback after outcomes", "What innovators say after we have decided."),
}
_QUARTER_MONTHS, _APRIL = 3, 4
_ROWS: Final = 200
"""How many rows of a table a page shows; its files have all."""
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Days:
    """What was typed for a time, and what is wrong with it."""

    since: str
    until: str
    period: Period
    errors: tuple[FormError, ...] = ()

    @property
    def query(self) -> dict[str, str | None]:
        """The same as part of an address."""
        return {"since": self.since or None, "until": self.until or None}


@router.get("/reports")
def reports_list(request: Request, *, visit: CurrentVisit, _reader: ReportReader) -> HTMLResponse:
    """Every report with the question that it answers."""
    rows = [{"href": f"/reports/{name}", "title": title, "about": about} for name, (title, about) in _ABOUT.items()]
    return page(request, "reports.jinja", visit, title="Reports", rows=rows)


@router.get("/reports/{name}.xlsx", response_class=Response)
def report_file(name: ReportName, reader: ReportReader, session: Reading, at: Now, wanted: Annotated[DaysQuery, Query()]) -> Response:
    """One report for spreadsheet programs, of the same days."""
    made = reporting.report(session, name, wanted.period, actor=reader, at=at)
    headers = {"Content-Disposition": f'attachment; filename="{made.name}.xlsx"'}
    return Response(as_xlsx(made), media_type=_XLSX, headers=headers)


@router.get("/reports/{name}")
def report_page(
    request: Request,
    *,
    name: ReportName,
    visit: CurrentVisit,
    reader: ReportReader,
    session: Reading,
    at: Now,
    since: Annotated[str, Query(max_length=20)] = "",
    until: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    """One report: its charts and its table, of a time where it is about one."""
    days = _days(since.strip(), until.strip())
    made = reporting.report(session, name, days.period, actor=reader, at=at)
    known = _places(session)
    today = day_of(at)
    return page(
        request,
        "report.jinja",
        visit,
        status=http.HTTP_422_UNPROCESSABLE_CONTENT if days.errors else http.HTTP_200_OK,
        title=_ABOUT[name][0],
        up={"href": "/reports", "text": "All reports"},
        report=made,
        charts=figures.of_report(made, known),
        headings=tables.headings(made),
        rows=tables.rows(made, known, limit=_ROWS),
        left=max(len(made.rows) - _ROWS, 0),
        of_now=name in OF_NOW,
        days=days,
        wrong=forms.by_field(days.errors),
        errors=days.errors,
        choices=_choices(name, today, days),
        today=today,
        address=f"/reports/{name}",
        downloads=_downloads(name, days),
    )


def _places(session: Session) -> tables.Names:
    return tables.place_names({row.key: row.name for row in places.all_places(session)})


def _days(since: str, until: str) -> Days:
    """The time that was asked for; what is no day is told beside its field, and counts as open."""
    first, last = _day(since), _day(until)
    errors = [
        FormError(name, f"{label}: enter a day such as 2026-10-01, or leave it empty")
        for name, label, typed, read in (("since", "First day", since, first), ("until", "Last day", until, last))
        if typed and read is None
    ]
    try:
        return Days(since, until, Period(first, last), tuple(errors))
    except PeriodInvalid:
        told = FormError("until", "The last day lies before the first. Enter a later day")
        return Days(since, until, Period(), (*errors, told))


def _day(typed: str) -> date | None:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def _choices(name: ReportName, today: date, days: Days) -> list[dict[str, Any]]:
    """Times that boards ask for, each with its address."""
    this = date(today.year, (today.month - 1) // _QUARTER_MONTHS * _QUARTER_MONTHS + 1, 1)
    before = this - timedelta(days=1)
    quarter_before = date(before.year, (before.month - 1) // _QUARTER_MONTHS * _QUARTER_MONTHS + 1, 1)
    financial = date(today.year if today.month >= _APRIL else today.year - 1, _APRIL, 1)
    times = {
        "All time": (None, None),
        "This quarter": (this, today),
        "Last quarter": (quarter_before, before),
        "Since 1 April": (financial, today),
    }
    asked = (days.period.first, days.period.last)
    return [
        {
            "text": text,
            "href": with_query(f"/reports/{name}", {"since": _typed(first), "until": _typed(last)}),
            "current": (first, last) == asked and not days.errors,
        }
        for text, (first, last) in times.items()
    ]


def _typed(day: date | None) -> str:
    return day.isoformat() if day is not None else ""


def _downloads(name: ReportName, days: Days) -> list[dict[str, str]]:
    """The same table for programs; none of a time that is none."""
    if days.errors:
        return []
    api = f"/api/v1/reports/{name}"
    return [
        {"text": "CSV", "href": with_query(api, {**days.query, "format": "csv"})},
        {"text": "XLSX for spreadsheet programs", "href": with_query(f"/reports/{name}.xlsx", days.query)},
        {"text": "JSON for programs", "href": with_query(api, {**days.query, "format": "json"})},
    ]
