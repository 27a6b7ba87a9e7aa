"""A file of needs or innovations -> every row read, checked and, once, kept for applying."""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO
from uuid import uuid4

from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session

from api.queue import Job, enqueue
from api.services import columns
from api.services.columns import CONTENT, CellUnread, problem
from api.services.composing import Known, compose, misfits, owner_place
from api.services.content import InnovationContent, NeedContent, Short, warnings_of
from api.services.csv_files import ImportFileRefused, RawRow, rows_of
from api.services.recording import record
from models.actors import Actor
from models.base import DomainError
from models.documents import Side
from models.events import Event
from models.grants import Subject
from models.imports import ImportBatch, ImportStatus
from models.policies import INNOVATION_IMPORT, NEED_IMPORT
from models.queries import imports, places
from models.working_days import in_london

CHUNK = 500
MOST_PROBLEMS_OF_A_ROW = 20
_READ_BYTES = 1 << 20
_LONGEST_KEY = 100
_LONGEST_FILE_NAME = 300
_IMPORT = {Side.NEED: NEED_IMPORT, Side.INNOVATION: INNOVATION_IMPORT}


class AlreadyImported(DomainError):
    """This very file was brought in before."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that was read: the import that it would be, and its rows as they would be staged."""

    batch: ImportBatch
    rows: list[dict[str, Any]]


def check(
    session: Session,
    side: Side,
    stream: BinaryIO,
    *,
    file_name: str,
    actor: Actor,
    at: datetime,
    dry_run: bool = False,
    partial: bool = False,
    consent_basis: str = "",
    on_progress: Callable[[int], None] = lambda _checked: None,
) -> Checked:
    """Read a file and check every row by the rules by which it is stored; writes nothing, so that nobody waits for it.

    `stream` is read twice, from its beginning: for its hash, then for its rows. The header is read first of all.

    Raises:
        ImportFileRefused: if it is no CSV file with our columns.
        AlreadyImported: if this very file was imported before.
        NotAllowed: if the actor may not import.
    """
    _IMPORT[side].admit(actor)
    basis = checked_basis(consent_basis)
    stream.seek(0)
    rows_of(stream, side)
    digest = _hash_of(stream)
    _refuse_a_second_time(imports.taken_before(session, side, digest))
    batch = ImportBatch(
        id=uuid4(),
        side=side,
        file_name=_shown_name(file_name),
        file_hash=digest,
        dry_run=dry_run,
        partial=partial,
        consent_basis=basis,
        total_rows=0,
        invalid_rows=0,
        applied_rows=0,
        problem_count=0,
        created_by=actor.name,
        created_at=at,
    )
    checker, rows, kept = _RowChecker(session, batch, actor), rows_of(stream, side), list[dict[str, Any]]()
    while chunk := list(islice(rows, CHUNK)):
        kept += checker.checked(chunk)
        on_progress(len(kept))
    batch.total_rows, batch.invalid_rows = len(kept), sum(bool(row["problems"]) for row in kept)
    return Checked(batch, kept)


def keep(session: Session, checked: Checked, *, at: datetime) -> ImportBatch:
    """Stage a checked file; apply it later only if all rows are sound, or, when `partial`, those that are.

    Raises AlreadyImported if the same file was imported in the meantime.
    """
    batch = checked.batch
    _refuse_a_second_time(imports.taken_before(session, batch.side, batch.file_hash, lock=True))
    sound = batch.total_rows - batch.invalid_rows
    if batch.invalid_rows and not (batch.partial and sound):
        batch.status = ImportStatus.REFUSED
    else:
        batch.status = ImportStatus.CHECKED if batch.dry_run else ImportStatus.APPLYING
    session.add(batch)
    session.flush()
    imports.keep_rows(session, checked.rows)
    record(session, event_of("import.staged", batch, at, actor=batch.created_by), at=at)
    session.flush()
    if batch.status is ImportStatus.APPLYING:
        enqueue(session, Job.APPLY_IMPORT, at=at, bulk=True, id=str(batch.id))
    return batch


