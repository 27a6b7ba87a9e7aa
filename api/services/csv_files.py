"""A CSV file as rows of cells by column: separators, encodings, headers, quotation marks."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, BinaryIO

from api.services import columns
from api.services.columns import problem
from models.base import DomainError
from models.documents import Side

MOST_COLUMNS = 200
LONGEST_HEADER = 10_000  # characters of the first line
_LONGEST_SHOWN = 60  # characters of a column's name that a problem repeats
_SEPARATORS = ",;\t"
_NOTE = "# "
MOST_ROWS = 20_000  # of one file: they are checked while somebody waits
_FIRST_ROW = 2  # the line below the header


class ImportFileRefused(DomainError):
    """The file as a whole cannot be read; the details name line, field, kind and remedy."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """The cells of one row by column, the line on which it begins, and what is wrong with it as a row."""

    line: int
    cells: dict[str, str]
    problems: tuple[dict[str, Any], ...] = ()


def _refused(line: int, field: str, kind: str, remedy: str) -> ImportFileRefused:
    return ImportFileRefused(f"Line {line}: {remedy}", problems=[problem(line, field, kind, remedy)])


def _decoded(stream: BinaryIO) -> Iterator[str]:
    """The lines of the file as text; the mark that some programs put before UTF-8 is left out."""
    for number, raw in enumerate(stream, start=1):
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            remedy = "The file is not UTF-8 from here. Save it as 'CSV UTF-8' and import it again."
            raise _refused(number, "", "not_utf8", remedy) from error
        if "\r" in line.rstrip("\r\n"):
            raise _refused(number, "", "line_ends", "Lines end in an old way. Save the file as 'CSV UTF-8' and import it again.")
        yield line


def _first_line(lines: Iterator[str]) -> str:
    first = next(lines, "")
    if not first.strip():
        raise _refused(1, "", "no_header", "The file is empty. Take the template and fill it in.")
    if len(first) > LONGEST_HEADER:
        raise _refused(1, "", "header_too_long", f"The header is longer than {LONGEST_HEADER:,} characters. Take the template.")
    return first


def rows_of(stream: BinaryIO, side: Side) -> Iterator[RawRow]:
    """The rows of a file, as it is read; empty ones, and the guidance below the header, are passed over.

    The separator is the comma, semicolon or tab that the header has most of. The header is read at once.

    Raises:
        ImportFileRefused: if the file is empty, no UTF-8, has no header of ours or a quotation that never ends.
    """
    lines = _decoded(stream)
    first = _first_line(lines)
    separator = max(_SEPARATORS, key=first.count)
    cells = _next_cells(csv.reader([first], delimiter=separator), 1) or []
    return _rows(lines, _header(cells, side), separator)


def _rows(lines: Iterator[str], header: list[str], separator: str) -> Iterator[RawRow]:
    reader = csv.reader(lines, delimiter=separator, strict=True)
    line, count = _FIRST_ROW, 0
    while (cells := _next_cells(reader, line)) is not None:
        if any(cell.strip() for cell in cells) and not (line == _FIRST_ROW and cells[0].startswith(_NOTE)):
            count += 1
            if count > MOST_ROWS:
                raise _refused(line, "", "too_many_rows", f"There are more than {MOST_ROWS:,} rows. Bring them in several files.")
            yield _row(line, cells, header)
        line = reader.line_num + _FIRST_ROW
    if not count:
        raise _refused(_FIRST_ROW, "", "no_rows", "There is no row below the header. Fill the template in.")


def _next_cells(reader: Iterator[list[str]], line: int) -> list[str] | None:
    try:
        return next(reader, None)
    except csv.Error as error:
        remedy = "A quotation mark is not closed, or a cell is longer than 131,072 characters. Mend the row."
        raise _refused(line, "", "quotation", remedy) from error


def _row(line: int, cells: list[str], header: list[str]) -> RawRow:
    if len(cells) == len(header):
        return RawRow(line, dict(zip(header, cells, strict=True)))
    found = f"The row has {len(cells)} cells, the header {len(header)}."
    remedy = f"{found} Put a cell that holds the separator or a line end in quotation marks."
    return RawRow(line, {}, (problem(line, "", "number_of_cells", remedy),))


def _header(cells: list[str], side: Side) -> list[str]:
    if len(cells) > MOST_COLUMNS:
        raise _refused(1, "", "too_many_columns", f"The header names more than {MOST_COLUMNS} columns. Take the template.")
    header = [cell.strip().lower() for cell in cells]
    known = columns.names(side)
    unknown = [name for name in header if name not in known]
    if len(unknown) == len(header):
        raise _refused(1, "", "no_header", f"The first line names no column of ours, such as {', '.join(known[1:4])}. Take the template.")
    found = [problem(1, _shown(name), "unknown_column", _suggestion(name, known)) for name in dict.fromkeys(unknown)]
    doubled = [name for name in dict.fromkeys(header) if header.count(name) > 1 and name in known]
    found += [problem(1, name, "column_twice", "Leave one of the two columns out.") for name in doubled]
    found += [problem(1, name, "column_missing", "Add this column.") for name in columns.required(side) if name not in header]
    if found:
        told = " ".join(f"{entry['field'] or '(a column without a readable name)'}: {entry['remedy']}" for entry in found)
        raise ImportFileRefused(f"Line 1: {told}", problems=found)
    return header


def _shown(name: str) -> str:
    """A column's name as a problem may repeat it: what cannot be printed, or has no end, is left out."""
    return name if name.isprintable() and len(name) <= _LONGEST_SHOWN else ""


def _suggestion(name: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"There is no such column. Call it {near[0]}, or leave it out." if near else "There is no such column. Leave it out."
