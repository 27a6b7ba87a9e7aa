"""Clocks are started, paused and stopped by what happens, and chase those who are waited for."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from models.clocks import Clock, ClockKind, Due
from models.queries import clocks
from models.working_days import LONDON, day_of

FROM_HOUR = 7
"""In London: nobody is mailed in the night because a day has begun."""


class Chase(Protocol):
    """What is done when somebody has been waited for so long: those whose turn it is are told, by mail."""

    def __call__(self, session: Session, clock: Clock, due: Due, *, at: datetime) -> None:
        """Tell them of the thing `clock.subject_id`; the clock is written down as told by the caller."""


def start(session: Session, kind: ClockKind, subject_id: UUID, *, at: datetime) -> Clock:
    """Begin to wait; what was waited for before and is waited for again goes on counting."""
    row = clocks.of(session, kind, subject_id, lock=True)
    if row is None:
        row = Clock.started(kind, subject_id, at=at)
        session.add(row)
    else:
        row.resume(at=at)
    session.flush()
    return row


def pause(session: Session, kind: ClockKind, subject_id: UUID, *, at: datetime) -> None:
    """Wait for somebody else meanwhile; a thing without a clock is left alone."""
    if (row := clocks.of(session, kind, subject_id, lock=True)) is not None and row.is_running:
        row.pause(at=at)
        session.flush()


def stop(session: Session, kind: ClockKind, subject_id: UUID, *, at: datetime) -> None:
    """Wait no more; a thing without a clock is left alone."""
    if (row := clocks.of(session, kind, subject_id, lock=True)) is not None:
        row.stop(at=at)
        session.flush()


def to_chase(session: Session, *, at: datetime, limit: int) -> Sequence[UUID]:
    """The clocks that are due, from seven in the morning; for the sweep."""
    return clocks.due(session, day_of(at), limit=limit) if at.astimezone(LONDON).hour >= FROM_HOUR else []


def chase(session: Session, clock_id: UUID, chasers: Mapping[ClockKind, Chase], *, at: datetime) -> Due | None:
    """Tell those who are waited for, once for each cause; None when nobody is to be told any more."""
    row = clocks.by_id(session, clock_id)
    due = row.due(at) if row is not None else None
    if row is None or due is None:
        return None
    chasers[row.kind](session, row, due, at=at)
    row.told(due, at=at)
    session.flush()
    return due
