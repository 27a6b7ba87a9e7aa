"""Passages and vectors of documents."""

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.documents import Side
from models.passages import Passage, Vector

T = TypeVar("T")
_CHUNK = 400  # bound parameters of one statement; SQLite's limit is far above, its planner likes less


def _document_column(side: Side):  # type: ignore[no-untyped-def] # noqa: ANN202 -- an instrumented attribute of either column
    return Passage.need_id if side is Side.NEED else Passage.innovation_id


def of_documents(session: Session, side: Side, ids: Collection[UUID]) -> dict[UUID, list[Passage]]:
    """The passages of these documents, each list in order."""
    column = _document_column(side)
    found: dict[UUID, list[Passage]] = {document_id: [] for document_id in ids}
    for chunk in _chunks(list(ids)):
        for row in session.scalars(select(Passage).where(column.in_(chunk)).order_by(Passage.ordinal)):
            found[row.need_id if side is Side.NEED else row.innovation_id].append(row)  # type: ignore[index] # the CHECK says which is set
    return found


def replace(session: Session, side: Side, document_id: UUID, rows: Iterable[Passage]) -> None:
    """Put a document's passages in the place of those it had."""
    session.execute(delete(Passage).where(_document_column(side) == document_id))
    session.add_all(rows)
    session.flush()


def vectors(session: Session, encoder_id: str, text_hashes: Collection[str]) -> dict[str, bytes]:
    """The stored vectors of these texts, by text hash; texts that are not embedded are left out."""
    found: dict[str, bytes] = {}
    for chunk in _chunks(sorted(set(text_hashes))):
        query = select(Vector.text_hash, Vector.data).where(Vector.encoder_id == encoder_id, Vector.text_hash.in_(chunk))
        found.update((text_hash, data) for text_hash, data in session.execute(query))
    return found


def keep_vectors(session: Session, encoder_id: str, dimension: int, data: dict[str, bytes]) -> None:
    """Store vectors by text hash; one that another writer stored first is the same and stays."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    # In one order for everybody, so that two writers of the same texts wait for each other and never in a ring.
    rows = [{"text_hash": h, "encoder_id": encoder_id, "dimension": dimension, "data": data[h]} for h in sorted(data)]
    if rows:
        session.execute(insert(Vector).on_conflict_do_nothing(), rows)


def _chunks(items: Sequence[T]) -> Iterable[Sequence[T]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
