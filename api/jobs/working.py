"""How an owed job is carried out, in either mode: claimed by its row, done, and its effect kept with the row's end."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from uuid import UUID

import structlog
from asgi_correlation_id import correlation_id
from sqlalchemy.orm import Session

from api.db import AWAY, Database
from api.jobs import calls, clocks, documents, events, imports, links, mail, places, triage
from api.jobs.context import Context, Effect
from api.measuring import measure_job
from api.queue import Job, Owed, tell
from api.services import accounts, answering, auditing, erasing, front_door
from api.services.library import RankingUnavailable
from api.services.sweeping import owe_what_is_missing
from models.base import DomainError
from models.jobs import MAX_ATTEMPTS, JobRow
from models.queries import jobs

HANDLERS: Mapping[str, Callable[..., Effect]] = MappingProxyType(
    {
        Job.PROPOSE: documents.propose,
        Job.SNAPSHOT: documents.snapshot,
        Job.DELIVER: events.deliver,
        Job.SEAL: events.seal,
        Job.APPLY_IMPORT: imports.apply_import,
        Job.CHASE: clocks.chase,
        Job.LETTER: triage.letter,
        Job.CLOSE_CALL: calls.close_call,
        Job.NOTICE: calls.notice,
        Job.ASK_PLACE: places.ask_place,
        Job.INTRODUCE: places.introduce,
        Job.MAIL: mail.send,
        Job.DIGEST: mail.digest,
        Job.SEND_LINK: links.send_link,
    }
)
BATCHES: Mapping[str, Callable[[Context, Sequence[JobRow]], Effect]] = MappingProxyType({Job.EMBED: documents.embed})
"""Jobs of which several are done at once."""
ABANDON: Mapping[str, Callable[..., None]] = MappingProxyType({Job.APPLY_IMPORT: imports.abandon_import, Job.MAIL: mail.abandon})
"""What becomes of work that failed too often, where somebody would wait for it in vain."""
LEASE_SECONDS = 20.0
RESEND_SECONDS = 20.0
MOST_SENT = 500
_PATIENCE_SECONDS = 15  # before work that waits for an encoder is tried again
_TEXTS_A_DOCUMENT = 8  # about; the texts of a batch are counted when they are read

log = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """Somebody else has taken the job, because this process seemed to have died."""


class Work:
    """Carries owed jobs out; any number of processes may do so at once, and a killed one loses none of them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._leases = _Leases(context.database)

    def run_next(self) -> bool:
        """Run the job that has been due longest; False when none is due."""
        return self._run(jobs.next_due)

    def run(self, job_id: UUID) -> bool:
        """Run a job of which the broker told; False when it is done, taken by another process or not due yet."""
        return self._run(lambda session, at: jobs.due(session, job_id, at))

    def sweep(self) -> None:
        """Owe again whatever the rows say is missing, forget what is past its date, and keep the head of the event chain."""
        settings, at = self._context.settings, datetime.now(UTC)
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
                at=at,
                undo_window_seconds=settings.undo_window_seconds,
                snapshot_after_changes=settings.snapshot_after_changes,
            )
            answering.purge(session, at=at)
            accounts.purge_sessions(session, at=at)
            front_door.purge(session, at=at)
            if settings.settled_days:
                erasing.delete_settled(session, at=at, after=timedelta(days=settings.settled_days))
        try:
            with self._context.database.reading() as session:
                auditing.keep_head(session, settings.heads_folder, at=at)
        except OSError:  # a full or read-only disk; `matching doctor` tells it too, and other work goes on
            log.exception("sweep.head_not_kept")

    def dispatch(self) -> int:
        """Tell the broker of due jobs again that nobody has taken for a while; returns how many. It may have lost the message."""
        at = datetime.now(UTC)
        with self._context.database.transaction() as session:
            rows = jobs.unsent(session, at, told_before=at - timedelta(seconds=RESEND_SECONDS), limit=MOST_SENT)
            for row in rows:
                row.sent_at = at
            tell(session, [Owed(id=row.id, name=row.name, bulk=bool(row.priority), due=True) for row in rows])
        return len(rows)

    def _run(self, find: Callable[[Session, datetime], JobRow | None]) -> bool:
        claimed, given_up = self._claim(find)
        for row in given_up:
            self._abandon(row)
        if claimed:
            token = correlation_id.set(claimed[0].correlation_id or None)
            try:
                with self._leases.of(claimed):
                    self._carry_out(claimed)
            finally:
                correlation_id.reset(token)
        return bool(claimed or given_up)

    def _claim(self, find: Callable[[Session, datetime], JobRow | None]) -> tuple[list[JobRow], list[JobRow]]:
        """Take a job, with others that can be done together with it; or give it up, when it ended every process that took it."""
        at = datetime.now(UTC)
        with self._context.database.transaction() as session:
            job = find(session, at)
            if job is None:
                return [], []
            if job.attempts >= MAX_ATTEMPTS:
                job.give_up("It ended every process that took it.", at=at)
                jobs.drop_dead_twins(session, job)
                log.error("job.given_up", job=job.name, attempts=job.attempts)
                return [], [job]
            claimed = [job]
            if job.name in BATCHES and job.attempts == 0:  # one that failed is tried alone, so that it spoils no others
                most = max(self._context.settings.embed_batch_texts // _TEXTS_A_DOCUMENT, 1)
                claimed += jobs.like(session, job, at, limit=most - 1)
            for each in claimed:
                each.start(at=at, lease_seconds=LEASE_SECONDS)
        return claimed, []

    def _carry_out(self, claimed: Sequence[JobRow]) -> None:
        try:
            with measure_job(claimed[0].name):
                effect = self._effect(claimed)
                self._keep(claimed, effect)
        except LeaseLost as lost:
            log.warning("job.lost", job=claimed[0].name, reason=str(lost))
        except RankingUnavailable as unavailable:
            self._put_back(claimed, unavailable.message)
        except AWAY as away:  # no failure of the job; when even that cannot be written, the lease ends by itself
            log.warning("job.database_away", job=claimed[0].name, error=type(away).__name__)
            self._put_back(claimed, "The database was away or busy.")
        except Exception as error:  # whatever it is, it is written down, tried again and, at last, shown to a person
            log.exception("job.failed", job=claimed[0].name, attempt=claimed[0].attempts, together=len(claimed))
            if len(claimed) > 1:
                self._part(claimed)
            elif self._fail(claimed[0], _told(error)):
                self._abandon(claimed[0])

    def _keep(self, claimed: Sequence[JobRow], effect: Effect) -> None:
        """What was done and the end of its rows are one transaction; raises LeaseLost unless all rows are still ours."""
        with self._context.database.transaction() as session:
            rows = self._held(session, claimed)
            effect(session)
            jobs.end(session, rows)

    def _effect(self, claimed: Sequence[JobRow]) -> Effect:
        name = claimed[0].name
        if name in BATCHES:
            return BATCHES[name](self._context, claimed)
        return HANDLERS[name](self._context, **claimed[0].arguments)

    @staticmethod
    def _held(session: Session, claimed: Sequence[JobRow]) -> list[JobRow]:
        """The rows of these jobs, locked, in the order of their ids; raises LeaseLost unless all are still ours."""
        found = [jobs.held(session, job.id, job.attempts) for job in sorted(claimed, key=lambda each: each.id)]
        rows = [row for row in found if row is not None]
        if len(rows) < len(found):
            raise LeaseLost("The lease ended before the job did, and another process has it now.")
        return rows

    def _put_back(self, claimed: Sequence[JobRow], reason: str) -> None:
        due_at = datetime.now(UTC) + timedelta(seconds=_PATIENCE_SECONDS)
        self._end_attempt(claimed, lambda row: row.put_back(reason, due_at=due_at))

    def _part(self, claimed: Sequence[JobRow]) -> None:
        """One of them spoils the others: each is tried again alone."""
        at = datetime.now(UTC)
        self._end_attempt(claimed, lambda row: row.put_aside("It failed together with others, and is tried alone.", due_at=at))

    def _fail(self, job: JobRow, error: str) -> bool:
        """Write a failure down; returns whether it was the last that is taken."""
        at = datetime.now(UTC)
        ended = self._end_attempt([job], lambda row: row.fail(error, at=at))
        return any(row.is_dead for row in ended)

    def _end_attempt(self, claimed: Sequence[JobRow], end: Callable[[JobRow], None]) -> list[JobRow]:
        """Let go of jobs that are not done; those that are owed anew by a younger row, or not ours any more, are left to it."""
        ended = []
        with self._context.database.transaction() as session:
            for job in claimed:
                row = jobs.held(session, job.id, job.attempts)
                if row is not None and jobs.queued_twin(session, row) is not None:
                    session.delete(row)
                elif row is not None:
                    end(row)
                    ended.append(row)
                    if row.is_dead:
                        jobs.drop_dead_twins(session, row)
        return ended

    def _abandon(self, job: JobRow) -> None:
        if (abandon := ABANDON.get(job.name)) is None:
            return
        try:
            with self._context.database.transaction() as session:
                abandon(session, **job.arguments)
        except AWAY:
            raise
        except Exception:  # the dead job stands and tells it; other work goes on
            log.exception("job.not_abandoned", job=job.name)


class _Leases:
    """Renews the leases of all jobs that this process has in hand, from one thread that ends when there are none.

    A thread for each job would take longer to start than many jobs take.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: dict[int, list[UUID]] = {}
        self._lock = threading.Lock()
        self._renewing: threading.Thread | None = None

    @contextmanager
    def of(self, claimed: Sequence[JobRow]) -> Iterator[None]:
        """Keep these jobs until the block ends; none of their leases is renewed after it."""
        ids = [job.id for job in claimed]
        with self._lock:
            self._held[id(ids)] = ids
            if self._renewing is None or not self._renewing.is_alive():  # also after a fork, which takes no thread along
                self._renewing = threading.Thread(target=self._renew, name="leases", daemon=True)
                self._renewing.start()
        try:
            yield
        finally:
            with self._lock:
                del self._held[id(ids)]

    def _renew(self) -> None:
        while True:
            time.sleep(LEASE_SECONDS / 4)
            with self._lock:
                if not self._held:
                    self._renewing = None
                    return
                self._renew_all()

    def _renew_all(self) -> None:
        ids = [each for own in self._held.values() for each in own]
        try:
            with self._database.transaction() as session:
                jobs.renew(session, ids, leased_until=datetime.now(UTC) + timedelta(seconds=LEASE_SECONDS))
        except AWAY:  # the lease may end before the work does; then its effect is not kept, and another process does it
            log.warning("lease.not_renewed", exc_info=True)


def _told(error: Exception) -> str:
    """What may be kept of an error: our own words, or its kind; any other's message may repeat what somebody wrote."""
    kind = type(error).__name__
    return f"{kind}: {error.message}" if isinstance(error, DomainError) else f"{kind}; the service's log says where"
