"""Digests: what is new for somebody, at seven in the morning in London, every weekday or every Monday as they want it."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.services import mailing, watching
from models.mail import Frequency, Message
from models.queries import mail, people
from models.working_days import LONDON, day_of

_AT: Final = time(7)
_DAY: Final = timedelta(days=1)
_WEEKEND: Final = 5


def last_due(frequency: Frequency, at: datetime) -> datetime:
    """The last moment, up to `at`, at which a digest so often falls due: 07:00 of a weekday, or of a Monday."""
    day = day_of(at)
    while not _falls_due(frequency, moment := datetime.combine(day, _AT, tzinfo=LONDON)) or moment > at:
        day -= _DAY
    return moment


def to_send(session: Session, *, at: datetime, limit: int) -> Sequence[UUID]:
    """The people whose digest has fallen due since their last; for the sweep."""
    since = {frequency: last_due(frequency, at) for frequency in (Frequency.DAILY, Frequency.WEEKLY)}
    return mail.to_digest(session, since, limit=limit)


def send(session: Session, person_id: UUID, *, at: datetime) -> Message | None:
    """Post a person's digest, once for each time that it falls due; None when there is nothing new, or it is not due."""
    person = people.by_id(session, person_id)
    if person is None or not person.active:
        return None
    said = mailing.preference(session, person_id)
    since = said.digested_until or person.created_at
    if said.digest is Frequency.OFF or since >= (due := last_due(said.digest, at)):
        return None
    digest = watching.digest_of(session, person_id, since=since, until=at)
    said.digested_until = at
    session.flush()
    if digest is None:
        return None
    watching.told(session, digest, at=at)
    to, once = mailing.to_person(person), f"digest:{person_id}:{day_of(due)}"
    return mailing.post(session, "digest", to, once_key=once, at=at, name=person.name, since=since, sections=digest.sections)


def _falls_due(frequency: Frequency, moment: datetime) -> bool:
    return moment.weekday() == 0 if frequency is Frequency.WEEKLY else moment.weekday() < _WEEKEND
