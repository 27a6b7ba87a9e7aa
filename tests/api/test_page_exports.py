"""Every list as CSV, XLSX and JSON: the page's filters, all its pages, the same columns, and nothing that runs."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from api.pages import list_tables
from api.pages.downloads import FORMATS, LISTS, TURNING, downloads
from api.requests import _parameters
from models.documents import Visibility
from models.needs import NeedStatus
from models.people import Role
from models.proposals import ProposalState
from tests import factories, triage
from tests.pages import read

Make = Callable[..., Any]
NOW = datetime.now(UTC)
FORMULA = '=HYPERLINK("http://evil.example";"Click")'


@pytest.fixture
def filled(make: Make) -> None:
    """A row or more in every list; their texts begin like a formula."""

    def rows(session: Any) -> None:
        row = triage.submission(session, at=NOW - timedelta(days=20), name=FORMULA, problems_tackled="+1", care_settings=["MENTAL_HEALTH"])
        need = factories.make_need(session, title=FORMULA, theme="Falls")
        factories.make_proposal(session, need, row.innovation, state=ProposalState.OPEN)
        factories.make_need(session, title="A draft", status=NeedStatus.DRAFT)
        factories.make_call(session, need, introduction="@SUM(A1)")

    make(rows)


def lines(reply: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(reply.text)))


def queries(app: FastAPI) -> Iterator[tuple[str, set[str]]]:
    """The parameters of every route that answers a GET."""
    for context in iter_route_contexts(app.routes):
        if "GET" in (context.methods or ()) and hasattr(context.original_route, "dependant"):
            yield str(context.path), {name for name, _ in _parameters(context.original_route.dependant)}


@pytest.mark.parametrize("path", sorted(LISTS))
def test_a_file_takes_the_filters_of_its_page(app: FastAPI, path: str) -> None:
    known = dict(queries(app))

    for kind in FORMATS:
        assert known[f"{path}.{kind}"] >= known[path] - TURNING, kind


@pytest.mark.parametrize("path", sorted(LISTS))
def test_each_format_says_the_same(hub: TestClient, filled: None, path: str) -> None:
    told, sheet, table = (hub.get(f"{path}.{kind}") for kind in FORMATS)
    page = read(hub, path)

    said = table.json()
    assert [each.status_code for each in (told, sheet, table, page)] == [200] * 4
    assert told.headers["content-type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(r'attachment; filename="\w+-\d{4}-\d\d-\d\d\.xlsx"', sheet.headers["content-disposition"])
    assert lines(told)[0] == [each["heading"] for each in said["columns"]]
    assert len(lines(told)) - 1 == len(said["rows"])
    assert all({each["name"] for each in said["columns"]} == row.keys() for row in said["rows"])
    with zipfile.ZipFile(io.BytesIO(sheet.content)) as book:
        assert book.read("xl/worksheets/sheet1.xml").decode().count("<row ") == len(lines(told))


@pytest.mark.parametrize("path", ["/triage", "/needs", "/innovations", "/proposals", "/calls"])
def test_no_cell_begins_like_a_formula(hub: TestClient, filled: None, path: str) -> None:
    told = hub.get(f"{path}.csv")

    assert [cell for line in lines(told)[1:] for cell in line if cell.startswith(("=", "+", "@", "-"))] == []
    assert "evil.example" in told.text


def test_a_file_holds_all_pages_of_a_list_as_it_is_narrowed(hub: TestClient, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_tables, "_AT_ONCE", 2)
    for number in range(5):
        make(factories.make_need, title=f"Need {number}", places=("LDS" if number else "WAK",))

    everything, leeds = lines(hub.get("/needs.csv")), lines(hub.get("/needs.csv?place=LDS"))

    assert (len(everything), len(leeds)) == (6, 5)
    assert "Wakefield" not in str(leeds)


def test_too_long_a_list_is_to_be_narrowed_and_is_never_cut_off(hub: TestClient, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_tables, "_AT_ONCE", 1)
    monkeypatch.setattr(list_tables, "MOST_ROWS", 2)
    for _ in range(2):
        make(factories.make_need)
    enough = hub.get("/needs.csv")
    make(factories.make_need, places=("WAK",))

    too_many, narrowed = hub.get("/needs.csv"), hub.get("/needs.csv?place=WAK")

    assert (enough.status_code, too_many.status_code, narrowed.status_code) == (200, 422, 200)
    assert "Narrow it by its filters" in too_many.json()["detail"]


def test_a_file_shows_nobody_more_than_the_page_does(client: TestClient, client_as: Callable[..., TestClient], make: Make) -> None:
    make(factories.make_need, title="For the Hub", visibility=Visibility.HUB_ONLY)
    make(factories.make_need, title="For all")
    make(factories.make_innovation, name="A rival's", supplier="Rival")

    assert "For the Hub" not in client.get("/needs.csv").text
    assert "For all" in client.get("/needs.csv").text
    assert "A rival's" not in client_as(Role.INNOVATOR).get("/innovations.csv").text
    assert client_as(Role.PLACE).get("/triage.csv").status_code == 403
    assert client.get("/events.csv").status_code == 401


def test_a_filter_that_is_none_is_refused_like_on_the_page(hub: TestClient) -> None:
    for path in (
        "/triage.csv?state=lost",
        "/needs.csv?place=XYZ",
        "/proposals.json?band=9",
        "/events.csv?since=soon",
        "/calls.csv?nothing=1",
    ):
        assert hub.get(path).status_code == 422, path


def test_under_each_list_stand_its_files_with_its_filters(hub: TestClient, filled: None) -> None:
    page = read(hub, "/needs?place=LDS&after=&q=").text

    assert re.findall(r'href="([^"]+)" download', page) == [f"/needs.{kind}?place=LDS" for kind in FORMATS]
    assert "download" not in read(hub, "/needs?place=CAL").text.split("<main")[-1].split("</main")[0].replace("downloads", "")
    assert downloads("/sign-in", []) == []
    first, *_ = downloads("/triage", [("who", "me"), ("after", "x"), ("done", "take"), ("q", "")])
    assert first["href"] == "/triage.csv?who=me"


@pytest.mark.parametrize("path", ["/needs", "/innovations", "/proposals", "/calls", "/triage"])
def test_an_address_in_a_file_leads_to_us_from_wherever_it_is_opened(app: FastAPI, hub: TestClient, filled: None, path: str) -> None:
    table = list(csv.DictReader(io.StringIO(hub.get(f"{path}.csv").text)))

    assert table
    assert all(row["Address"].startswith(f"{app.state.settings.site}/") for row in table), table[0]["Address"]
