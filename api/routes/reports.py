"""The reports of the board, as JSON and CSV."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.errors import ASKING, problems
from api.requests import Now, Reading, StrictRoute
from api.schemas.reports import ReportFormat, ReportOut, ReportQuery, ReportRef
from api.security import ReportReader
from api.services import reporting
from api.services.reporting import PeriodInvalid, ReportName

router = APIRouter(prefix="/reports", tags=["reports"], route_class=StrictRoute)


@router.get("", response_model=list[ReportRef], responses=problems(*ASKING))
def list_reports(_: ReportReader) -> list[ReportRef]:
    """List the reports that there are."""
    return [ReportRef(name=name, address=f"/api/v1/reports/{name}") for name in ReportName]


@router.get("/{name}", response_model=ReportOut, responses=problems(*ASKING, PeriodInvalid) | {200: {"content": {"text/csv": {}}}})
def read_report(
    name: ReportName, wanted: Annotated[ReportQuery, Query()], reader: ReportReader, now: Now, session: Reading
) -> Response | ReportOut:
    """Read one report, of the days that you name; as CSV with `format=csv`."""
    made = reporting.report(session, name, wanted.period, actor=reader, at=now)
    if wanted.format is ReportFormat.JSON:
        return ReportOut.model_validate(made)
    headers = {"Content-Disposition": f'attachment; filename="{made.name}.csv"'}
    return Response(made.as_csv(), media_type="text/csv; charset=utf-8", headers=headers)
