"""Import jobs and their staged rows."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Text, cast, delete, func, insert, inspect, select, text, tuple_, update
from sqlalchemy.orm import Session

from models.actors import Actor
from models.base import Base
from models.documents import Revision, Side
from models.events import Event
from models.imports import ImportBatch, ImportRow, ImportStatus
from models.innovations import ExternalId, Innovation
from models.needs import Need, NeedCriterion, need_place
from models.organisations import Organisation, OrganisationKind
from models.queries.documents import TABLES, NotFound
from models.queries.visibility import INNOVATION_IS_SEARCHABLE, NEED_IS_SEARCHABLE, imports_visible_to

_STAGING_LOCK = 7_251_002  # any constant: on PostgreSQL two stagings of one file must not pass each other
_TAKEN = (ImportStatus.APPLYING, ImportStatus.COMPLETE)
_SEARCHABLE = {Side.NEED: NEED_IS_SEARCHABLE, Side.INNOVATION: INNOVATION_IS_SEARCHABLE}
_READY = cast(ImportRow.problems, Text) == "[]"
_CHUNK = 400  # bound parameters of one statement


@dataclass(frozen=True, slots=True)
class Composed:
    """A document that no session knows yet, its first revision, its places' ids and its supplier's name."""

    row: Need | Innovation
    revision: Revision
    place_ids: tuple[UUID, ...] = ()
    supplier: str | None = None


def batch(session: Session, import_id: UUID, *, lock: bool = False) -> ImportBatch:
    """One import, locked against other appliers on request, whoever asks; raises NotFound. For jobs only."""
    query = select(ImportBatch).where(ImportBatch.id == import_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalars(query).first()
    if found is None:
        raise _not_found()
    return found


def _not_found() -> NotFound:
    return NotFound("There is no import of that id that you may see. Check the id.")


def read(session: Session, import_id: UUID, actor: Actor) -> ImportBatch:
    """An import whose report the actor may read; raises NotFound."""
    found = session.scalars(select(ImportBatch).where(ImportBatch.id == import_id, imports_visible_to(actor))).first()
    if found is None:
        raise _not_found()
    return found


def taken_before(session: Session, side: Side, file_hash: str, *, lock: bool = False) -> ImportBatch | None:
    """The import that has brought this very file in, or is doing so; `lock` keeps other stagings out until the commit."""
    if lock and session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _STAGING_LOCK})
    same = (ImportBatch.side == side, ImportBatch.file_hash == file_hash, ImportBatch.status.in_(_TAKEN))
    return session.scalars(select(ImportBatch).where(*same).order_by(ImportBatch.created_at)).first()


def latest(session: Session, limit: int = 50) -> Sequence[ImportBatch]:
    """The latest imports, newest first."""
    return session.scalars(select(ImportBatch).order_by(ImportBatch.created_at.desc(), ImportBatch.id).limit(limit)).all()


def unfinished(session: Session) -> Sequence[UUID]:
    """Imports that were begun and are not complete."""
    return session.scalars(select(ImportBatch.id).where(ImportBatch.status == ImportStatus.APPLYING).order_by(ImportBatch.created_at)).all()


def applying(session: Session, limit: int = 20) -> Sequence[ImportBatch]:
    """The imports whose rows are being stored, the oldest first."""
    query = select(ImportBatch).where(ImportBatch.status == ImportStatus.APPLYING)
    return session.scalars(query.order_by(ImportBatch.created_at, ImportBatch.id).limit(limit)).all()


def keep_rows(session: Session, rows: list[dict[str, Any]]) -> None:
    """Stage rows."""
    session.execute(insert(ImportRow), rows)


def to_apply(session: Session, import_id: UUID, limit: int) -> Sequence[ImportRow]:
    """The next sound rows that have not become documents yet, by line."""
    waiting = (ImportRow.import_id == import_id, ImportRow.document_id.is_(None), _READY)
    return session.scalars(select(ImportRow).where(*waiting).order_by(ImportRow.line).limit(limit)).all()


def lines_to_apply(session: Session, import_id: UUID, limit: int) -> set[int]:
    """The lines of the rows that `to_apply` would give."""
    waiting = (ImportRow.import_id == import_id, ImportRow.document_id.is_(None), _READY)
    return set(session.scalars(select(ImportRow.line).where(*waiting).order_by(ImportRow.line).limit(limit)))


def mark(session: Session, row_id: UUID, problems: list[dict[str, Any]]) -> None:
    """Write down what keeps a staged row from being stored."""
    session.execute(update(ImportRow).where(ImportRow.id == row_id).values(problems=problems))


def keys_taken(session: Session, side: Side, keys: Collection[str]) -> set[str]:
    """Those of these keys that a document has."""
    table = TABLES[side]
    return {key for some in _chunks(keys) for key in session.scalars(select(table.key).where(table.key.in_(some))) if key is not None}


def external_ids_taken(session: Session, ids: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of these keys of other systems (system, value) that an innovation has."""
    pair = tuple_(ExternalId.system, ExternalId.value)
    query = select(ExternalId.system, ExternalId.value)
    return {(row.system, row.value) for some in _chunks(ids) for row in session.execute(query.where(pair.in_(some)))}


