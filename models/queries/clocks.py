"""Clocks: the one of a thing, those that are due, those of many things."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session

from models.clocks import Clock, ClockKind

_ONE = select(Clock).where(Clock.kind == bindparam("clock_kind"), Clock.subject_id == bindparam("clock_of"))
_LOCKED = _ONE.with_for_update()


def of(session: Session, kind: ClockKind, subject_id: UUID, *, lock: bool = False) -> Clock | None:
    """The clock of a thing; None when it has none."""
    return session.scalars(_LOCKED if lock else _ONE, {"clock_kind": kind, "clock_of": subject_id}).first()


def of_many(session: Session, kind: ClockKind, subject_ids: Collection[UUID]) -> dict[UUID, Clock]:
    """The clocks of many things, by thing."""
    found = session.scalars(select(Clock).where(Clock.kind == kind, Clock.subject_id.in_(subject_ids)))
    return {row.subject_id: row for row in found}


def due(session: Session, today: date, *, limit: int) -> Sequence[UUID]:
    """The ids of running clocks of which somebody must be told by that day and has not been, longest due first."""
    overdue = and_(Clock.overdue_on <= today, Clock.overdue_told_at.is_(None))
    reminder = and_(Clock.reminder_on <= today, Clock.reminded_at.is_(None), Clock.overdue_told_at.is_(None))
    return session.scalars(select(Clock.id).where(or_(overdue, reminder)).order_by(Clock.reminder_on, Clock.id).limit(limit)).all()


def by_id(session: Session, clock_id: UUID) -> Clock | None:
    """A clock, locked; None when there is none."""
    return session.scalars(select(Clock).where(Clock.id == clock_id).with_for_update()).first()
