"""The embedded mode: jobs run in a thread of the one process, from the rows in which they are owed."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from api.db import AWAY
from api.jobs.context import Context
from api.jobs.working import Work
from api.queue import listen
from models.queries import jobs

log = structlog.get_logger(__name__)


class Runner:
    """Runs owed jobs one after the other until it is stopped; a killed process loses none of them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._work = Work(context)
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._stop_listening: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Take back what a killed predecessor had in hand, and begin."""
        with self._context.database.transaction() as session:
            jobs.release_all(session)
        self._stop_listening = listen(lambda _owed: self._wake.set())
        self._thread.start()

    def stop(self) -> None:
        """Let the job in hand end, and no other begin."""
        self._stop_listening()
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def is_running(self) -> bool:
        """Whether the thread is at work, or waiting for work."""
        return self._thread.is_alive()

    def run_due(self) -> int:
        """Run everything that is due now, in the caller's thread; returns how many times jobs were taken."""
        count = 0
        while not self._stopping.is_set() and self.run_one():
            count += 1
        return count

    def run_one(self) -> bool:
        """Run the job that has been due longest, and those that are done together with it; False when none is due."""
        return self._work.run_next()

    def sweep(self) -> None:
        """Owe again whatever the rows say is missing."""
        self._work.sweep()

    def _run(self) -> None:
        swept_at = datetime.min.replace(tzinfo=UTC)
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                if (datetime.now(UTC) - swept_at).total_seconds() >= self._context.settings.sweep_seconds:
                    swept_at = datetime.now(UTC)
                    self.sweep()
                self.run_due()
                wait = self._idle_seconds()
            except AWAY:  # the database is away or busy: nothing is lost, the rows wait
                log.exception("jobs.database_away")
                wait = 1.0
            except Exception:  # what nobody foresaw must not end the only thread that runs jobs
                log.exception("jobs.failed")
                wait = 1.0
            self._wake.wait(wait)

    def _idle_seconds(self) -> float:
        with self._context.database.reading() as session:
            due_at = jobs.next_due_at(session)
        until_due = (due_at - datetime.now(UTC)).total_seconds() if due_at else self._context.settings.sweep_seconds
        return min(max(until_due, 0.05), self._context.settings.sweep_seconds)
