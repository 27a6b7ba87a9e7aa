"""A file of needs or innovations -> staged, checked, applied in chunks, shown all at once."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO
from uuid import UUID, uuid4

from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session

from api.queue import Job, enqueue
from api.services import columns, intake
from api.services.columns import CONTENT, CellUnread, problem
from api.services.content import InnovationContent, NeedContent, Short, warnings_of
from api.services.csv_files import ImportFileRefused, RawRow, rows_of
from api.services.recording import record
from models.actors import SYSTEM, Actor
from models.base import DomainError
from models.documents import Side
from models.events import Event
from models.imports import ImportBatch, ImportRow, ImportStatus
from models.innovations import InnovationStatus
from models.needs import NeedStatus
from models.people import Role
from models.queries import documents, imports, places

CHUNK = 500
SHOWN_PROBLEMS = 1_000
_READ_BYTES = 1 << 20
_LONGEST_KEY = 100
_ALLOWED = {Side.NEED: (Role.HUB, Role.PLACE), Side.INNOVATION: (Role.HUB, Role.PIPELINE)}
_SUBMITTED = {Side.NEED: NeedStatus.OPEN, Side.INNOVATION: InnovationStatus.SUBMITTED}
_SHOWN_EVENT = {Side.NEED: "need.opened", Side.INNOVATION: "submission.received"}


class AlreadyImported(DomainError):
    """This very file was brought in before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """Where an import stands and what was found in its rows; `problems` and `warnings` hold the first thousand."""

    id: str
    side: str
    file_name: str
    status: str
    dry_run: bool
    partial: bool
    total_rows: int
    invalid_rows: int
    applied_rows: int
    held_rows: int
    problems: list[dict[str, Any]]
    warnings: list[dict[str, Any]]
    created_at: str
    completed_at: str | None

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON."""
        return asdict(self)


def stage(
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
) -> ImportBatch:
    """Read and check every row; apply them later only if all are sound, or, when `partial`, those that are.

    `stream` is read twice, from its beginning: for its hash, then for its rows.

    Raises:
        ImportFileRefused: if it is no CSV file with our columns; nothing is kept then.
        AlreadyImported: if this very file was imported before.
        NotAllowed: if the actor may not import.
    """
    actor.must_be(*_ALLOWED[side])
    basis = _checked_basis(consent_basis)
    digest = _hash_of(stream)
    if earlier := imports.taken_before(session, side, digest):
        when = f"{earlier.created_at:%d %B %Y at %H:%M}"
        raise AlreadyImported(
            f"This file was imported on {when} as {earlier.id}. Change the file, or look at that import.", import_id=str(earlier.id)
        )
    batch = ImportBatch(
        id=uuid4(),
        side=side,
        file_name=file_name[-300:],
        file_hash=digest,
        dry_run=dry_run,
        partial=partial,
        consent_basis=basis,
        total_rows=0,
        invalid_rows=0,
        applied_rows=0,
        created_by=actor.name,
        created_at=at,
    )
    session.add(batch)
    session.flush()
    checker = _RowChecker(session, batch, actor)
    rows = rows_of(stream, side)
    while chunk := list(islice(rows, CHUNK)):
        staged = [checker.checked(row) for row in chunk]
        batch.total_rows += len(staged)
        batch.invalid_rows += sum(bool(row["problems"]) for row in staged)
        imports.keep_rows(session, staged)
        on_progress(batch.total_rows)
    _settle(session, batch, actor, at)
    return batch


def apply_next(session: Session, import_id: UUID, *, at: datetime, chunk: int = CHUNK) -> bool:
    """Apply the next rows, unseen; when none is left, show them all. Safe to run twice, or after a kill.

    Returns whether there is more to do; the job that calls this is owed again then.
    """
    batch = imports.batch(session, import_id, lock=True)
    if batch.status is not ImportStatus.APPLYING:
        return False
    rows = imports.to_apply(session, import_id, chunk)
    if not rows:
        _show(session, batch, at)
        return False
    clashing = _newly_clashing(session, batch, rows)
    if clashing and not batch.partial:
        _give_up(session, batch, at)
        return False
    for row in rows:
        if row.line not in clashing:
            _apply(session, batch, row, at)
    session.flush()
    return True


def report(session: Session, import_id: UUID, *, actor: Actor = SYSTEM) -> ImportReport:
    """What became of an import; raises NotFound for one that is neither the actor's nor the Hub's to see."""
    batch = imports.batch(session, import_id)
    if not actor.is_hub and batch.created_by != actor.name:
        raise documents.NotFound("There is no import of that id that you may see. Check the id.")
    warned = imports.warned_rows(session, import_id, SHOWN_PROBLEMS)
    return ImportReport(
        id=str(batch.id),
        side=batch.side.value,
        file_name=batch.file_name,
        status=batch.status.value,
        dry_run=batch.dry_run,
        partial=batch.partial,
        total_rows=batch.total_rows,
        invalid_rows=batch.invalid_rows,
        applied_rows=batch.applied_rows,
        held_rows=imports.held_count(session, import_id),
        problems=[entry for row in imports.faulty_rows(session, import_id, SHOWN_PROBLEMS) for entry in row.problems][:SHOWN_PROBLEMS],
        warnings=[{"line": row.line, "remedy": text} for row in warned for text in row.data["warnings"]],
        created_at=batch.created_at.isoformat(),
        completed_at=batch.completed_at.isoformat() if batch.completed_at else None,
    )


class _RowChecker:
    """Checks the rows of one file, each by itself and against the rows before it and the record."""

    def __init__(self, session: Session, batch: ImportBatch, actor: Actor) -> None:
        self.session, self.batch = session, batch
        known = places.all_places(session)
        self.places = {place.key for place in known}
        self.own_places = None if actor.is_hub else {place.key for place in known if place.id in actor.place_ids}
        self.organisations = {row.ods_code for row in places.organisations(session)}
        self.first_line: dict[tuple[str, str], int] = {}

    def checked(self, row: RawRow) -> dict[str, Any]:
        """The row as it is staged, with everything that is wrong with it."""
        line, problems = row.line, list(row.problems)
        data: dict[str, Any] = {}
        if not problems:
            values, problems = _values(row.cells, line)
            key = values.pop(columns.KEY, None)
            content = self._content(values, line, problems)
            if content is not None:
                problems += self._against_record(content, key, line)
                data = self._staged(content, key)
        return {"id": uuid4(), "import_id": self.batch.id, "line": line, "data": data if not problems else {}, "problems": problems}

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

    def _against_record(self, content: NeedContent | InnovationContent, key: str | None, line: int) -> list[dict[str, Any]]:
        found = [self._repeated(name, value, line) for name, value in _identities(content, key)]
        if isinstance(content, NeedContent):
            found += [self._place(content, line), self._organisation(content, line)]
        clashes = _clashes(self.session, self.batch.side, content.model_dump(include={"external_ids"}), key, line)
        return [entry for entry in found if entry] + clashes

    def _repeated(self, name: str, value: str, line: int) -> dict[str, Any] | None:
        first = self.first_line.setdefault((name, value), line)
        if first == line:
            return None
        return problem(line, name, "repeated", f"Line {first} has it too. Leave one of the two rows out, or change it.")

    def _place(self, content: NeedContent, line: int) -> dict[str, Any] | None:
        if set(content.places) - self.places:
            return problem(line, "places", "unknown_place", f"Use place keys among {', '.join(sorted(self.places))}.")
        if self.own_places is not None and not self.own_places & set(content.places):
            return problem(line, "places", "not_your_place", f"A need must concern your own place. Add {' or '.join(self.own_places)}.")
        return None

    def _organisation(self, content: NeedContent, line: int) -> dict[str, Any] | None:
        if content.owning_organisation is None or content.owning_organisation in self.organisations:
            return None
        remedy = "Use the ODS code of a known organisation, or leave the cell empty."
        return problem(line, "owning_organisation", "unknown_organisation", remedy)

    def _staged(self, content: NeedContent | InnovationContent, key: str | None) -> dict[str, Any]:
        warnings = warnings_of(content)
        held = isinstance(content, InnovationContent) and not content.consent_by
        return {"content": columns.as_json(content), "key": key, "held": held, "warned": bool(warnings), "warnings": warnings}


class _Basis(BaseModel):
    consent_basis: Short


def _checked_basis(consent_basis: str) -> str:
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


def _identities(content: NeedContent | InnovationContent, key: str | None) -> list[tuple[str, str]]:
    found = [(columns.KEY, key)] if key else []
    if isinstance(content, InnovationContent):
        found += [("external_ids", f"{item.system}={item.id}") for item in content.external_ids]
    return found


def _clashes(session: Session, side: Side, values: Mapping[str, Any], key: str | None, line: int) -> list[dict[str, Any]]:
    """What another document of the record has already."""
    found = []
    if key and documents.by_key(session, side, key) is not None:
        remedy = f"There is such {side} already. Leave the row out, or give it another key."
        found.append(problem(line, columns.KEY, "already_there", remedy))
    for item in values.get("external_ids", []):
        if documents.by_external_id(session, item["system"], item["id"]) is not None:
            remedy = "An innovation with that external id is there already. Leave the row out, or change that innovation."
            found.append(problem(line, "external_ids", "already_there", remedy))
    return found


def _settle(session: Session, batch: ImportBatch, actor: Actor, at: datetime) -> None:
    """Refuse the staged file, leave it at the check, or owe its application."""
    sound = batch.total_rows - batch.invalid_rows
    if batch.invalid_rows and not (batch.partial and sound):
        batch.status = ImportStatus.REFUSED
    else:
        batch.status = ImportStatus.CHECKED if batch.dry_run else ImportStatus.APPLYING
    record(session, _event("import.staged", batch, at, actor=actor.name), at=at)
    session.flush()
    if batch.status is ImportStatus.APPLYING:
        enqueue(session, Job.APPLY_IMPORT, at=at, bulk=True, id=str(batch.id))


def _newly_clashing(session: Session, batch: ImportBatch, rows: Sequence[ImportRow]) -> set[int]:
    """The lines that clash with what others stored after the file was staged; they are marked."""
    lines: set[int] = set()
    for row in rows:
        if clashes := _clashes(session, batch.side, row.data["content"], row.data["key"], row.line):
            row.problems = clashes
            lines.add(row.line)
    batch.invalid_rows += len(lines)
    return lines


def _apply(session: Session, batch: ImportBatch, row: ImportRow, at: datetime) -> None:
    """Store one document, submitted but unseen."""
    content = CONTENT[batch.side].model_validate(row.data["content"])
    document = intake.create(session, batch.side, content, actor=replace(SYSTEM, name=batch.created_by), at=at)
    document.key = row.data["key"]
    document.live = False
    document.import_id, document.import_line = batch.id, row.line
    document.move_to(_SUBMITTED[batch.side], at=at)
    row.document_id = document.id
    batch.applied_rows += 1


def _show(session: Session, batch: ImportBatch, at: datetime) -> None:
    """All documents of the import come into force with this transaction."""
    actor = batch.created_by
    for row in imports.show(session, batch.side, batch.id, at):
        session.add(
            Event.of(
                _SHOWN_EVENT[batch.side],
                subject_kind=batch.side.value,
                subject_id=row.id,
                actor=actor,
                at=at,
                revision=row.revision,
                status=row.status.value,
            )
        )
    batch.status, batch.completed_at = ImportStatus.COMPLETE, at
    record(session, _event("import.completed", batch, at, actor=actor), at=at)
    session.flush()
    for document_id in imports.searchable_of(session, batch.side, batch.id):
        enqueue(session, Job.EMBED, at=at, bulk=True, side=batch.side.value, id=str(document_id))


def _give_up(session: Session, batch: ImportBatch, at: datetime) -> None:
    """Take the unseen documents back: not every row can be applied any more."""
    session.flush()
    imports.discard(session, batch.side, batch.id)
    batch.status, batch.applied_rows = ImportStatus.REFUSED, 0
    record(session, _event("import.refused", batch, at, actor=batch.created_by), at=at)
    session.flush()


def _event(kind: str, batch: ImportBatch, at: datetime, *, actor: str) -> Event:
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
