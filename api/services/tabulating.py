"""Reports as tables: one shape for JSON, CSV and, later, pages; a cell that a spreadsheet would run is guarded."""

import csv
import io
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from models.words import without_unseen

Cell = str | int | float | bool | date | None
_RUN_BY_SPREADSHEETS: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name for programs and its heading for people."""

    name: str
    heading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A table that answers one question; `notes` say what the figures leave out and how they were counted.

    `since` and `until` are the first and the last day that were counted; None where a report tells how things stand now.
    """

    name: str
    title: str
    question: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Cell]]
    notes: Sequence[str] = ()
    since: date | None = None
    until: date | None = None

    def of(self, since: date | None, until: date | None) -> "Report":
        """The same, told to be of these days."""
        return replace(self, since=since, until=until)

    def as_csv(self) -> str:
        """Headings and rows; notes stand in the JSON alone, so that every line has the same number of cells."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(column.heading for column in self.columns)
        writer.writerows([guarded(row[column.name]) for column in self.columns] for row in self.rows)
        return text.getvalue()


def columns(**headings: str) -> tuple[Column, ...]:
    """Columns by name."""
    return tuple(Column(name, heading) for name, heading in headings.items())


def guarded(cell: Cell) -> Cell:
    """A cell as it may stand in a spreadsheet: text that one would take for a formula begins with an apostrophe.

    Also where the sign is a wide one, or stands behind what nobody sees: some programs take these for the same.
    """
    if not isinstance(cell, str):
        return cell
    seen = unicodedata.normalize("NFKC", without_unseen(cell)).lstrip(" ")
    return f"'{cell}" if seen.startswith(_RUN_BY_SPREADSHEETS) or cell.startswith(_RUN_BY_SPREADSHEETS) else cell
