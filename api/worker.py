"""The workers' front door: Celery tasks, one a job, each carrying the id of the row in which the job is owed."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from celery import Celery, signals

from api.broker import TASK, Publisher, celery_of
from api.db import AWAY, Database
from api.jobs.context import Context
from api.jobs.working import Work
from api.logs import configure_log
from api.measuring import serve_counts
from api.queue import Job
from api.services.library import Libraries
from api.settings import Settings

log = structlog.get_logger(__name__)


class Process:
    """What one worker process holds: opened after the fork, since neither connections nor threads outlive one."""

    def __init__(self, chosen: Settings) -> None:
        self._settings = chosen
        self._work: Work | None = None
        self._database: Database | None = None
        self._publisher: Publisher | None = None

    @property
    def work(self) -> Work:
        """The jobs' way to be carried out; opened when first needed."""
        if self._work is None:
            self._database = Database(self._settings.url, pool=2)
            self._publisher = Publisher(self._settings)
            self._publisher.start()
            self._work = Work(Context(self._database, Libraries.of(self._settings), self._settings))
        return self._work

    def close(self) -> None:
        """Let go of everything."""
        if self._publisher is not None:
            self._publisher.stop()
        if self._database is not None:
            self._database.dispose()
        self._work = self._database = self._publisher = None


def create_worker(chosen: Settings) -> Celery:
    """Celery with a task for every job, for the sweep and for the dispatch; nothing heavy is loaded before one runs."""
    configure_log(chosen.log_level)
    app = celery_of(chosen)
    process = Process(chosen)
    for job in Job:
        _add(app, job.value, partial(_carry_out, process))
    _add(app, "sweep", lambda: _ask(process, "sweep", lambda work: work.sweep()))
    _add(app, "dispatch", lambda: _ask(process, "dispatch", lambda work: work.dispatch()))
    signals.setup_logging.connect(_keep_our_log, weak=False)
    if chosen.metrics_port:
        signals.worker_ready.connect(lambda **_: serve_counts(chosen.metrics_port), weak=False)
    signals.worker_process_shutdown.connect(lambda **_: process.close(), weak=False)
    return app


def _add(app: Celery, name: str, run: Callable[..., None]) -> None:
    def task(*arguments: str) -> None:
        run(*arguments)

    task.__name__ = name
    app.task(name=f"{TASK}{name}", shared=False)(task)


def _carry_out(process: Process, job_id: str) -> None:
    """Run one job; done twice it is done once, and what a database that is away forgets, the next dispatch tells again."""
    _ask(process, "run", lambda work: work.run(UUID(job_id)))


def _ask(process: Process, name: str, what: Callable[[Work], Any]) -> None:
    try:
        what(process.work)
    except AWAY:
        log.warning("job.database_away", task=name, exc_info=True)


def _keep_our_log(**_: Any) -> None:  # noqa: ANN401 -- as Celery sends it
    """Celery leaves the log alone where something listens here."""
