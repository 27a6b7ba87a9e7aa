"""The search CSV and the record CSV <-> records: columns by id or label, questions by wording or id."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from api.services.columns import problem
from api.services.records.cells import UNANSWERED, decoded, guard, read_labelled, read_listed, same, unguard, write_labelled, write_listed
from api.services.records.document import Coverage, Name, NationalRecord, answers
from api.services.records.entries import CONSENT, MOST_RECORDS, Entry, refused, shown, too_many_records
from api.services.records.schema import Schema, Schemas, label_key, shipped_file

MOST_COLUMNS: Final = 200
MOST_ROWS: Final = 5_000  # of a record CSV
LONGEST_HEADER: Final = 20_000
RECORD_HEADER: Final = ("Section", "Subsection", "Question", "Answer")
DETAILS, INNOVATION_ID, VERSION, OTHER = "Innovation Details", "Innovation ID", "Record version", "Other answers"
_BLOCKS: Final = frozenset({"innovation details", "company details", "key progress areas"})
"""Blocks of the record CSV that hold no questions, by their titles in lower case."""
_UNIQUE_ID: Final = "uniqueId"
_ANSWERS: Final[Mapping[str, Name]] = {
    **{
        name: ("INNOVATION_DESCRIPTION", name)
        for name in (
            *("name", "description", "countryName", "careSettings", "otherCareSetting", "mainCategory", "categories", "areas"),
            "involvedAACProgrammes",
        )
    },
    "diseasesAndConditions": ("UNDERSTANDING_OF_NEEDS", "diseasesConditionsImpact"),
    "keyHealthInequalities": ("UNDERSTANDING_OF_NEEDS", "keyHealthInequalities"),
}
SEARCHED: Final = frozenset(_ANSWERS.values())
"""The answers for which the search CSV has a column."""
_SEPARATORS: Final = ",;\t"
_NUMBERED: Final = ("202209", "202304")  # versions that older documents tell as text

Row = tuple[int, list[str]]


def read_csv(text: str, schemas: Schemas) -> list[Entry]:
    """The records of a CSV file, whichever of the two it is.

    Raises:
        ImportFileRefused: if the header is of neither, a quotation never ends, or a record CSV has rows of other lengths.
    """
    rows = _rows(text)
    _, first = next(rows, (1, []))
    header = [unguard(cell).strip() for cell in first]
    if [cell.lower() for cell in header] == [cell.lower() for cell in RECORD_HEADER]:
        return [_read_record(rows, schemas)]
    return _read_search(header, rows, schemas)


def search_csv(records: Sequence[tuple[str, NationalRecord]], schemas: Schemas) -> str:
    """The search CSV of records by national id: all columns of the national service, then those that others added."""
    named = dict(shipped_file()["search_columns"])
    added = dict.fromkeys(key for _, record in records for key in record.listing if key not in named)
    rows = [[named.get(column, column) for column in (*named, *added)]]
    rows += [[_search_cell(column, unique_id, record, schemas.newest) for column in (*named, *added)] for unique_id, record in records]
    return _written(rows)


def record_csv(unique_id: str, record: NationalRecord, schemas: Schemas) -> str:
    """The record CSV: every question of the schema, then what no question has, by its ids, then rows that were not understood."""
    schema = schemas.of(record.version)
    rest = answers(record.document)
    rows: list[Sequence[str]] = [RECORD_HEADER, (DETAILS, DETAILS, INNOVATION_ID, unique_id)]
    if "version" in record.document:
        rows.append((DETAILS, DETAILS, VERSION, _version_cell(record.document["version"])))
    for section in schema.sections:
        for question in section.questions:
            name = (section.id, question.id)
            cell = write_labelled(rest.pop(name), question) if name in rest else ""
            rows.append((section.parent_title, section.title, question.wording or question.id, cell))
    rows += [(OTHER, section, question, write_labelled(answer, None)) for (section, question), answer in rest.items()]
    return _written([*rows, *record.rows])


def _rows(text: str) -> Iterator[Row]:
    """The rows that say something, with the line on which each begins; the header comes first."""
    lines = io.StringIO(text, newline="")
    first = text[: LONGEST_HEADER + 1].lstrip("\r\n").split("\n", 1)[0]
    if len(first) > LONGEST_HEADER:
        raise refused(1, "", "header_too_long", f"The first line is longer than {LONGEST_HEADER:,} characters. Export the file again.")
    reader = csv.reader(lines, delimiter=max(_SEPARATORS, key=first.count), strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        remedy = "A quotation mark is not closed, or a cell is longer than 131,072 characters. The file may be cut off: export it again."
        raise refused(line, "", "quotation", remedy) from error


def _written(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    # Everything in quotes: a line end of the old sort inside a cell would else end the row.
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([guard(cell) for cell in row] for row in rows)
    return text.getvalue()


def _read_search(header: list[str], rows: Iterator[Row], schemas: Schemas) -> list[Entry]:
    columns = _columns(header)
    entries = [_read_listed_row(line, cells, columns, schemas.newest) for line, cells in islice(rows, MOST_RECORDS + 1)]
    if len(entries) > MOST_RECORDS:
        raise too_many_records()
    if not entries:
        raise refused(2, "", "no_rows", "There is no row below the header. Export the file again.")
    return entries


def _columns(header: list[str]) -> list[str]:
    """The columns by id; what is no column of ours keeps its heading."""
    if len(header) > MOST_COLUMNS:
        raise refused(1, "", "too_many_columns", f"The header names more than {MOST_COLUMNS} columns. Export the file again.")
    by_heading = {
        heading.lower(): name for pair in shipped_file()["search_columns"] for name, heading in [(pair[0], text) for text in pair]
    }
    columns = [by_heading.get(cell.lower(), cell.lower() if cell.lower() in CONSENT else cell) for cell in header]
    if _UNIQUE_ID not in columns:
        remedy = "The first line names no column 'Innovation ID', nor is it 'Section,Subsection,Question,Answer'. Export the file again."
        raise refused(1, "", "no_header", remedy)
    doubled = [name for name in dict.fromkeys(columns) if columns.count(name) > 1]
    if doubled:
        raise refused(1, shown(doubled[0]), "column_twice", "A column is there twice, by its id or its label. Leave one of the two out.")
    return columns


def _read_listed_row(line: int, cells: list[str], columns: list[str], schema: Schema) -> Entry:
    if len(cells) != len(columns):
        remedy = f"The row has {len(cells)} cells, the header {len(columns)}. It may be cut off: export the file again."
        found = problem(line, "", "number_of_cells", remedy)
        return Entry(line=line, record=NationalRecord(), covers=Coverage(), problems=(found,))
    said = {name: unguard(cell) for name, cell in zip(columns, cells, strict=True)}
    covered = {name: place for name, place in _ANSWERS.items() if name in said}
    read = {place: read_listed(said[name], schema.questions.get(place)) for name, place in covered.items()}
    record = NationalRecord().with_answers({place: answer for place, answer in read.items() if answer is not UNANSWERED})
    kept = {name: cell for name, cell in said.items() if name not in {_UNIQUE_ID, *CONSENT, *covered}}
    return Entry(
        line=line,
        record=NationalRecord(document=record.document, listing=kept),
        covers=Coverage(questions=frozenset(covered.values())),
        unique_id=decoded(said[_UNIQUE_ID]).strip(),
        consent={name: said[name].strip() for name in CONSENT if said.get(name, "").strip()},
        warnings=tuple(_unknown_columns(line, kept)),
    )


def _unknown_columns(line: int, kept: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    known = dict(shipped_file()["search_columns"])
    for name in kept:
        if name not in known:
            yield problem(line, shown(name), "unknown_column", "This column is not known; it is kept as it is.")


def _search_cell(column: str, unique_id: str, record: NationalRecord, schema: Schema) -> str:
    if column == _UNIQUE_ID:
        return unique_id
    if column not in _ANSWERS:
        return record.listing.get(column, "")
    place = _ANSWERS[column]
    told = answers(record.document)
    return write_listed(told[place], schema.questions.get(place)) if place in told else ""


@dataclass(slots=True)
class _Found:
    """What the rows of a record CSV say, as they are read."""

    schema: Schema
    unique_id: str = ""
    document: dict[str, Any] = field(default_factory=dict)
    answers: dict[Name, Any] = field(default_factory=dict)
    covered: set[Name] = field(default_factory=set)
    rows: list[tuple[str, ...]] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)


def _read_record(rows: Iterator[Row], schemas: Schemas) -> Entry:
    found = _Found(schemas.newest)
    for line, cells in rows:
        if len(cells) != len(RECORD_HEADER):
            remedy = f"The row has {len(cells)} cells instead of {len(RECORD_HEADER)}. The file may be cut off: export it again."
            raise refused(line, "", "number_of_cells", remedy)
        if len(found.covered) + len(found.rows) >= MOST_ROWS:
            raise refused(line, "", "too_many_rows", f"A record has at most {MOST_ROWS:,} rows. Export the file again.")
        _read_row(line, [unguard(cell) for cell in cells], found, schemas)
    if not found.covered and not found.unique_id:
        raise refused(2, "", "no_rows", "The file holds no answer. Export it again.")
    found.warnings += _missing_sections(found)
    for (section, question), answer in found.answers.items():
        if section:
            found.document.setdefault(section, {})[question] = answer
        else:
            found.document[question] = answer
    return Entry(
        line=2,
        record=NationalRecord(document=found.document, rows=tuple(found.rows)),
        covers=Coverage(questions=frozenset(found.covered)),
        unique_id=found.unique_id,
        warnings=tuple(found.warnings),
    )


def _read_row(line: int, cells: list[str], found: _Found, schemas: Schemas) -> None:
    section, part, asked, cell = cells
    if section == OTHER:
        found.covered.add((part, asked))
        answer = read_labelled(cell, None)
        if answer is not UNANSWERED:
            found.answers[part, asked] = answer
    elif section == DETAILS and asked == INNOVATION_ID:
        found.unique_id = cell.strip()
    elif section == DETAILS and asked == VERSION:
        found.document["version"] = _version(cell)
        found.schema = schemas.of(found.document["version"])
    else:
        _read_question(line, cells, found)


def _read_question(line: int, cells: list[str], found: _Found) -> None:
    section, _, asked, cell = cells
    question = found.schema.by_wording.get(label_key(asked))
    name = (question.section, question.id) if question else None
    if question is None or name is None or name in found.covered:
        found.rows.append(tuple(cells))
        if section.strip().lower() not in _BLOCKS:
            found.warnings.append(problem(line, "Question", "unknown_question", "No question has this wording; the row is kept as it is."))
        return
    found.covered.add(name)
    answer = read_labelled(cell, question)
    if answer is not UNANSWERED:
        found.answers[name] = answer


def _missing_sections(found: _Found) -> Iterator[dict[str, Any]]:
    """A section of which no question is there: a file that was cut off between two rows looks like this."""
    there = {section for section, _ in found.covered}
    for section in found.schema.sections:
        if section.id not in there:
            yield problem(2, section.id, "section_missing", "No question of this section is there. The file may be cut off: compare it.")


def _version_cell(version: object) -> str:
    plain = str(version)
    return plain if same(_version(plain), version) else write_labelled(version, None)


def _version(cell: str) -> Any:  # noqa: ANN401 -- a number, or a text as older documents have it
    if cell.isascii() and cell.isdigit() and cell not in _NUMBERED and str(int(cell)) == cell:
        return int(cell)
    answer = read_labelled(cell, None)
    return cell if answer is UNANSWERED else answer
