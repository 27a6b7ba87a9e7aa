"""Job names and `enqueue`: a job is a row, written in the transaction that makes it necessary."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from asgi_correlation_id import correlation_id
from sqlalchemy.orm import Session

from api.db import after_commit
from models.queries import jobs

_listeners: list[Callable[[], None]] = []


class Job(StrEnum):
    """Everything that is done outside a request."""

    EMBED = "embed"
    PROPOSE = "propose"
    SNAPSHOT = "snapshot"
    DELIVER = "deliver"
    SEAL = "seal"
    APPLY_IMPORT = "apply_import"


def enqueue(session: Session, job: Job, *, at: datetime, due_at: datetime | None = None, bulk: bool = False, **arguments: Any) -> None:  # noqa: ANN401 -- ids, as JSON
    """Owe a job from now, or from `due_at`; the same job on the same ids is owed once.

    `bulk` work waits while there is any that a person waits for. Whoever listens (the embedded runner) is told after the commit.
    """
    _owe(session, job, [arguments], at=at, due_at=due_at or at, bulk=bulk)


def enqueue_all(session: Session, job: Job, each: Iterable[dict[str, Any]], *, at: datetime, bulk: bool = True) -> None:
    """Owe a job on each of many arguments."""
    _owe(session, job, each, at=at, due_at=at, bulk=bulk)


def key_of(arguments: Mapping[str, Any]) -> str:
    """What tells one piece of a job's work from another."""
    return ":".join(str(arguments[name]) for name in sorted(arguments))


def _owe(session: Session, job: Job, each: Iterable[dict[str, Any]], *, at: datetime, due_at: datetime, bulk: bool) -> None:
    work = {key_of(arguments): arguments for arguments in each}
    jobs.queue_up(session, job, work, due_at=due_at, at=at, correlation_id=correlation_id.get() or "", priority=int(bulk))
    after_commit(session, _tell)


def listen(call: Callable[[], None]) -> Callable[[], None]:
    """Be told whenever a job has been committed; returns what stops that."""
    _listeners.append(call)
    return lambda: _listeners.remove(call)


def _tell() -> None:
    for call in list(_listeners):
        call()
