"""A real Celery worker in a thread of the test, with the face of the embedded runner."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from celery import signals
from celery.contrib.testing.worker import start_worker, test_worker_started
from sqlalchemy import update

from api.broker import QUEUES, SWEEP, TASK, Publisher
from api.db import Database
from api.jobs.context import Context
from api.jobs.working import Work
from api.services.library import Libraries
from api.worker import create_worker
from models.jobs import JobRow
from models.queries import jobs
from tests.servers import wait_until

PATIENCE_SECONDS = 60


class CeleryRunner:
    """Has owed jobs done by the worker, which learns of them as in the service: commit, publisher, broker, task."""

    def __init__(self, context: Context, stack: ExitStack) -> None:
        self._context = context
        self._stack = stack
        self._app = create_worker(context.settings)
        test_worker_started.connect(_look_around, sender=self._app, weak=False)
        self._working = False

    def run_due(self) -> None:
        """Wait until the worker has left no job that is due; it is started when there is something for it to do first."""
        if not self._working:
            self._stack.enter_context(start_worker(self._app, queues=QUEUES, perform_ping_check=False, loglevel="WARNING"))
            self._working = True
        self._app.send_task(f"{TASK}dispatch", queue=SWEEP)  # as beat does, for what fell due since it was committed
        wait_until(lambda: _owed(self._context.database) == 0, PATIENCE_SECONDS)

    def sweep(self) -> None:
        """Owe again whatever the rows say is missing."""
        Work(self._context).sweep()


@contextmanager
def celery_runner(context: Context, monkeypatch: pytest.MonkeyPatch) -> Iterator[CeleryRunner]:
    """A runner on the context's database and broker, with its libraries; nothing of it is left behind."""
    monkeypatch.setattr(Libraries, "of", lambda _settings: context.libraries)
    monkeypatch.setattr(signals.worker_process_shutdown, "receivers", [])
    publisher = Publisher(context.settings)
    with context.database.transaction() as session:  # what was owed before anybody listened was told to nobody
        session.execute(update(JobRow).values(sent_at=None))
    publisher.start()
    try:
        with ExitStack() as stack:
            yield CeleryRunner(context, stack)
    finally:
        signals.worker_process_shutdown.send(sender=None)
        publisher.stop()


def _look_around(*, worker: Any, **_: Any) -> None:
    """Have the worker's loop, which otherwise sleeps for a second, see soon that it is to stop."""
    worker.timer.call_repeatedly(0.02, lambda: None)


def _owed(database: Database) -> int:
    with database.reading() as session:
        return jobs.pending_count(session, datetime.now(UTC))
