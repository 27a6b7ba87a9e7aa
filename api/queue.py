"""Job names and `enqueue`: a job is a row, written in the transaction that makes it necessary."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID

from asgi_correlation_id import correlation_id
from sqlalchemy.orm import Session

from api.db import after_commit
from models.queries import jobs


@dataclass(frozen=True, slots=True)
class Owed:
    """One committed job, as those who listen are told of it."""

    id: UUID
    name: str
    bulk: bool
    due: bool  # now; what falls due later is found by whoever looks then


Listener = Callable[[Sequence[Owed]], None]
_TOLD = "owed"
_listeners: list[Listener] = []


class Job(StrEnum):
    """Everything that is done outside a request."""

    EMBED = "embed"
    PROPOSE = "propose"
    SNAPSHOT = "snapshot"
    DELIVER = "deliver"
    SEAL = "seal"
    APPLY_IMPORT = "apply_import"
    CHASE = "chase"
    ASK_PLACE = "ask_place"
    INTRODUCE = "introduce"
    LETTER = "letter"
    NOTICE = "notice"
    CLOSE_CALL = "close_call"
    SEND_LINK = "send_link"
    MAIL = "mail"
    DIGEST = "digest"


def enqueue(session: Session, job: Job, *, at: datetime, due_at: datetime | None = None, bulk: bool = False, **arguments: Any) -> None:  # noqa: ANN401 -- ids, as JSON
    """Owe a job from now, or from `due_at`; the same job on the same ids is owed once.

    `bulk` work waits while there is any that a person waits for. Whoever listens (the embedded runner,
    or the publisher of the service mode) is told after the commit.
    """
    _owe(session, job, [arguments], at=at, due_at=due_at or at, bulk=bulk)


def enqueue_all(session: Session, job: Job, each: Iterable[dict[str, Any]], *, at: datetime, bulk: bool = True) -> None:
    """Owe a job on each of many arguments."""
    _owe(session, job, each, at=at, due_at=at, bulk=bulk)


def key_of(arguments: Mapping[str, Any]) -> str:
    """What tells one piece of a job's work from another."""
    return ":".join(str(arguments[name]) for name in sorted(arguments))


def tell(session: Session, owed: Iterable[Owed]) -> None:
    """Tell the listeners of committed jobs once the transaction of this session is committed too."""
    told: list[Owed] = session.info.setdefault(_TOLD, [])
    if not told:
        after_commit(session, partial(_tell, told))
    told.extend(owed)


def listen(call: Listener) -> Callable[[], None]:
    """Be told of the jobs of each commit; returns what stops that."""
    _listeners.append(call)
    return lambda: _listeners.remove(call)


def _owe(session: Session, job: Job, each: Iterable[dict[str, Any]], *, at: datetime, due_at: datetime, bulk: bool) -> None:
    work = {key_of(arguments): arguments for arguments in each}
    added = jobs.queue_up(session, job, work, due_at=due_at, at=at, correlation_id=correlation_id.get() or "", priority=int(bulk))
    if added:
        tell(session, [Owed(id=job_id, name=job.value, bulk=bulk, due=due_at <= at) for job_id in added])


def _tell(owed: Sequence[Owed]) -> None:
    for call in list(_listeners):
        call(owed)
