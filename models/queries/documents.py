"""Needs and innovations: one by id, lists by filter, what is searchable, what waits for its next step."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, and_, bindparam, cast, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, lazyload, selectinload

from models.actors import Actor
from models.base import DomainError
from models.documents import Revision, Side, searchable_text
from models.innovations import ExternalId, Innovation, InnovationStatus
from models.needs import Need
from models.places import Place
from models.queries.pages import Page, page_of
from models.queries.visibility import INNOVATION_IS_SEARCHABLE, NEED_IS_SEARCHABLE, innovations_visible_to, needs_visible_to

DocumentRow = Need | Innovation
TABLES: dict[Side, type[Need] | type[Innovation]] = {Side.NEED: Need, Side.INNOVATION: Innovation}
_SEARCHABLE = {Side.NEED: NEED_IS_SEARCHABLE, Side.INNOVATION: INNOVATION_IS_SEARCHABLE}
# Written once: every job asks for these, and to put a statement together takes longer than to run it.
_ONE: Mapping[Side, Select[Any]] = {side: select(table).where(table.id == bindparam("document_id")) for side, table in TABLES.items()}
_LOCKED: Mapping[Side, Select[Any]] = {
    side: _ONE[side].options(lazyload("*")).with_for_update(of=table, key_share=True).execution_options(populate_existing=True)
    for side, table in TABLES.items()
}
_CODE_FILTERS = {
    Side.NEED: frozenset({"care_settings", "areas", "diseases_conditions_impact", "key_health_inequalities"}),
    Side.INNOVATION: frozenset({"care_settings", "areas", "diseases_conditions_impact", "key_health_inequalities", "categories"}),
}
_CHUNK = 400  # bound parameters of one statement
_VALUE_FILTERS = {
    Side.NEED: frozenset({"status", "visibility", "theme", "readability"}),
    Side.INNOVATION: frozenset({"status", "visibility", "kind", "stage", "readability"}),
}


class NotFound(DomainError):
    """There is no such thing, or the actor may not know of it."""


def _visible(side: Side, actor: Actor) -> ColumnElement[bool]:
    return needs_visible_to(actor) if side is Side.NEED else innovations_visible_to(actor)


def get(session: Session, side: Side, document_id: UUID, actor: Actor, *, lock: bool = False) -> Any:  # noqa: ANN401 -- Need or Innovation, as side says
    """The document, when the actor may read it; raises NotFound otherwise. `lock` keeps other writers out."""
    table = TABLES[side]
    query = select(table).where(table.id == document_id, _visible(side, actor))
    if lock:
        query = query.with_for_update(of=table, key_share=True).execution_options(populate_existing=True)
    found = session.scalars(query).unique().first()
    if found is None:
        raise NotFound(f"There is no {side} of that id that you may see. Check the id, or sign in as somebody who may.")
    return found


def need(session: Session, need_id: UUID, actor: Actor) -> Need:
    """A need that the actor may read; raises NotFound."""
    found: Need = get(session, Side.NEED, need_id, actor)
    return found


def innovation(session: Session, innovation_id: UUID, actor: Actor) -> Innovation:
    """An innovation that the actor may read; raises NotFound."""
    found: Innovation = get(session, Side.INNOVATION, innovation_id, actor)
    return found


def page(
    session: Session,
    side: Side,
    actor: Actor,
    *,
    filters: Mapping[str, Any],
    text: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[Any]:
    """Documents that the actor may read, newest first.

    `filters` hold a column's value or a code that a coded list contains; `places` holds place keys, `held` and
    `stale` a flag. `text` is words that must all occur.
    """
    table = TABLES[side]
    query = select(table).where(*conditions(session, side, actor, filters=filters, text=text))
    if side is Side.INNOVATION:
        query = query.options(selectinload(Innovation.parts), selectinload(Innovation.external_ids))
    return page_of(session, query.order_by(table.created_at.desc(), table.id), after=after, limit=limit, kinds=(datetime, UUID))


def conditions(
    session: Session, side: Side, actor: Actor, *, filters: Mapping[str, Any], text: str | None = None
) -> list[ColumnElement[bool]]:
    """What all documents of a list have in common: the actor may read them, the filters hold, and every word of the text occurs."""
    table = TABLES[side]
    found = [_visible(side, actor), *(_condition(session, side, name, value) for name, value in filters.items())]
    if side is Side.INNOVATION:  # one that was merged is read under the one that stands for it
        found.append(Innovation.merged_into_id.is_(None))
    return found + [table.search_text.contains(word, autoescape=True) for word in searchable_text(text).split()]


def _condition(session: Session, side: Side, name: str, value: Any) -> ColumnElement[bool]:  # noqa: ANN401 -- as the filter has it
    table = TABLES[side]
    if name in _VALUE_FILTERS[side]:
        return and_(getattr(table, name) == value)
    if name in _CODE_FILTERS[side]:
        return _holds_code(session, getattr(table, name), value)
    if name == "place" and side is Side.NEED:
        return Need.places.any(Place.key == value)
    if name == "held" and side is Side.INNOVATION:
        held = and_(Innovation.consent_at.is_(None), Innovation.status != InnovationStatus.DRAFT)
        return held if value else ~held
    raise ValueError(f"No list of {side}s is filtered by {name}.")


def _holds_code(session: Session, column: Any, code: str) -> ColumnElement[bool]:  # noqa: ANN401 -- a JSON column
    if session.get_bind().dialect.name == "postgresql":
        return and_(column.cast(postgresql.JSONB).contains([code]))
    items = func.json_each(column).table_valued("value")
    return exists(select(items.c.value).where(items.c.value == code))


def searchable_names(session: Session, side: Side, actor: Actor) -> frozenset[str]:
    """The ids of all documents that may be ranked before this actor, as text: each search asks for all of them."""
    table = TABLES[side]
    # As one text, because ten thousand rows would take five times as long, and as UUIDs ten times longer again.
    found = session.scalar(select(func.aggregate_strings(cast(table.id, Text), " ")).where(_SEARCHABLE[side], _visible(side, actor)))
    names = found.split() if found else ()
    if session.get_bind().dialect.name == "postgresql":
        return frozenset(names)
    return frozenset(f"{name[:8]}-{name[8:12]}-{name[12:16]}-{name[16:20]}-{name[20:]}" for name in names)  # SQLite keeps the digits alone


def searchable_count(session: Session, side: Side, actor: Actor) -> int:
    """How many documents may be ranked before this actor."""
    return session.scalar(select(func.count()).select_from(TABLES[side]).where(_SEARCHABLE[side], _visible(side, actor))) or 0


def innovation_names(session: Session, actor: Actor) -> Sequence[str]:
    """The different names of all innovations that this actor may read."""
    return session.scalars(select(Innovation.name).where(innovations_visible_to(actor)).distinct()).all()


def searchable(session: Session, side: Side, ids: Collection[UUID] | None, encoder_id: str) -> Sequence[Any]:
    """Documents that may be ranked and are embedded at their present revision by this encoder; all, or these."""
    table = TABLES[side]
    query = select(table).where(_SEARCHABLE[side], table.embedded_revision == table.revision, table.embedded_encoder == encoder_id)
    if ids is None:
        return session.scalars(query.order_by(table.id)).unique().all()
    found: list[Any] = []
    for start in range(0, len(ids), _CHUNK):
        found += session.scalars(query.where(table.id.in_(list(ids)[start : start + _CHUNK])).order_by(table.id)).unique()
    return found


def searchable_texts(session: Session, side: Side) -> Sequence[Any]:
    """All documents that may be ranked, embedded or not."""
    table = TABLES[side]
    return session.scalars(select(table).where(_SEARCHABLE[side]).order_by(table.id)).unique().all()


def is_searchable(side: Side) -> ColumnElement[bool]:
    """Whether a document may be ranked, whoever asks."""
    return _SEARCHABLE[side]


def is_unembedded(side: Side, encoder_id: str | None) -> ColumnElement[bool]:
    """Whether a document is not embedded at its present revision by this encoder; by any, when none is named."""
    table = TABLES[side]
    behind = or_(table.embedded_revision.is_(None), table.embedded_revision != table.revision)
    return behind if encoder_id is None else or_(behind, table.embedded_encoder != encoder_id)


def is_unproposed(side: Side) -> ColumnElement[bool]:
    """Whether a document is embedded at its present revision but has not been ranked at it."""
    table = TABLES[side]
    return and_(
        table.embedded_revision == table.revision, or_(table.proposed_revision.is_(None), table.proposed_revision != table.revision)
    )


def to_embed(session: Session, side: Side, encoder_id: str, limit: int) -> Sequence[UUID]:
    """Documents that may be ranked but are not embedded at their present revision by this encoder."""
    table = TABLES[side]
    behind = is_unembedded(side, encoder_id)
    return session.scalars(select(table.id).where(_SEARCHABLE[side], behind).order_by(table.updated_at, table.id).limit(limit)).all()


def to_propose(session: Session, side: Side, limit: int) -> Sequence[UUID]:
    """Documents that are embedded at their present revision but have not been ranked at it."""
    table = TABLES[side]
    behind = is_unproposed(side)
    return session.scalars(select(table.id).where(_SEARCHABLE[side], behind).order_by(table.updated_at, table.id).limit(limit)).all()


def owe_ranking_of_all(session: Session) -> None:
    """Have every document ranked anew; locked innovations before needs, each in the order of its ids, as ranking locks them."""
    for side in (Side.INNOVATION, Side.NEED):
        table = TABLES[side]
        session.execute(select(table.id).order_by(table.id).with_for_update(of=table, key_share=True)).all()
        session.execute(update(table).values(proposed_revision=None).execution_options(synchronize_session=False))


def counts(session: Session, side: Side) -> dict[str, int]:
    """How many documents are stored, searchable, and embedded at their present revision."""
    table = TABLES[side]
    embedded = and_(_SEARCHABLE[side], table.embedded_revision == table.revision)
    row = session.execute(
        select(
            func.count(),
            func.count().filter(_SEARCHABLE[side]),
            func.count().filter(embedded),
        ).select_from(table)
    ).one()
    return {"stored": row[0], "searchable": row[1], "embedded": row[2]}


def by_key(session: Session, side: Side, key: str) -> Any:  # noqa: ANN401 -- Need or Innovation, as side says
    """The document of a demo key; None when there is none."""
    table = TABLES[side]
    return session.scalars(select(table).where(table.key == key)).unique().first()


def by_external_id(session: Session, system: str, value: str) -> UUID | None:
    """The innovation that another system knows by that key."""
    return session.scalars(select(ExternalId.innovation_id).where(ExternalId.system == system, ExternalId.value == value)).first()


def by_external_ids(session: Session, system: str, values: Collection[str]) -> dict[str, UUID]:
    """The innovations that another system knows by these keys."""
    found: dict[str, UUID] = {}
    for start in range(0, len(values), _CHUNK):
        some = list(values)[start : start + _CHUNK]
        query = select(ExternalId.value, ExternalId.innovation_id).where(ExternalId.system == system, ExternalId.value.in_(some))
        found |= {row.value: row.innovation_id for row in session.execute(query)}
    return found


def revision(session: Session, side: Side, document_id: UUID, number: int, actor: Actor) -> Revision:
    """One stored version of a document that the actor may read; raises NotFound. Which versions they may read is the caller's to know."""
    table = TABLES[side]
    column = Revision.need_id if side is Side.NEED else Revision.innovation_id
    readable = select(table.id).where(table.id == document_id, _visible(side, actor))
    found = session.scalars(select(Revision).where(column.in_(readable), Revision.number == number)).first()
    if found is None:
        raise NotFound(f"Version {number} of this {side} is not kept.")
    return found


