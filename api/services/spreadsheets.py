"""Tables as XLSX: every text is written as text, so that no program takes one for a formula or a link."""

import io
from datetime import date
from typing import Final

import xlsxwriter

from api.services.tabulating import Cell, Report

LONGEST_CELL: Final = 32_767
"""Characters that a cell of a spreadsheet takes; a longer text ends with `CUT`."""
CUT: Final = " … (shortened here; the CSV file has it all)"
_WIDEST, _NARROWEST = 60, 10


def as_xlsx(report: Report) -> bytes:
    """One sheet: headings that stay in sight, then the rows; numbers are numbers, days are days, yes and no are words."""
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(file, options) as book:
        book.set_properties({"title": report.title, "comments": report.question})
        sheet = book.add_worksheet("List")
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        plain, day = book.add_format({"valign": "top"}), book.add_format({"valign": "top", "num_format": "yyyy-mm-dd"})
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(report.columns):
            sheet.write_string(0, place, column.heading, bold)
            texts = [column.heading, *(str(row[column.name]) for row in report.rows if row[column.name] is not None)]
            sheet.set_column(place, place, min(_WIDEST, max(_NARROWEST, *(len(text) + 2 for text in texts))))
            for line, row in enumerate(report.rows, start=1):
                cell = row[column.name]
                _write(sheet, line, place, cell, day if isinstance(cell, date) else plain)
        if report.rows:
            sheet.autofilter(0, 0, len(report.rows), len(report.columns) - 1)
    return file.getvalue()


def _write(sheet: xlsxwriter.worksheet.Worksheet, line: int, place: int, cell: Cell, form: xlsxwriter.format.Format) -> None:
    if cell is None:
        sheet.write_blank(line, place, None, form)
    elif isinstance(cell, bool):
        sheet.write_string(line, place, "Yes" if cell else "No", form)
    elif isinstance(cell, int | float):
        sheet.write_number(line, place, cell, form)
    elif isinstance(cell, date):
        sheet.write_datetime(line, place, cell, form)
    else:
        sheet.write_string(line, place, cell if len(cell) <= LONGEST_CELL else cell[: LONGEST_CELL - len(CUT)] + CUT, form)