def store(session: Session, composed: Sequence[Composed], row_ids: Sequence[UUID]) -> None:
    """Insert documents with all that belongs to them, table by table; `row_ids` are the staged rows that they come from."""
    suppliers = _suppliers(session, {each.supplier for each in composed if each.supplier})
    for each in composed:
        if isinstance(each.row, Innovation):
            each.row.supplier_id = suppliers[each.supplier] if each.supplier else None
    rows: list[list[Base]] = [[each.row for each in composed], [each.revision for each in composed]]
    rows.append([criterion for each in composed if isinstance(each.row, Need) for criterion in each.row.criteria])
    rows.append([key for each in composed if isinstance(each.row, Innovation) for key in each.row.external_ids])
    for some in rows:
        _insert(session, some)
    if pairs := [{"need_id": each.row.id, "place_id": place_id} for each in composed for place_id in each.place_ids]:
        session.execute(insert(need_place), pairs)
    told = [{"id": row_id, "document_id": each.row.id} for row_id, each in zip(row_ids, composed, strict=True)]
    session.execute(update(ImportRow), told)


def _suppliers(session: Session, names: Collection[str]) -> dict[str, UUID]:
    """The organisations of these names, added where they are new."""
    found: dict[str, UUID] = {}
    for some in _chunks(names):
        query = select(Organisation.name, Organisation.id).where(Organisation.name.in_(some), Organisation.confirmed)
        query = query.order_by(Organisation.id.desc())
        found |= {row.name: row.id for row in session.execute(query)}
    added = {name: uuid4() for name in sorted(set(names) - found.keys())}
    if added:
        kind = OrganisationKind.SUPPLIER
        session.execute(insert(Organisation), [{"id": new, "name": name, "kind": kind} for name, new in added.items()])
    return found | added


def _insert(session: Session, rows: Sequence[Base]) -> None:
    """Insert rows of one table that no session knows; what they leave out takes its default."""
    if rows:
        names = [column.key for column in inspect(type(rows[0])).column_attrs]
        session.execute(insert(type(rows[0])), [{name: row.__dict__[name] for name in names if name in row.__dict__} for row in rows])


def _chunks(values: Collection[Any]) -> Iterator[list[Any]]:
    listed = list(values)
    return (listed[start : start + _CHUNK] for start in range(0, len(listed), _CHUNK))


def faulty_rows(session: Session, import_id: UUID, limit: int) -> Sequence[ImportRow]:
    """The rows in which something is wrong, by line."""
    return session.scalars(select(ImportRow).where(ImportRow.import_id == import_id, ~_READY).order_by(ImportRow.line).limit(limit)).all()


def held_count(session: Session, import_id: UUID) -> int:
    """How many sound rows lack consent, so that they are stored and listed only."""
    held = (ImportRow.import_id == import_id, _READY, ImportRow.data["held"].as_boolean())
    return session.scalar(select(func.count()).select_from(ImportRow).where(*held)) or 0


def warned_rows(session: Session, import_id: UUID, limit: int) -> Sequence[ImportRow]:
    """The sound rows that somebody should look at, by line."""
    warned = (ImportRow.import_id == import_id, _READY, ImportRow.data["warned"].as_boolean())
    return session.scalars(select(ImportRow).where(*warned).order_by(ImportRow.line).limit(limit)).all()


def documents_of(session: Session, side: Side, import_id: UUID) -> Sequence[UUID]:
    """The documents of an import, by line."""
    table = TABLES[side]
    return session.scalars(select(table.id).where(table.import_id == import_id).order_by(table.import_line)).all()


def show(session: Session, side: Side, import_id: UUID, at: datetime, events: Sequence[Event]) -> None:
    """Make the documents of an import visible, all at once, and tell it."""
    if side is Side.NEED:
        session.execute(update(Need).where(Need.import_id == import_id).values(live=True, opened_at=at, updated_at=at))
    else:
        session.execute(update(Innovation).where(Innovation.import_id == import_id).values(live=True, submitted_at=at, updated_at=at))
    _insert(session, events)


def searchable_of(session: Session, side: Side, import_id: UUID) -> Sequence[UUID]:
    """The documents of an import that may be ranked, by line."""
    table = TABLES[side]
    return session.scalars(select(table.id).where(table.import_id == import_id, _SEARCHABLE[side]).order_by(table.import_line)).all()


def discard(session: Session, side: Side, import_id: UUID) -> None:
    """Remove the documents of an import that was never shown."""
    if side is Side.NEED:
        needs = select(Need.id).where(Need.import_id == import_id, ~Need.live).scalar_subquery()
        session.execute(delete(need_place).where(need_place.c.need_id.in_(needs)))
        session.execute(delete(NeedCriterion).where(NeedCriterion.need_id.in_(needs)))
        session.execute(delete(Revision).where(Revision.need_id.in_(needs)))
        session.execute(delete(Need).where(Need.import_id == import_id, ~Need.live))
    else:
        innovations = select(Innovation.id).where(Innovation.import_id == import_id, ~Innovation.live).scalar_subquery()
        session.execute(delete(ExternalId).where(ExternalId.innovation_id.in_(innovations)))
        session.execute(delete(Revision).where(Revision.innovation_id.in_(innovations)))
        session.execute(delete(Innovation).where(Innovation.import_id == import_id, ~Innovation.live))
    session.execute(update(ImportRow).where(ImportRow.import_id == import_id).values(document_id=None))
