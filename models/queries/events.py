"""The event chain: what is sealed, what is not, what concerns the index."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, func, or_, select, text
from sqlalchemy.orm import Session

from models.actors import Actor
from models.events import ACCESS_REFUSED, GENESIS, Event
from models.queries.visibility import events_visible_to

_SEALER_LOCK = 7_251_001  # any constant: one sealer at a time on PostgreSQL; SQLite has one writer anyway
_IS_A_CHANGE = Event.kind != ACCESS_REFUSED  # a refused attempt leaves everything as it was


# Written once: every search asks for these, and to put them together takes longer than to answer them.
_HEAD = select(Event.position, Event.hash).where(Event.position.is_not(None)).order_by(Event.position.desc()).limit(1)
_OF_A_KIND = select(Event.subject_id).where(Event.subject_kind == bindparam("subject_kind"), _IS_A_CHANGE)
_CHANGED, _LOOSE = _OF_A_KIND.where(Event.position > bindparam("position")), _OF_A_KIND.where(Event.position.is_(None))


def head(session: Session) -> tuple[int, str]:
    """Position and hash of the last sealed event; (0, GENESIS) at the beginning."""
    row = session.execute(_HEAD).first()
    return (row[0] or 0, row[1] or GENESIS) if row else (0, GENESIS)


def chain_id(session: Session) -> str:
    """The hash of the first sealed event, which tells this database's history from any other's; empty before it."""
    return session.scalar(select(Event.hash).where(Event.position == 1)) or ""


def lock_for_sealing(session: Session) -> None:
    """Keep other sealers out until the end of the transaction."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SEALER_LOCK})


def unsealed(session: Session, *, limit: int) -> Sequence[Event]:
    """Events that have no position yet, in the order of their writing."""
    return session.scalars(
        select(Event).where(Event.position.is_(None)).order_by(Event.recorded_at, Event.ordinal, Event.id).limit(limit)
    ).all()


def after(session: Session, position: int, actor: Actor, *, kinds: Collection[str] | None, limit: int) -> Sequence[Event]:
    """Sealed events past a position that the actor may read, in order; of these kinds only, when kinds are given."""
    query = select(Event).where(Event.position > position, events_visible_to(actor))
    if kinds is not None:
        query = query.where(Event.kind.in_(kinds))
    return session.scalars(query.order_by(Event.position).limit(limit)).all()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events are looked for; what is left out narrows nothing. `actors` that are none find none."""

    kind: str = ""
    subject_kind: str = ""
    subject_id: UUID | None = None
    actors: Collection[str] | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """The same in SQL; `until` is the first moment that is too late."""
        if self.kind:
            yield Event.kind == self.kind
        if self.subject_kind:
            yield Event.subject_kind == self.subject_kind
        if self.subject_id is not None:
            yield Event.subject_id == self.subject_id
        if self.actors is not None:
            yield Event.actor.in_(self.actors)
        if self.since is not None:
            yield Event.recorded_at >= self.since
        if self.until is not None:
            yield Event.recorded_at < self.until


def looked_for(
    session: Session, actor: Actor, wanted: Wanted, *, after: int | None = None, before: int | None = None, limit: int
) -> Sequence[Event]:
    """Sealed events that the actor may read, latest first: the last of all, the first past a position, or the last before one."""
    query = select(Event).where(Event.position.is_not(None), events_visible_to(actor), *wanted.conditions())
    if after is not None:
        found = session.scalars(query.where(Event.position > after).order_by(Event.position).limit(limit)).all()
        return list(reversed(found))
    if before is not None:
        query = query.where(Event.position < before)
    return session.scalars(query.order_by(Event.position.desc()).limit(limit)).all()


def changed_since(session: Session, subject_kind: str, position: int) -> tuple[set[UUID], set[UUID]]:
    """Ids of subjects with sealed events past a position, and with events not sealed yet."""
    sealed = set(session.scalars(_CHANGED, {"subject_kind": subject_kind, "position": position}))
    return sealed, set(session.scalars(_LOOSE, {"subject_kind": subject_kind}))


def changes_since(session: Session, position: int, subject_kinds: Collection[str]) -> int:
    """How many subjects of these kinds have an event past a position, or one that is not sealed yet."""
    newer = or_(Event.position > position, Event.position.is_(None))
    found = (
        select(Event.subject_kind, Event.subject_id).where(Event.subject_kind.in_(subject_kinds), newer, _IS_A_CHANGE).distinct().subquery()
    )
    return session.scalar(select(func.count()).select_from(found)) or 0


def once(session: Session, once_key: str) -> Event | None:
    """The event of that meaning, when it has been written."""
    return session.scalars(select(Event).where(Event.once_key == once_key)).first()


def of_subject(session: Session, subject_id: UUID, limit: int = 100) -> Sequence[Event]:
    """What happened to one subject, latest first."""
    return session.scalars(
        select(Event).where(Event.subject_id == subject_id).order_by(Event.recorded_at.desc(), Event.id).limit(limit)
    ).all()


def count(session: Session) -> int:
    """How many events there are."""
    return session.scalar(select(func.count()).select_from(Event)) or 0