def one_for_update(session: Session, side: Side, document_id: UUID) -> Any:  # noqa: ANN401 -- Need or Innovation, as side says
    """The document, locked against other writers, whoever asks; None when there is none. For jobs only.

    What belongs to it is loaded when it is asked for, which of a row that was locked is seldom.
    """
    return session.scalars(_LOCKED[side], {"document_id": document_id}).first()


def find(session: Session, side: Side, document_id: UUID) -> Any:  # noqa: ANN401 -- Need or Innovation, as side says
    """The document, whoever asks; None when there is none. For jobs only."""
    return session.scalars(_ONE[side], {"document_id": document_id}).unique().first()


def of_ids(session: Session, side: Side, ids: Collection[UUID], actor: Actor) -> dict[UUID, Any]:
    """Those of these documents that the actor may read, by id."""
    table = TABLES[side]
    rows: Sequence[Any] = session.scalars(select(table).where(table.id.in_(ids), _visible(side, actor))).unique().all()
    return {row.id: row for row in rows}


def readable(session: Session, side: Side, document_id: UUID, actor: Actor) -> bool:
    """Whether the actor may read a document."""
    table = TABLES[side]
    return session.scalar(select(table.id).where(table.id == document_id, _visible(side, actor))) is not None


def revisions(session: Session, side: Side, ids: Collection[UUID]) -> dict[UUID, int]:
    """The present revision of each of these documents."""
    if not ids:
        return {}
    table = TABLES[side]
    return {row.id: row.revision for row in session.execute(select(table.id, table.revision).where(table.id.in_(ids)))}


def lock_searchable(session: Session, side: Side, ids: Collection[UUID]) -> dict[UUID, int]:
    """The present revision of those that may still be ranked, locked in the order of their ids."""
    if not ids:
        return {}
    table = TABLES[side]
    query = (
        select(table.id, table.revision)
        .where(table.id.in_(ids), _SEARCHABLE[side])
        .order_by(table.id)
        .with_for_update(of=table, key_share=True)
    )
    return {row.id: row.revision for row in session.execute(query)}
