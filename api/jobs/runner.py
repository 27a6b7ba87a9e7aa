"""The embedded mode: jobs run in a thread of the one process, from the rows in which they are owed."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from uuid import UUID

import structlog
from asgi_correlation_id import correlation_id
from sqlalchemy.exc import OperationalError

from api.jobs import documents, events, imports
from api.jobs.context import Context, Effect
from api.queue import Job, listen
from api.services.library import RankingUnavailable
from api.services.sweeping import owe_what_is_missing
from models.base import DomainError
from models.jobs import JobRow, JobState
from models.queries import jobs

HANDLERS: Mapping[str, Callable[..., Effect]] = MappingProxyType(
    {
        Job.EMBED: documents.embed,
        Job.PROPOSE: documents.propose,
        Job.SNAPSHOT: documents.snapshot,
        Job.DELIVER: events.deliver,
        Job.SEAL: events.seal,
        Job.APPLY_IMPORT: imports.apply_import,
    }
)
ABANDON: Mapping[str, Callable[..., None]] = MappingProxyType({Job.APPLY_IMPORT: imports.abandon_import})
"""What becomes of work that failed too often, where somebody would wait for it in vain."""
LEASE_SECONDS = 300
_PATIENCE_SECONDS = 15  # before work that waits for an encoder is tried again

log = structlog.get_logger(__name__)


class Runner:
    """Runs owed jobs one after the other until it is stopped; a killed process loses none of them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._stop_listening: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Take back what a killed predecessor had in hand, and begin."""
        with self._context.database.transaction() as session:
            jobs.release_all(session)
        self._stop_listening = listen(self._wake.set)
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
        """Run everything that is due now, in the caller's thread; returns how many jobs ran."""
        count = 0
        while not self._stopping.is_set() and self.run_one():
            count += 1
        return count

    def run_one(self) -> bool:
        """Run the job that has been due longest; False when none is due."""
        with self._context.database.transaction() as session:
            job = jobs.next_due(session, datetime.now(UTC))
            if job is None:
                return False
            job.start(at=datetime.now(UTC), lease_seconds=LEASE_SECONDS)
        token = correlation_id.set(job.correlation_id or None)
        try:
            self._carry_out(job)
        finally:
            correlation_id.reset(token)
        return True

    def sweep(self) -> None:
        """Owe again whatever the rows say is missing."""
        settings = self._context.settings
        encoder_id = None
        try:
            encoder_id = self._context.libraries.encoder.id
        except RankingUnavailable as unavailable:
            log.warning("sweep.without_encoder", reason=unavailable.message)
        with self._context.database.transaction() as session:
            owe_what_is_missing(
                session,
                self._context.libraries,
                encoder_id=encoder_id,
                at=datetime.now(UTC),
                undo_window_seconds=settings.undo_window_seconds,
                snapshot_after_changes=settings.snapshot_after_changes,
            )

    def _carry_out(self, job: JobRow) -> None:
        try:
            effect = HANDLERS[job.name](self._context, **job.arguments)
            with self._context.database.transaction() as session:
                effect(session)
                jobs.drop_dead_twins(session, job)
                if (row := jobs.held(session, job.id)) is not None:
                    session.delete(row)
        except RankingUnavailable as unavailable:
            self._put_back(job.id, unavailable.message)
        except Exception as error:  # whatever it is, it is written down, tried again and, at last, shown to a person
            log.exception("job.failed", job=job.name, attempt=job.attempts)
            if self._fail(job.id, _told(error)):
                self._abandon(job)

    def _put_back(self, job_id: UUID, reason: str) -> None:
        with self._context.database.transaction() as session:
            row = jobs.held(session, job_id)
            if row is not None and jobs.has_queued_twin(session, row):
                session.delete(row)
            elif row is not None:
                row.put_back(reason, due_at=datetime.now(UTC) + timedelta(seconds=_PATIENCE_SECONDS))

    def _fail(self, job_id: UUID, error: str) -> bool:
        """Write a failure down; returns whether it was the last that is taken."""
        with self._context.database.transaction() as session:
            row = jobs.held(session, job_id)
            if row is not None and jobs.has_queued_twin(session, row):
                session.delete(row)
            elif row is not None:
                row.fail(error, at=datetime.now(UTC))
                if row.state is JobState.DEAD:
                    jobs.drop_dead_twins(session, row)
                    return True
        return False

    def _abandon(self, job: JobRow) -> None:
        if (abandon := ABANDON.get(job.name)) is None:
            return
        try:
            with self._context.database.transaction() as session:
                abandon(session, **job.arguments)
        except Exception:  # the dead job stands and tells it; other work goes on
            log.exception("job.not_abandoned", job=job.name)

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
            except OperationalError:  # the database is away or busy: nothing is lost, the rows wait
                log.exception("jobs.database_away")
                wait = 1.0
            self._wake.wait(wait)

    def _idle_seconds(self) -> float:
        with self._context.database.reading() as session:
            due_at = jobs.next_due_at(session)
        until_due = (due_at - datetime.now(UTC)).total_seconds() if due_at else self._context.settings.sweep_seconds
        return min(max(until_due, 0.05), self._context.settings.sweep_seconds)


def _told(error: Exception) -> str:
    """What may be kept of an error: our own words, or its kind; any other's message may repeat what somebody wrote."""
    kind = type(error).__name__
    return f"{kind}: {error.message}" if isinstance(error, DomainError) else f"{kind}; the service's log says where"
