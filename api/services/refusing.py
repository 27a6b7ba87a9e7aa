"""Refused attempts are written down too: who tried what, in a transaction of its own, because theirs was rolled back."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.db import Database
from api.services.recording import record
from models.actors import ANONYMOUS, Actor
from models.events import ACCESS_REFUSED, Event
from models.queries import keys, people, subjects

ONCE_IN = timedelta(minutes=1)
MOST_REMEMBERED = 10_000
_log = structlog.get_logger("api")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """One attempt, as far as the request tells: `error` is the name of the refusal, `route` the template of the address.

    `thing` is what the address names, and `hidden` says that the attempt counts only if that is there. `account` and
    `key_prefix` are whom a stranger claimed to be; none of the two is written down.
    """

    error: str
    method: str
    route: str
    at: datetime
    actor: Actor = ANONYMOUS
    thing: tuple[str, UUID] | None = None
    hidden: bool = False
    account: str = ""
    key_prefix: str = ""


class Repeats:
    """What was refused of late, in this process: of the same attempt one is written a minute, and the others are counted."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, ...], tuple[datetime, int]] = OrderedDict()
        self._lock = Lock()

    def admit(self, attempt: tuple[str, ...], *, at: datetime) -> int | None:
        """How many like it were left out since the last that was written; None when this one is left out, too."""
        with self._lock:
            since, left_out = self._seen.get(attempt, (None, 0))
            if since is not None and at - since < ONCE_IN:
                self._seen[attempt] = (since, left_out + 1)
                return None
            self._seen[attempt] = (at, 0)
            self._seen.move_to_end(attempt)
            if len(self._seen) > MOST_REMEMBERED:
                self._seen.popitem(last=False)
            return left_out

    def unwritten(self, attempt: tuple[str, ...], left_out: int, *, at: datetime) -> None:
        """Have the next one like it written, however soon it comes, and this one counted there."""
        with self._lock:
            self._seen[attempt] = (at - ONCE_IN, left_out + 1)


def write(database: Database, repeats: Repeats, refused: Refused) -> None:
    """Write an attempt down, unless it is of nobody and nothing that we know, or one like it was written within the minute.

    Whoever was refused has their answer already: that the record cannot be reached, the log alone tells.
    """
    try:
        with database.reading() as session:
            subject = _subject(session, refused)
        if subject is not None:
            _write_once(database, repeats, refused, subject)
    except SQLAlchemyError as error:
        _log.error("refusal.unrecorded", cause=type(error).__name__, error=refused.error, route=refused.route, actor=refused.actor.name)


def _write_once(database: Database, repeats: Repeats, refused: Refused, subject: tuple[str, UUID]) -> None:
    who = refused.actor.name if refused.actor.is_known else str(subject[1])
    attempt = (who, refused.method, refused.route, refused.error)
    if (left_out := repeats.admit(attempt, at=refused.at)) is None:
        return
    event = Event.of(
        ACCESS_REFUSED,
        subject_kind=subject[0],
        subject_id=subject[1],
        actor=refused.actor.name,
        at=refused.at,
        error=refused.error,
        method=refused.method,
        route=refused.route,
        left_out=left_out,
    )
    try:
        with database.transaction() as session:
            record(session, event, at=refused.at)
    except SQLAlchemyError:
        repeats.unwritten(attempt, left_out, at=refused.at)
        raise


def _subject(session: Session, refused: Refused) -> tuple[str, UUID] | None:
    """The thing, when it is there; else the machine or person who tried, or whom a stranger claimed to be."""
    if refused.thing is not None and subjects.there_is(session, *refused.thing):
        return refused.thing
    if refused.hidden:
        return None
    if refused.actor.key_id is not None:
        return "key", refused.actor.key_id
    if refused.actor.person_id is not None:
        return "person", refused.actor.person_id
    return _claimed(session, refused)


def _claimed(session: Session, refused: Refused) -> tuple[str, UUID] | None:
    if refused.key_prefix and (key := keys.by_prefix(session, refused.key_prefix)) is not None:
        return "key", key.id
    if refused.account and (person := people.by_email(session, refused.account)) is not None:
        return "person", person.id
    return None
