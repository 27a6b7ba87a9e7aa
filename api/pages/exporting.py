"""Lists as files: what a page lists, as CSV, XLSX and JSON with the same columns, for whoever may read the page."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from api.pages import list_tables as tables
from api.pages.calls import CallsAsked
from api.pages.downloads import FORMATS
from api.pages.events import Asked as EventsAsked
from api.pages.inbox import AskedFor
from api.pages.innovations import InnovationsAsked
from api.pages.list_tables import MatchesAsked
from api.pages.open_needs import NeedsAsked
from api.requests import CurrentSettings, Now, Reading, StrictRoute
from api.schemas.reports import ReportOut
from api.security import ActivityReader, CallReader, InnovationReader, NeedReader, Reviewer, SubmissionReader
from api.services.spreadsheets import as_xlsx
from api.services.tabulating import Cell, Report
from models.working_days import day_of

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

_ADDRESSES: Final = frozenset({"address", "href"})
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NeedsWanted = Annotated[NeedsAsked, Query()]
InnovationsWanted = Annotated[InnovationsAsked, Query()]
MatchesWanted = Annotated[MatchesAsked, Query()]
CallsWanted = Annotated[CallsAsked, Query()]
EventsWanted = Annotated[EventsAsked, Query()]


def _send(listed: Report, kind: str, at: Now, site: str) -> Response:
    made = _with_whole_addresses(listed, site)
    headers = {"Content-Disposition": f'attachment; filename="{made.name}-{day_of(at).isoformat()}.{kind}"'}
    if kind == "csv":
        return Response(made.as_csv(), media_type="text/csv; charset=utf-8", headers=headers)
    if kind == "xlsx":
        return Response(as_xlsx(made), media_type=_XLSX, headers=headers)
    return JSONResponse(ReportOut.model_validate(made).model_dump(mode="json"), headers=headers)


def _with_whole_addresses(made: Report, site: str) -> Report:
    """The same with addresses that lead to our pages from wherever the file is opened."""
    rows = [{name: _whole(cell, site) if name in _ADDRESSES else cell for name, cell in row.items()} for row in made.rows]
    return replace(made, rows=rows)


def _whole(cell: Cell, site: str) -> Cell:
    return f"{site}{cell}" if isinstance(cell, str) and cell.startswith("/") else cell


def _routes(kind: str) -> dict[str, Callable[..., Response]]:
    """One route a list, in one format."""

    def triage_file(actor: SubmissionReader, at: Now, session: Reading, settings: CurrentSettings, asked: AskedFor) -> Response:
        """The inbox as a file."""
        return _send(tables.triage_table(session, actor, at, asked), kind, at, settings.site)

    def needs_file(actor: NeedReader, at: Now, session: Reading, settings: CurrentSettings, asked: NeedsWanted) -> Response:
        """The needs as a file."""
        return _send(tables.needs_table(session, actor, at, asked), kind, at, settings.site)

    def innovations_file(
        actor: InnovationReader, at: Now, session: Reading, settings: CurrentSettings, asked: InnovationsWanted
    ) -> Response:
        """The innovations as a file."""
        return _send(tables.innovations_table(session, actor, at, asked), kind, at, settings.site)

    def proposals_file(actor: Reviewer, at: Now, session: Reading, settings: CurrentSettings, asked: MatchesWanted) -> Response:
        """The matches as a file."""
        return _send(tables.matches_table(session, actor, at, asked), kind, at, settings.site)

    def calls_file(actor: CallReader, at: Now, session: Reading, settings: CurrentSettings, asked: CallsWanted) -> Response:
        """The calls as a file."""
        return _send(tables.calls_table(session, actor, at, asked), kind, at, settings.site)

    def events_file(actor: ActivityReader, at: Now, session: Reading, settings: CurrentSettings, asked: EventsWanted) -> Response:
        """The activity as a file."""
        return _send(tables.events_table(session, actor, at, asked), kind, at, settings.site)

    return {
        "/triage": triage_file,
        "/needs": needs_file,
        "/innovations": innovations_file,
        "/proposals": proposals_file,
        "/calls": calls_file,
        "/events": events_file,
    }


for _kind in FORMATS:
    for _path, _route in _routes(_kind).items():
        router.add_api_route(f"{_path}.{_kind}", _route, response_class=Response, name=f"{_route.__name__}_{_kind}")
