"""staged -> stored: rows worked out beforehand, stored unseen in short transactions, shown all at once."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from asgi_correlation_id import correlation_id
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from api.queue import Job, enqueue, enqueue_all
from api.services.composing import SUBMITTED, compose, misfits
from api.services.recording import record
from api.services.staging import CHUNK, Taken, event_of, known_of
from models.actors import Actor
from models.documents import Side
from models.events import Event
from models.imports import ImportBatch, ImportRow, ImportStatus
from models.needs import Need
from models.queries import imports
from models.queries.imports import Composed

SHOWN_PROBLEMS = 300
_SHOWN_EVENT = {Side.NEED: "need.opened", Side.INNOVATION: "submission.received"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """Where an import stands and what was found in its rows.

    `problems` and `warnings` hold the first few hundred of them, `problem_count` says how many problems there are;
    `reason` says why an import is refused although its rows were sound when they were checked.
    """

    id: str
    side: str
    file_name: str
    status: str
    reason: str
    dry_run: bool
    partial: bool
    total_rows: int
    invalid_rows: int
    applied_rows: int
    held_rows: int
    problem_count: int
    problems: list[dict[str, Any]]
    warnings: list[dict[str, Any]]
    created_at: str
    completed_at: str | None

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Step:
    """The next rows of an import as the documents that they become, or the events that tell all of it when none is left."""

    import_id: UUID
    rows: Sequence[ImportRow]
    composed: dict[int, Composed]
    misfits: dict[int, list[dict[str, Any]]]
    events: Sequence[Event]


def next_step(session: Session, import_id: UUID, *, at: datetime, chunk: int = CHUNK) -> Step | None:
    """Work out what an import has to do next; writes nothing, so that nobody waits for it. None when it is at its end."""
    batch = imports.batch(session, import_id)
    if batch.status is not ImportStatus.APPLYING:
        return None
    rows = imports.to_apply(session, import_id, chunk)
    if not rows:
        return Step(import_id, [], {}, {}, _shown_events(session, batch, at))
    known, composed, unfit = known_of(session), dict[int, Composed](), dict[int, list[dict[str, Any]]]()
    for row in rows:
        try:
            each = compose(batch.side, row.data["content"], known, created_by=batch.created_by, at=at)
        except Exception as error:  # whatever it is, the row is named, and no row waits behind it for ever
            unfit[row.line] = misfits(error, row.line)
            continue
        each.row.key, each.row.import_id, each.row.import_line = row.data["key"], batch.id, row.line
        if isinstance(each.row, Need) and (owner := row.data.get("owner_place")):
            each.row.owner_place_id = UUID(owner)
        composed[row.line] = each
    return Step(import_id, rows, composed, unfit, [])


def take(session: Session, step: Step, *, at: datetime) -> bool:
    """Store the rows of a step, unseen; or show all, when none was left. Safe to run twice, or after a kill.

    Returns whether there is more to do; the job that calls this is owed again then.
    """
    batch = imports.batch(session, step.import_id, lock=True)
    if batch.status is not ImportStatus.APPLYING:
        return False
    if imports.lines_to_apply(session, step.import_id, max(len(step.rows), 1)) != {row.line for row in step.rows}:
        return True  # somebody else has gone on with it meanwhile
    if not step.rows:
        _show(session, batch, step, at)
        return False
    unfit = _store(session, batch, step)
    _mark(session, batch, [row for row in step.rows if row.line in unfit], unfit)
    if unfit and not batch.partial:
        _give_up(session, batch, f"Line {min(unfit)} could not be stored any more, so none was. See its problem.", at)
        return False
    batch.applied_rows += len(step.rows) - len(unfit)
    session.flush()
    return True


def abandon(session: Session, import_id: UUID, *, at: datetime) -> None:
    """Refuse an import that could not be applied in any attempt; nothing of it stays."""
    batch = imports.batch(session, import_id, lock=True)
    if batch.status is ImportStatus.APPLYING:
        _give_up(session, batch, "The rows could not be stored. Bring the file again; if that fails too, ask who runs the service.", at)


def report(session: Session, import_id: UUID, *, actor: Actor) -> ImportReport:
    """What became of an import; raises NotFound for one that is neither the actor's nor the Hub's to see."""
    batch = imports.read(session, import_id, actor)
    warned = imports.warned_rows(session, import_id, SHOWN_PROBLEMS)
    return ImportReport(
        id=str(batch.id),
        side=batch.side.value,
        file_name=batch.file_name,
        status=batch.status.value,
        reason=batch.reason,
        dry_run=batch.dry_run,
        partial=batch.partial,
        total_rows=batch.total_rows,
        invalid_rows=batch.invalid_rows,
        applied_rows=batch.applied_rows,
        held_rows=imports.held_count(session, import_id),
        problem_count=batch.problem_count,
        problems=[entry for row in imports.faulty_rows(session, import_id, SHOWN_PROBLEMS) for entry in row.problems][:SHOWN_PROBLEMS],
        warnings=[{"line": row.line, "remedy": text} for row in warned for text in row.data["warnings"]][:SHOWN_PROBLEMS],
        created_at=batch.created_at.isoformat(),
        completed_at=batch.completed_at.isoformat() if batch.completed_at else None,
    )


def _store(session: Session, batch: ImportBatch, step: Step) -> dict[int, list[dict[str, Any]]]:
    """Store what may be stored; returns what keeps the other rows out, by line."""
    taken = Taken(session, batch.side, [row.data for row in step.rows])
    unfit = {row.line: clashes for row in step.rows if (clashes := taken.clashes(row.data, row.line))} | step.misfits
    sound = [row for row in step.rows if row.line not in unfit]
    if (unfit and not batch.partial) or _stored(session, step, sound) is None:
        return unfit
    for row in sound:  # one of them cannot be stored: find it
        if (error := _stored(session, step, [row])) is not None:
            unfit[row.line] = misfits(error, row.line)
    return unfit


def _stored(session: Session, step: Step, rows: Sequence[ImportRow]) -> Exception | None:
    """Store these rows, or none of them; returns what kept them out. A database that is away is nobody's row."""
    try:
        with session.begin_nested():
            imports.store(session, [step.composed[row.line] for row in rows], [row.id for row in rows])
    except OperationalError:
        raise
    except Exception as error:  # whatever the database or its driver says of a value
        return error
    return None


