"""A file of records, whatever its shape: bounded, decoded, told apart, and looked through."""

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, BinaryIO, Final

from api.services.columns import problem
from api.services.records import identifiers
from api.services.records.csv_shapes import read_csv
from api.services.records.entries import Entry, refused
from api.services.records.findings import findings
from api.services.records.json_shapes import read_json
from api.services.records.schema import Schemas

MOST_BYTES: Final = 10 * 1024 * 1024
_WIDE: Final = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_file(stream: BinaryIO, schemas: Schemas, *, unique_id: str = "") -> list[Entry]:
    """The records of a file with everything that is wrong with them or worth a look; nothing is changed or stored.

    `unique_id` is the national id of the one record of a file that does not tell it.

    Raises:
        ImportFileRefused: if the file as a whole cannot be read.
    """
    text = _text(stream)
    entries = read_json(text, schemas) if text.lstrip()[:1] in {"{", "["} else read_csv(text, schemas)
    if not entries:
        raise refused(1, "", "no_record", "The file holds no record. Export it again.")
    if unique_id and len(entries) > 1:
        raise refused(1, "unique_id", "several_records", "The file holds several records. Leave the id out, or bring one record.")
    named = [_named(entry, unique_id) for entry in entries]
    return [_looked_through(entry, schemas, repeated) for entry, repeated in zip(named, _repeated(named), strict=True)]


def _text(stream: BinaryIO) -> str:
    said = stream.read(MOST_BYTES + 1)
    if len(said) > MOST_BYTES:
        raise refused(1, "", "too_large", "The file is larger than 10 MiB. Bring the records in several files.")
    if not said.strip():
        raise refused(1, "", "empty", "The file is empty. Export it again.")
    if said.startswith(_WIDE) or b"\0" in said[:100]:
        raise refused(1, "", "not_utf8", "The file is UTF-16, not UTF-8. Save it as 'CSV UTF-8' and bring it again.")
    try:
        text = said.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = said.count(b"\n", 0, error.start) + 1
        remedy = "The file is not UTF-8 from here; it may be Windows-1252. Save it as 'CSV UTF-8' and bring it again."
        raise refused(line, "", "not_utf8", remedy) from error
    if "\0" in text:
        raise refused(text.count("\n", 0, text.index("\0")) + 1, "", "control_character", "The file holds a NUL. Export it again.")
    return text


def _named(entry: Entry, unique_id: str) -> Entry:
    """The entry with the id that was said beside the file; with a problem when the two differ, or there is none."""
    found = entry.unique_id or unique_id
    problems = entry.problems
    if unique_id and entry.unique_id not in {"", unique_id}:
        remedy = "The file is of another innovation than the id that you named. Leave one of the two out."
        problems += (problem(entry.line, "uniqueId", "another_id", remedy),)
    elif not found and not problems:
        problems += (problem(entry.line, "uniqueId", "no_id", "The record tells no national id. Name it beside the file."),)
    elif found and (remedy_of_id := identifiers.misfit(found)):
        problems += (problem(entry.line, "uniqueId", "bad_id", remedy_of_id),)
    return replace(entry, unique_id=found, problems=problems)


def _repeated(entries: list[Entry]) -> Iterator[tuple[dict[str, Any], ...]]:
    first: dict[str, int] = {}
    for entry in entries:
        line = first.setdefault(entry.unique_id, entry.line) if entry.unique_id else entry.line
        remedy = f"Line {line} is of the same innovation. Leave one of the two out."
        yield () if line == entry.line else (problem(entry.line, "uniqueId", "repeated", remedy),)


def _looked_through(entry: Entry, schemas: Schemas, repeated: tuple[dict[str, Any], ...]) -> Entry:
    problems, warnings = findings(entry, schemas)
    return replace(entry, problems=entry.problems + repeated + tuple(problems), warnings=tuple(_each_once((*entry.warnings, *warnings))))


def _each_once(found: tuple[Mapping[str, Any], ...]) -> Iterator[dict[str, Any]]:
    seen = set[tuple[Any, ...]]()
    for each in found:
        if (key := tuple(each.values())) not in seen:
            seen.add(key)
            yield dict(each)
