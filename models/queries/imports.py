"""Import jobs and their staged rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Text, cast, delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from models.documents import Revision, Side
from models.imports import ImportBatch, ImportRow, ImportStatus
from models.innovations import ExternalId, Innovation
from models.needs import Need, NeedCriterion, need_place
from models.queries.documents import TABLES, NotFound
from models.queries.visibility import INNOVATION_IS_SEARCHABLE, NEED_IS_SEARCHABLE

_STAGING_LOCK = 7_251_002  # any constant: on PostgreSQL two stagings of one file must not pass each other
_TAKEN = (ImportStatus.APPLYING, ImportStatus.COMPLETE)
_SEARCHABLE = {Side.NEED: NEED_IS_SEARCHABLE, Side.INNOVATION: INNOVATION_IS_SEARCHABLE}
_READY = cast(ImportRow.problems, Text) == "[]"


def batch(session: Session, import_id: UUID, *, lock: bool = False) -> ImportBatch:
    """One import, locked against other appliers on request; raises NotFound."""
    query = select(ImportBatch).where(ImportBatch.id == import_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalars(query).first()
    if found is None:
        raise NotFound("There is no import of that id that you may see. Check the id.")
    return found


def taken_before(session: Session, side: Side, file_hash: str) -> ImportBatch | None:
    """The import that has brought this very file in, or is doing so; keeps other stagings out until the commit."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _STAGING_LOCK})
    same = (ImportBatch.side == side, ImportBatch.file_hash == file_hash, ImportBatch.status.in_(_TAKEN))
    return session.scalars(select(ImportBatch).where(*same).order_by(ImportBatch.created_at)).first()


def latest(session: Session, limit: int = 50) -> Sequence[ImportBatch]:
    """The latest imports, newest first."""
    return session.scalars(select(ImportBatch).order_by(ImportBatch.created_at.desc(), ImportBatch.id).limit(limit)).all()


def unfinished(session: Session) -> Sequence[UUID]:
    """Imports that were begun and are not complete."""
    return session.scalars(select(ImportBatch.id).where(ImportBatch.status == ImportStatus.APPLYING).order_by(ImportBatch.created_at)).all()


def keep_rows(session: Session, rows: list[dict[str, Any]]) -> None:
    """Stage rows."""
    session.execute(insert(ImportRow), rows)


def to_apply(session: Session, import_id: UUID, limit: int) -> Sequence[ImportRow]:
    """The next sound rows that have not become documents yet, by line."""
    waiting = (ImportRow.import_id == import_id, ImportRow.document_id.is_(None), _READY)
    return session.scalars(select(ImportRow).where(*waiting).order_by(ImportRow.line).limit(limit)).all()


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


def show(session: Session, side: Side, import_id: UUID, at: datetime) -> Sequence[Row[UUID, int, Any]]:
    """Make the documents of an import visible, all at once; returns id, revision and status of each, by line."""
    if side is Side.NEED:
        session.execute(update(Need).where(Need.import_id == import_id).values(live=True, opened_at=at, updated_at=at))
    else:
        session.execute(update(Innovation).where(Innovation.import_id == import_id).values(live=True, submitted_at=at, updated_at=at))
    table = TABLES[side]
    query = select(table.id, table.revision, table.status).where(table.import_id == import_id).order_by(table.import_line)
    return session.execute(query).all()


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