def _mark(session: Session, batch: ImportBatch, rows: Sequence[ImportRow], unfit: dict[int, list[dict[str, Any]]]) -> None:
    for row in rows:
        imports.mark(session, row.id, unfit[row.line])
        batch.problem_count += len(unfit[row.line])
    batch.invalid_rows += len(rows)


def _shown_events(session: Session, batch: ImportBatch, at: datetime) -> list[Event]:
    shown = [
        Event.of(
            _SHOWN_EVENT[batch.side],
            subject_kind=batch.side.value,
            subject_id=document_id,
            actor=batch.created_by,
            at=at,
            revision=1,
            status=SUBMITTED[batch.side].value,
        )
        for document_id in imports.documents_of(session, batch.side, batch.id)
    ]
    for event in shown:
        event.correlation_id = correlation_id.get() or ""
    return shown


def _show(session: Session, batch: ImportBatch, step: Step, at: datetime) -> None:
    """All documents of the import come into force with this transaction."""
    imports.show(session, batch.side, batch.id, at, step.events)
    enqueue(session, Job.SEAL, at=at)
    batch.status, batch.completed_at = ImportStatus.COMPLETE, at
    record(session, event_of("import.completed", batch, at, actor=batch.created_by), at=at)
    session.flush()
    searchable = imports.searchable_of(session, batch.side, batch.id)
    enqueue_all(session, Job.EMBED, ({"side": batch.side.value, "id": str(each)} for each in searchable), at=at)


def _give_up(session: Session, batch: ImportBatch, reason: str, at: datetime) -> None:
    """Take the unseen documents back: not every row can be applied any more."""
    session.flush()
    imports.discard(session, batch.side, batch.id)
    batch.status, batch.reason, batch.applied_rows = ImportStatus.REFUSED, reason, 0
    record(session, event_of("import.refused", batch, at, actor=batch.created_by), at=at)
    session.flush()
