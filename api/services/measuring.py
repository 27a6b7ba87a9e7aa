"""What is seen of the service from outside: figures of the database and the broker, looked up rarely, waited for briefly."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Generic, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.db import Database
from api.services.library import Libraries, RankingUnavailable
from api.services.progress import Progress, progress
from models.actors import SYSTEM
from models.documents import Side
from models.jobs import JobState
from models.queries import backlog, jobs
from models.queries.backlog import Waiting

PATIENCE_SECONDS = 2.0
KEPT_SECONDS = 5.0
PROGRESS_KEPT_SECONDS = 1.0
FIGURES_KEPT_SECONDS = 10.0  # they read every document's row: a third of a second at 100,000
QUEUES = ("now", "bulk")  # by priority
_log = structlog.get_logger("api")
Answer = TypeVar("Answer")


class NoAnswer(Exception):
    """What was asked has not answered yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How the walk stands at one moment; what only an encoder can tell is None without one."""

    jobs: Mapping[str, Mapping[str, int]]
    due_seconds: Mapping[str, float]
    to_embed: Mapping[Side, Waiting]
    to_propose: Mapping[Side, Waiting]
    unsealed: Waiting
    changed_documents: int | None
    snapshot_at: datetime | None
    taken_at: datetime

    @property
    def dead_jobs(self) -> int:
        """How many jobs failed too often and wait for a person."""
        return sum(states.get(JobState.DEAD, 0) for states in self.jobs.values())

    @property
    def running_jobs(self) -> int:
        """How many jobs are in somebody's hands."""
        return sum(states.get(JobState.RUNNING, 0) for states in self.jobs.values())

    def age(self, since: datetime | None) -> float:
        """Seconds from a moment to that of the figures; 0 when there is none."""
        return max((self.taken_at - since).total_seconds(), 0.0) if since else 0.0

    @property
    def unread(self) -> tuple[int, float]:
        """How many texts wait to be embedded, and for how many seconds the one that has waited longest."""
        return sum(each.count for each in self.to_embed.values()), max(self.age(each.since) for each in self.to_embed.values())


