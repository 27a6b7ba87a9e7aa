"""Tables as XLSX: text stays text, numbers stay numbers, and nothing is lost without a word."""

import io
import zipfile
from datetime import date
from xml.etree import ElementTree

import pytest

from api.services.spreadsheets import CUT, LONGEST_CELL, as_xlsx
from api.services.tabulating import Report, columns

NAME = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def opened(report):
    """The cells of the only sheet, row by row, and every file of the book by name."""
    with zipfile.ZipFile(io.BytesIO(as_xlsx(report))) as book:
        parts = {name: book.read(name).decode() for name in book.namelist()}
    texts = ["".join(each.itertext()) for each in ElementTree.fromstring(parts["xl/sharedStrings.xml"])]  # noqa: S314 -- our own file
    sheet = ElementTree.fromstring(parts["xl/worksheets/sheet1.xml"])  # noqa: S314
    rows = [[_value(cell, texts) for cell in row] for row in sheet.iter(f"{NAME}row")]
    return rows, parts


def _value(cell, texts):
    value = cell.find(f"{NAME}v")
    if value is None:
        return None
    return texts[int(value.text)] if cell.get("t") == "s" else float(value.text)


def table(*rows):
    said = columns(what="What", many="How many")
    return Report(name="list", title="A list", question="What is there?", columns=said, rows=rows)


def test_headings_stand_above_the_rows_and_numbers_are_numbers():
    rows, _ = opened(table({"what": "Needs", "many": 3}, {"what": None, "many": True}, {"what": "", "many": False}))

    assert rows == [["What", "How many"], ["Needs", 3.0], [None, "Yes"], ["", "No"]]


def test_a_day_is_a_day_by_which_a_spreadsheet_sorts():
    rows, parts = opened(table({"what": date(2026, 11, 22), "many": 1}))

    assert rows[1][0] == (date(2026, 11, 22) - date(1899, 12, 30)).days
    assert "yyyy-mm-dd" in parts["xl/styles.xml"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x")', "http://example.org", "123", "a\x01b"])
def test_no_text_becomes_a_formula_a_link_or_a_number(text):
    rows, parts = opened(table({"what": text, "many": 1}))

    assert isinstance(rows[1][0], str)
    assert "<f>" not in parts["xl/worksheets/sheet1.xml"]
    assert "hyperlink" not in parts["xl/worksheets/sheet1.xml"].lower()


def test_a_text_that_no_cell_takes_says_that_it_is_shortened():
    rows, _ = opened(table({"what": "x" * (LONGEST_CELL + 1), "many": 1}))

    assert (len(rows[1][0]), rows[1][0].endswith(CUT)) == (LONGEST_CELL, True)


def test_an_empty_list_has_its_headings():
    assert opened(table())[0] == [["What", "How many"]]
