"""Whether this process can do its work, in words that say what to do."""

import gc
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import structlog
from sqlalchemy.exc import SQLAlchemyError

from api.db import Database
from api.services.library import Libraries, RankingUnavailable
from api.services.measuring import Figures, Lookout, NoAnswer, open_libraries

LATE_SECONDS = {"now": 60.0, "bulk": 900.0}  # that a due job may wait, before somebody must look why
BEHIND_SECONDS = 300.0  # that a text may wait to be read, before the ranking is said to be behind
_log = structlog.get_logger("api")


class State(StrEnum):
    """Ready and degraded answer requests; starting and down do not, or not all."""

    STARTING = "starting"
    READY = "ready"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Readiness:
    """The state, and what stands in the way of a better one."""

    state: State
    reasons: tuple[str, ...] = ()


class WarmUp:
    """Opens encoder, ranker and both libraries in a thread, so that no request waits for it."""

    def __init__(self, database: Database, libraries: Libraries) -> None:
        self._database, self._libraries = database, libraries
        self._thread = threading.Thread(target=self._run, name="warm-up", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    @property
    def under_way(self) -> bool:
        """Whether it has begun and not ended."""
        return self._thread.is_alive()

    def _run(self) -> None:
        _steps()
        try:
            with self._database.reading() as session:
                open_libraries(session, self._libraries)
            gc.collect()  # the long one that all of this asks for, before anybody waits; see api/pauses.py
        except (RankingUnavailable, SQLAlchemyError) as error:  # /health/ready tries again and tells
            _log.warning("warm_up.failed", reason=type(error).__name__)


def readiness(lookout: Lookout, *, warming: bool, hands_work: bool, told_by_broker: bool) -> Readiness:
    """The state of this process now; takes some seconds at most, whatever does not answer.

    `hands_work` says whether the thread of this process that sees to jobs is alive: in embedded mode it runs them,
    in service mode (`told_by_broker`) it tells the broker of them.
    """
    if warming:
        return Readiness(State.STARTING, ("The encoder and the index are being opened. Ask again in a few seconds.",))
    try:
        step = lookout.step()
        if step is None or step in _steps()[1:]:
            return Readiness(State.DOWN, (f"The database stands at {step or 'nothing'}, which is too old. Run `matching init`.",))
        reasons = [*_schema(step), *_matching(lookout)]
    except (SQLAlchemyError, NoAnswer):
        return Readiness(State.DOWN, ("The database cannot be read. Run `matching doctor` to see why.",))
    reasons += _hands(hands_work=hands_work, told_by_broker=told_by_broker)
    if lookout.broker_answers() is False:
        reasons.append("The broker does not answer: new work waits in rows and is picked up when it does. Start Redis.")
    reasons += _late(lookout.figures(), told_by_broker=told_by_broker)
    return Readiness(State.DEGRADED if reasons else State.READY, tuple(reasons))


def is_behind(figures: Figures | None) -> bool:
    """Whether texts wait to be read for so long that answers miss what people expect in them."""
    return figures is not None and figures.unread[1] > BEHIND_SECONDS


@cache
def _steps() -> tuple[str, ...]:
    from migrations import steps  # noqa: PLC0415 -- alembic is loaded by who asks, not at start

    return steps()


def _schema(step: str) -> Iterator[str]:
    if step != _steps()[0]:
        yield f"The database stands at {step}, which a newer version of this service made. Install that version here too."


def _matching(lookout: Lookout) -> Iterator[str]:
    """What is wrong with the matching, without the server's file names, which are for its operator alone."""
    try:
        fault = lookout.matching_fault()
    except NoAnswer:
        yield "The encoder and the index are being opened. Ask again in a few seconds."
        return
    if fault == "snapshot":
        yield "The newest snapshot is damaged and is not used. Run `matching doctor` on the server if this lasts."
    elif fault:
        yield f"The {fault} is missing or damaged, so nothing is ranked. Run `matching doctor` on the server."


def _hands(*, hands_work: bool, told_by_broker: bool) -> Iterator[str]:
    if not hands_work and told_by_broker:
        yield "This process tells the broker of no new work, which waits until beat finds it. Restart the process."
    elif not hands_work:
        yield "Jobs are not being run in this process: new texts wait. Restart the service."


def _remedy(figures: Figures, *, told_by_broker: bool) -> str:
    if figures.running_jobs:
        return "Others are being done; add workers if this lasts." if told_by_broker else "Others are being done."
    return "Is a worker running?" if told_by_broker else "Restart the service if this lasts."


def _late(figures: Figures | None, *, told_by_broker: bool) -> Iterator[str]:
    """What the rows say of work that waits too long."""
    if figures is None:
        yield "The database is slow: how much work waits cannot be told. Run `matching doctor` on the server if this lasts."
        return
    remedy = _remedy(figures, told_by_broker=told_by_broker)
    for queue, seconds in figures.due_seconds.items():
        if seconds > LATE_SECONDS[queue]:
            yield f"Jobs wait in the queue '{queue}', the oldest for {seconds:.0f} seconds. {remedy}"
    if figures.dead_jobs:
        yield f"{figures.dead_jobs} jobs failed too often and wait for a person. Run `matching doctor` to see them."
    if is_behind(figures):
        count, seconds = figures.unread
        yield f"{count} texts wait to be read, the oldest for {seconds / 60:.0f} minutes: the ranking is behind and misses them."