def known_of(session: Session) -> Known:
    """The places and organisations that a row may refer to."""
    return Known(
        places={place.key: place.id for place in places.all_places(session)},
        organisations={row.ods_code: row.id for row in places.organisations(session) if row.ods_code},
    )


def event_of(kind: str, batch: ImportBatch, at: datetime, *, actor: str) -> Event:
    """What is told of an import."""
    return Event.of(
        kind,
        subject_kind="import",
        subject_id=batch.id,
        actor=actor,
        at=at,
        status=batch.status.value,
        total_rows=batch.total_rows,
        invalid_rows=batch.invalid_rows,
        applied_rows=batch.applied_rows,
    )


class Taken:
    """Which keys and external ids of a chunk of rows a document of the record has already."""

    def __init__(self, session: Session, side: Side, said: Collection[Mapping[str, Any]]) -> None:
        self.side = side
        self.keys = imports.keys_taken(session, side, {row["key"] for row in said if row["key"]})
        self.external_ids = imports.external_ids_taken(session, {each for row in said for each in _external_ids(row["content"])})

    def clashes(self, said: Mapping[str, Any], line: int) -> list[dict[str, Any]]:
        """What a row says that is taken."""
        found = []
        if said["key"] in self.keys:
            remedy = f"There is such {self.side} already. Leave the row out, or give it another key."
            found.append(problem(line, columns.KEY, "already_there", remedy))
        if self.external_ids & set(_external_ids(said["content"])):
            remedy = "An innovation with that external id is there already. Leave the row out, or change that innovation."
            found.append(problem(line, "external_ids", "already_there", remedy))
        return found


class _RowChecker:
    """Checks the rows of one file, each by itself and against the rows before it and the record."""

    def __init__(self, session: Session, batch: ImportBatch, actor: Actor) -> None:
        self.session, self.batch, self.actor = session, batch, actor
        self.known = known_of(session)
        self.first_line: dict[tuple[str, str], int] = {}

    def checked(self, rows: list[RawRow]) -> list[dict[str, Any]]:
        """The rows as they are staged, with everything that is wrong with them."""
        read = [(row.line, *self._read(row)) for row in rows]
        taken = Taken(self.session, self.batch.side, [said for _, said, _ in read if said])
        return [self._staged(line, said, problems + (taken.clashes(said, line) if said else [])) for line, said, problems in read]

    def _read(self, row: RawRow) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        if row.problems:
            return {}, list(row.problems)
        values, problems = _values(row.cells, row.line)
        key = values.pop(columns.KEY, None)
        content = self._content(values, row.line, problems)
        if content is None:
            return {}, problems
        said = self._said(content, key)
        return said, problems + self._among_others(said, row.line)

    def _staged(self, line: int, said: dict[str, Any], problems: list[dict[str, Any]]) -> dict[str, Any]:
        self.batch.problem_count += len(problems)
        told = problems[:MOST_PROBLEMS_OF_A_ROW]
        return {"id": uuid4(), "import_id": self.batch.id, "line": line, "data": {} if told else said, "problems": told}

    def _content(self, values: dict[str, Any], line: int, problems: list[dict[str, Any]]) -> NeedContent | InnovationContent | None:
        if self.batch.side is Side.INNOVATION:
            problems += self._settle_consent(values, line, unread={entry["field"] for entry in problems})
        try:
            content = CONTENT[self.batch.side].model_validate(values)
        except ValidationError as error:
            unread = {entry["field"] for entry in problems}  # a cell that could not be read is told once
            problems += [entry for entry in columns.problems_of(error, line) if entry["field"] not in unread]
            return None
        return None if problems else content

    def _settle_consent(self, values: dict[str, Any], line: int, *, unread: set[str]) -> list[dict[str, Any]]:
        """Consent is of the row, whole, or else the one that was stated for the whole file."""
        given = [name for name in ("consent_by", "consent_at", "consent_scope") if name in values or name in unread]
        if len(given) in {1, 2}:
            remedy = "Say who consented, when and to what, or leave all three columns empty."
            return [problem(line, "consent_by", "consent_incomplete", remedy)]
        if not given and self.batch.consent_basis:
            values |= {"consent_by": self.batch.consent_basis, "consent_at": self.batch.created_at, "consent_scope": "matching"}
        return []

    def _among_others(self, said: dict[str, Any], line: int) -> list[dict[str, Any]]:
        """What cannot be together with the rows before it, with its sender, or with the rules of the record."""
        found = [entry for name, value in _identities(said) if (entry := self._repeated(name, value, line))]
        try:
            composed = compose(self.batch.side, said["content"], self.known, created_by=self.batch.created_by, at=self.batch.created_at)
        except Exception as error:  # whatever keeps the row from being stored then, is told now
            return found + misfits(error, line)
        if not _IMPORT[self.batch.side].allows(self.actor, Subject(concerned=frozenset(composed.place_ids))):
            own = sorted(key for key, place_id in self.known.places.items() if place_id in self.actor.place_ids)
            remedy = f"A need must concern your own place. Add {' or '.join(own)}."
            found.append(problem(line, "places", "not_your_place", remedy))
        elif owner := owner_place(self.actor, composed.place_ids):
            said["owner_place"] = str(owner)
        return found

    def _repeated(self, name: str, value: str, line: int) -> dict[str, Any] | None:
        first = self.first_line.setdefault((name, value), line)
        if first == line:
            return None
        return problem(line, name, "repeated", f"Line {first} has it too. Leave one of the two rows out, or change it.")

    def _said(self, content: NeedContent | InnovationContent, key: str | None) -> dict[str, Any]:
        warnings = warnings_of(content)
        held = isinstance(content, InnovationContent) and not content.consent_by
        return {"content": columns.as_json(content), "key": key, "held": held, "warned": bool(warnings), "warnings": warnings}