class Glance(Generic[Answer]):
    """Asks what may hang in a thread of its own: one question at a time, its answer kept for a while, failures too."""

    def __init__(self, ask: Callable[[], Answer]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._asked: Future[Answer] | None = None
        self._answered: Future[Answer] | None = None
        self._answered_at = 0.0

    def get(self, *, kept_seconds: float = KEPT_SECONDS) -> Answer:
        """The answer, no older than that; raises what the question raised, or NoAnswer when it takes too long."""
        asked = self._question(kept_seconds)
        wait([asked], PATIENCE_SECONDS)
        if not asked.done():
            raise NoAnswer
        return asked.result()

    def last(self, *, kept_seconds: float = KEPT_SECONDS) -> Answer | None:
        """What was answered last, at once, while an older answer is renewed; None when there is none, or a failure."""
        self._question(kept_seconds)
        with self._lock:
            answered = self._answered
        return answered.result() if answered is not None and answered.exception() is None else None

    def forget(self) -> None:
        """Ask anew at the next call."""
        with self._lock:
            self._asked = self._answered = None

    def _question(self, kept_seconds: float) -> Future[Answer]:
        with self._lock:
            if self._asked is not None and not self._asked.done():
                return self._asked
            if self._answered is not None and time.monotonic() - self._answered_at < kept_seconds:
                return self._answered
            asked: Future[Answer] = Future()
            self._asked = asked
        threading.Thread(target=self._run, args=(asked,), name="glance", daemon=True).start()
        return asked

    def _run(self, asked: Future[Answer]) -> None:
        try:
            tell = partial(asked.set_result, self._ask())
        except Exception as error:  # it is for whoever asks, now and until the answer is renewed
            tell = partial(asked.set_exception, error)
        with self._lock:
            if self._asked is asked:
                self._answered, self._answered_at = asked, time.monotonic()
            tell()


class Lookout:
    """What this process knows of the database, the matching and the broker, and how well it can be reached."""

    def __init__(self, database: Database, libraries: Libraries, *, ping: Callable[[], object] | None = None) -> None:
        self._database, self._libraries = database, libraries
        self._step = Glance(self._look_at_schema)
        self._figures = Glance(self._look_at_rows)
        self._matching = Glance(self._look_at_matching)
        self._progress = Glance(self._look_at_work)
        self._broker = Glance(ping) if ping else None

    def step(self) -> str | None:
        """At which step the database stands, now; raises NoAnswer or one of AWAY."""
        return self._step.get(kept_seconds=1.0)

    def figures(self) -> Figures | None:
        """The figures, some seconds old at most; None when they cannot be had, and the log says why."""
        try:
            return self._figures.get(kept_seconds=FIGURES_KEPT_SECONDS)
        except (SQLAlchemyError, NoAnswer) as error:
            _log.warning("figures.missing", reason=type(error).__name__)
            return None

    def last_figures(self) -> Figures | None:
        """The figures as they were a while ago, without waiting for anything."""
        return self._figures.last(kept_seconds=2 * FIGURES_KEPT_SECONDS)

    def last_progress(self) -> Progress | None:
        """What was being done a moment ago, without waiting for anything; None while nobody has looked yet."""
        return self._progress.last(kept_seconds=PROGRESS_KEPT_SECONDS)

    def matching_fault(self) -> str:
        """Which part of the matching is missing, "snapshot" when the newest is damaged; empty when all is well.

        Opens what could not be opened before; raises NoAnswer while that takes its time.
        """
        return self._matching.get()

    def last_matching_fault(self) -> str:
        """Likewise as it was a while ago, without waiting for anything."""
        return self._matching.last(kept_seconds=2 * KEPT_SECONDS) or ""

    def broker_answers(self) -> bool | None:
        """Whether the broker can be told of work; None in embedded mode, which has none."""
        if self._broker is None:
            return None
        try:
            self._broker.get()
        except Exception as error:  # in whatever way it fails, work waits in rows
            _log.warning("broker.silent", reason=type(error).__name__)
            return False
        return True

    def forget(self) -> None:
        """Look anew at everything."""
        for glance in (self._step, self._figures, self._matching, self._progress, self._broker):
            if glance is not None:
                glance.forget()

    def _look_at_schema(self) -> str | None:
        with self._database.reading() as session:
            return backlog.schema_step(session)

    def _look_at_rows(self) -> Figures:
        with self._database.reading() as session:
            return figures(session, self._libraries, at=datetime.now(UTC))

    def _look_at_work(self) -> Progress:
        with self._database.reading() as session:
            return progress(session, at=datetime.now(UTC))

    def _look_at_matching(self) -> str:
        try:
            with self._database.reading() as session:
                open_libraries(session, self._libraries)
        except RankingUnavailable as error:
            return str(error.details["part"])
        return "snapshot" if self._libraries.degraded else ""


def open_libraries(session: Session, libraries: Libraries) -> None:
    """Open whatever is not open yet; raises RankingUnavailable with what is missing."""
    libraries.ranker_for(session)
    for side in Side:
        libraries.view(session, side, SYSTEM)


def figures(session: Session, libraries: Libraries, *, at: datetime) -> Figures:
    """How the walk stands, by some ten short queries."""
    try:
        encoder_id = libraries.encoder.id
    except RankingUnavailable:
        encoder_id = None
    waiting = {side: backlog.documents(session, side, encoder_id) for side in Side}
    pointer = libraries.newest(session) if encoder_id else None
    due = backlog.due_since(session, at)
    return Figures(
        jobs=jobs.counts(session),
        due_seconds={queue: (at - due[priority]).total_seconds() if priority in due else 0.0 for priority, queue in enumerate(QUEUES)},
        to_embed={side: each[0] for side, each in waiting.items()},
        to_propose={side: each[1] for side, each in waiting.items()},
        unsealed=backlog.unsealed(session),
        changed_documents=libraries.lag(session) if encoder_id else None,
        snapshot_at=pointer.created_at if pointer else None,
        taken_at=at,
    )
