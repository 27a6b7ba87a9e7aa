"""The board's pages: every report as charts and a table, of the days that were asked for, for those who may read it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient

from api.pages import charts, figures, reports, tables
from api.pages.charts import About, Label, Span, bars, heat_map, intervals, shade_of, shown_number
from api.services.reporting import OF_NOW, ReportName
from api.services.tabulating import Report, columns
from models.people import Role
from tests import boards, factories
from tests.factories import NOW
from tests.pages import HOSTILE, Faults, read, words

ABOUT = About("test-chart", "A heading", "What it shows")


@pytest.fixture
def board(client_as: Callable[..., TestClient]) -> TestClient:
    return client_as(Role.BOARD)


def test_every_report_has_a_page_with_charts_and_the_same_figures(board: TestClient, make: Callable[..., Any]) -> None:
    make(boards.some_months, datetime.now(UTC))
    listed = read(board, "/reports").text

    for name in ReportName:
        page = read(board, f"/reports/{name}")
        told = board.get(f"/api/v1/reports/{name}").json()
        assert (page.status_code, Faults.of(page.text)) == (200, []), name
        said = words(unescape(page.text))
        assert all(each in said for each in (told["question"], *told["notes"])), name
        assert page.text.count('<tr class="nhsuk-table__row"') == len(told["rows"])
        assert ("<svg" in page.text) is (name is not ReportName.SUCCESS_MEASURES), name
        assert f'href="/reports/{name}"' in listed


def test_a_report_of_nothing_says_what_comes_next(board: TestClient) -> None:
    for name in ReportName:
        page = read(board, f"/reports/{name}").text
        empty = "There is nothing to count yet" in page
        assert empty is ('class="nhsuk-table__row"' not in page), name
        assert ("Show all time" in page) is (empty and name not in OF_NOW), name


def test_reports_are_for_the_board_and_the_hub(client: TestClient, client_as: Callable[..., TestClient]) -> None:
    assert read(client, "/reports/barriers").headers["location"] == "/sign-in?next=%2Freports%2Fbarriers"
    for role in (Role.PLACE, Role.INNOVATOR):
        other = client_as(role)
        assert [read(other, path).status_code for path in ("/reports", "/reports/barriers")] == [403, 403]
        assert 'href="/reports"' not in read(other, "/needs").text
    for role in (Role.BOARD, Role.HUB, Role.LEAD):
        assert 'href="/reports"' in read(client_as(role), "/needs").text


def test_a_report_counts_the_days_that_were_asked_for(board: TestClient, make: Callable[..., Any]) -> None:
    make(boards.some_months, NOW)

    all_of_it = read(board, "/reports/barriers")
    none = read(board, "/reports/barriers?since=2020-01-01&until=2020-12-31")
    open_end = read(board, "/reports/barriers?since=2020-01-01")
    open_begin = read(board, "/reports/barriers?until=2020-12-31")

    assert "Wrong setting" in words(all_of_it.text)
    assert "From the beginning until today" in words(all_of_it.text)
    assert "From 1 January 2020 to 31 December 2020" in words(none.text)
    assert "There is nothing to count yet in this time" in words(none.text)
    assert "From 1 January 2020 until today" in words(open_end.text)
    assert "From the beginning to 31 December 2020" in words(open_begin.text)


def test_a_table_is_taken_away_of_the_same_days(board: TestClient, make: Callable[..., Any]) -> None:
    make(factories.make_place)
    page = read(board, "/reports/stages-by-place?since=2020-01-01&until=2020-12-31").text

    links = [link.replace("&amp;", "&") for link in re.findall(r'<a href="([^"]*)" download>', page)]
    files = [board.get(link) for link in links]
    days = "since=2020-01-01&until=2020-12-31"
    assert links == [
        f"/api/v1/reports/stages-by-place?{days}&format=csv",
        f"/reports/stages-by-place.xlsx?{days}",
        f"/api/v1/reports/stages-by-place?{days}&format=json",
    ]
    assert [file.status_code for file in files] == [200] * 3
    assert (files[1].content[:2], "stages-by-place.xlsx" in files[1].headers["content-disposition"]) == (b"PK", True)
    assert board.get("/reports/barriers.xlsx?since=2026-12-31&until=2026-01-01").status_code == 422


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ("since=tomorrow", "since", "First day: enter a day such as 2026-10-01"),
        ("until=31.12.2026", "until", "Last day: enter a day such as 2026-10-01"),
        ("since=1066-10-14", "since", "First day: enter a day"),
        ("since=2026-12-31&until=2026-01-01", "until", "The last day lies before the first"),
    ],
)
def test_a_time_that_is_none_is_told_beside_its_field(board: TestClient, query: str, field: str, message: str) -> None:
    page = read(board, f"/reports/barriers?{query}")

    assert page.status_code == 422
    assert page.text.count(message) == 2
    assert f'href="#{field}"' in page.text
    assert f'value="{query.partition("=")[2].partition("&")[0]}"' in page.text
    assert "<title>Error: " in page.text
    assert 'aria-current="page">All time' not in page.text


def test_times_that_boards_ask_for_are_one_click(app: Any, client_as: Callable[..., TestClient]) -> None:
    with time_machine.travel(datetime(2027, 2, 10, 12, tzinfo=UTC), tick=False):
        winter = read(client_as(Role.BOARD), "/reports/barriers?since=2026-10-01&until=2026-12-31").text
    with time_machine.travel(datetime(2027, 4, 10, 12, tzinfo=UTC), tick=False):
        spring = read(client_as(Role.BOARD), "/reports/barriers").text

    assert 'aria-current="page">Last quarter' in winter
    assert "since=2027-01-01&amp;until=2027-02-10" in winter
    assert "since=2026-04-01&amp;until=2027-02-10" in winter
    assert "since=2027-04-01&amp;until=2027-04-10" in spring
    assert 'aria-current="page">All time' in spring


def test_words_of_people_are_text_in_charts_and_tables(board: TestClient, make: Callable[..., Any]) -> None:
    make(boards.unmet, at=NOW, title=HOSTILE, theme=HOSTILE)

    for name in ("needs-by-place", "unmet-needs"):
        page = read(board, f"/reports/{name}").text
        assert Faults.of(page) == []
        assert "<img" not in page


def test_a_need_that_nothing_answers_leads_to_its_page_and_its_call(board: TestClient, make: Callable[..., Any]) -> None:
    need = make(boards.unmet, at=NOW, title="Nothing answers this")
    call = make(factories.make_call, need)

    page = read(board, "/reports/unmet-needs").text

    assert f'<a href="/needs/{need.id}">Nothing answers this</a>' in page
    assert f'<a href="/calls/{call.reference}">{call.reference}</a>' in page


def test_a_long_table_is_cut_on_the_page_and_whole_in_its_files(
    board: TestClient, make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "_ROWS", 2)
    for number in range(4):
        make(boards.unmet, at=NOW, title=f"Need {number}")

    page = read(board, "/reports/unmet-needs").text

    assert page.count('<tr class="nhsuk-table__row"') == 2
    assert "2 more rows stand in the files below" in page
    assert "4 needs in all" in page
    assert board.get("/api/v1/reports/unmet-needs?format=csv").text.count("Need ") == 4


def test_a_time_that_nothing_ended_in_has_no_chart() -> None:
    row = {"what": "need", "state": "open", "ended": 0, "median_days": None, "p90_days": None, "now": 1, "oldest_days": 2.0}

    assert figures.of_report(table("time-in-state", row), {}) == []
    assert figures.of_report(table("time-in-state"), {}) == []


def test_a_group_without_codes_has_no_chart() -> None:
    none = {"code": "X", "label": "X", "needs": 0, "innovations": 0, "pairs": 0, "confirmed": 0, "adopted": 0}

    assert figures.of_report(table("inequalities", none), {}) == []


def table(name: str, *rows: dict[str, Any]) -> Report:
    return Report(name=name, title="T", question="?", columns=columns(**dict.fromkeys(rows[0], "H")) if rows else (), rows=rows)


def test_every_number_of_a_heat_map_is_written_out_and_shades_are_four() -> None:
    drawn = heat_map(ABOUT, [Label("First"), Label("Second")], [Label("Leeds", "LDS"), Label("Wakefield")], [[0, 1], [4, 100]]).drawing

    wide, narrow = re.findall("<svg.*?</svg>", drawn)
    assert re.findall(r"heat--(\d)", wide) == ["0", "1", "1", "4"]
    assert [re.findall(r'count--\d">(\d+)<', each) for each in (wide, narrow)] == [["0", "1", "4", "100"]] * 2
    assert ("LDS" in wide, "LDS" in narrow, "Leeds" in narrow) == (False, True, False)
    assert [shade_of(count, 16) for count in (0, 1, 2, 4, 9, 16)] == [0, 1, 2, 2, 3, 4]
    assert "<svg" in heat_map(ABOUT, [], [], []).drawing


def test_a_drawing_has_a_name_and_a_description() -> None:
    drawn = bars(ABOUT, ["<b>A</b>"], [("One", [2.5])]).drawing

    assert re.findall(r'role="img" focusable="false" aria-labelledby="([\w-]+)"', drawn) == [
        "test-chart-wide-title",
        "test-chart-narrow-title",
    ]
    assert '<title id="test-chart-wide-title">A heading</title><desc id="test-chart-wide-says">What it shows</desc>' in drawn
    assert ("&lt;b&gt;A&lt;/b&gt;" in drawn, "<b>" in drawn) == (True, False)
    assert " style=" not in drawn


def test_bars_of_several_series_have_a_legend_and_what_has_no_figure_says_so() -> None:
    one = bars(ABOUT, ["A"], [("Half", [2.0])], " days").drawing
    two = bars(ABOUT, ["A", "B"], [("Half", [2.0, None]), ("Most", [1250.0, 0.0])], " days").drawing

    assert ("Half" in one, "Half" in two) == (False, True)
    assert [text in two for text in ("2 days", "1,250 days", "none", "0 days")] == [True] * 4
    assert two.count("app-chart__bar--0") == 2 * 2  # the legend's and one bar, wide and narrow


def test_an_interval_is_drawn_on_the_whole_scale() -> None:
    drawn = intervals(ABOUT, [("A", Span(0.5, 0.25, 0.75)), ("B", None)]).drawing

    assert drawn.count("<circle") == 2
    assert ("50 % (25 % to 75 %)" in drawn, "none decided" in drawn) == (True, True)


@pytest.mark.parametrize(("value", "shown"), [(0.0, "0"), (2.0, "2"), (2.5, "2.5"), (1250, "1,250"), (1250.25, "1,250.2")])
def test_numbers_are_written_as_people_write_them(value: float, shown: str) -> None:
    assert shown_number(value) == shown


def test_a_long_label_is_cut_where_there_is_no_room() -> None:
    assert charts._cut("x" * 100, 76) == "x" * 9 + "…"
    assert charts._lines("Bradford District and Craven", 80) == ["Bradford", "District", "and Craven"]


def test_codes_are_told_in_words() -> None:
    assert tables.reason("not_our_remit") == "Not what the body does"
    assert tables.reason("no_capacity") == "No capacity"
    assert tables.quarter("2026-Q4") == "Q4 2026"
    assert tables.group("up_to_5", {}) == "Up to 5 people"
    assert tables.group("LDS", {"LDS": "Leeds"}) == "Leeds"