class _Basis(BaseModel):
    consent_basis: Short


def checked_basis(consent_basis: str) -> str:
    """The basis on which all innovators of a file consented, cleaned; raises ImportFileRefused for what cannot be kept."""
    try:
        return _Basis(consent_basis=consent_basis).consent_basis
    except ValidationError as error:
        found = columns.problems_of(error, 0)
        raise ImportFileRefused(f"The basis of consent cannot be kept. {found[0]['remedy']}", problems=found) from error


def _hash_of(stream: BinaryIO) -> str:
    stream.seek(0)
    digest = hashlib.sha256()
    while block := stream.read(_READ_BYTES):
        digest.update(block)
    stream.seek(0)
    return digest.hexdigest()


def _values(cells: Mapping[str, str], line: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the filled cells of a row say, and what could not be read."""
    values: dict[str, Any] = {}
    problems: list[dict[str, Any]] = []
    for column, cell in cells.items():
        if not cell.strip():
            continue
        try:
            values[column] = columns.read_cell(column, columns.unguarded(cell))
        except CellUnread as error:
            problems.append(problem(line, column, error.kind, str(error)))
    key = values.get(columns.KEY, "")
    if len(key) > _LONGEST_KEY or not key.isprintable():
        problems.append(problem(line, columns.KEY, "bad_key", f"Use at most {_LONGEST_KEY} characters that can be printed."))
    return values, problems


def _external_ids(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(item["system"], item["id"]) for item in content.get("external_ids", [])]


def _identities(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What no two rows may have in common."""
    if said["key"]:
        yield columns.KEY, said["key"]
    for system, value in dict.fromkeys(_external_ids(said["content"])):
        yield "external_ids", f"{system}={value}"


def _refuse_a_second_time(earlier: ImportBatch | None) -> None:
    if earlier:
        when = in_london(earlier.created_at)
        raise AlreadyImported(
            f"This file was imported at {when} as {earlier.id}. Change the file, or look at that import.", import_id=str(earlier.id)
        )


def _shown_name(file_name: str) -> str:
    """The end of a file's name without what cannot be printed."""
    return "".join(c for c in file_name if c.isprintable()).strip()[-_LONGEST_FILE_NAME:] or "upload.csv"
