"""The board's reports in their states."""

from datetime import datetime

from sqlalchemy.orm import Session

from api.services.reporting import ReportName
from tests import boards
from tests.browser.cases import Case, Part

_REPORT = "/reports/{name}"
_REPORTS = tuple(Case(_REPORT, f"/reports/{name}", "board", name) for name in ReportName)


def _fill(session: Session, at: datetime) -> dict[str, str]:
    return {name: str(each) for name, each in boards.some_months(session, at).items()}


PART = Part(
    cases=(
        Case("/reports", "/reports", "board"),
        *_REPORTS,
        Case(_REPORT, "/reports/needs-by-place", "hub", "as the Hub reads it"),
        Case(_REPORT, "/reports/barriers?since=2020-01-01&until=2020-12-31", "board", "empty"),
        Case(_REPORT, "/reports/barriers?since=2026-12-31&until=2026-01-01", "board", "error"),
    ),
    fill=_fill,
)
