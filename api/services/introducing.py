"""answered -> introduced: a *meet* whose undo window has passed tells both sides of each other, once, and opens the first stage."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.queue import Job, enqueue
from api.services import calling, mailing, stages
from api.services.mailing import Recipient
from api.services.place_answers import name_as_judged, people_of
from models.actors import ANONYMOUS, SYSTEM
from models.people import Person
from models.place_answers import PlaceAnswer, PlaceReply, QuestionState
from models.policies import NEED_READ
from models.queries import mail, recipients
from models.queries import place_answers as rows
from models.subjects import subject_of
from models.working_days import day_of

_AT_ONCE = 500
_SAME_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reached:
    """Who was mailed of an introduction, as far as is known; `contact_missing`: the Hub looks for somebody who offers it."""

    place: bool
    offering: bool
    contact_missing: bool


def introduce(session: Session, answer_id: UUID, *, at: datetime, undo_window_seconds: float) -> PlaceAnswer | None:
    """Send both sides an introduction and open `introduced` for the place; None when there is none to make, or none yet.

    West Yorkshire as one voice is introduced too, and opens no stage: which place begins, is for the Hub to write down.
    """
    row = rows.to_change(session, answer_id, SYSTEM)
    meets = row.state is QuestionState.ANSWERED and row.answer is PlaceReply.MEET and row.introduced_at is None
    if not meets or row.is_hidden or row.answered_at is None or row.answerer is None:
        return None
    due = row.answered_at + timedelta(seconds=undo_window_seconds)
    if at < due:
        enqueue(session, Job.INTRODUCE, at=at, due_at=due, answer=str(row.id))
        return None
    row.introduced_at = at
    row.version += 1
    stages.open_first(session, row, at=at)
    _tell_both(session, row, row.answerer, at=at)
    calling.answered(session, row.need_id, at=at)
    session.flush()
    return row


def to_introduce(session: Session, *, at: datetime, after_seconds: float) -> Sequence[UUID]:
    """The answers *meet* whose undo window has passed and of which nobody was told."""
    return rows.to_introduce(session, at - timedelta(seconds=after_seconds), limit=_AT_ONCE)


def _tell_both(session: Session, row: PlaceAnswer, answerer: Person, *, at: datetime) -> None:
    """Names and addresses of the contacts go to the other side and nothing else that is confidential."""
    offering = recipients.of_innovation(session, row.proposal.innovation)
    contact = _contact_of_place(session, row, answerer)
    public = NEED_READ.allows(ANONYMOUS, subject_of(row.need))
    common = {
        "place": row.asked_as,
        "innovation": name_as_judged(row.proposal),
        "supplier": row.proposal.innovation.supplier.name if row.proposal.innovation.supplier else "",
        "proposal": str(row.proposal_id),
        "contact": mailing.to_person(contact),
    }
    told = {
        "contacts": [mailing.to_person(each) for each in offering],
        "need": row.need.title,
        "hub_contact": _hub_contact(session, answerer),
        "staged": row.place_id is not None,
    }
    _send(session, "introduction_place", str(row.id), people_of(session, row), at=at, **common, **told)
    need = row.need.title if public else ""
    # By what it says: of needs that they may not read, of innovations and of needs of one name, they would be told twice in the same words.
    about = f"{_of_both(row)}:{_short(need)}:{contact.id}:{day_of(at)}"
    _send(session, "introduction_innovator", about, offering, at=at, **common, need=need)
    if not offering:
        _send(session, "introduction_missing", str(row.id), recipients.hub_staff(session), at=at, **common)


def reached(session: Session, row: PlaceAnswer) -> Reached | None:
    """Whom the introduction was really mailed to; None before there is one."""
    if row.introduced_at is None:
        return None
    since = row.introduced_at - _SAME_DAY  # whoever offers it may have been told on that day by the same words
    return Reached(
        place=mail.was_mailed(session, [f"introduction_place:{row.id}:"], since=since, until=row.introduced_at),
        offering=mail.was_mailed(session, [f"introduction_innovator:{_of_both(row)}:"], since=since, until=row.introduced_at),
        contact_missing=mail.was_mailed(session, [f"introduction_missing:{row.id}:"], since=since, until=row.introduced_at),
    )


def _of_both(row: PlaceAnswer) -> str:
    """How the key of a mail to who offers it begins: the place and the innovation, as the mail names them."""
    return _short(f"{row.asked_as}\n{name_as_judged(row.proposal)}")


def _short(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def _send(session: Session, template: str, about: str, to: Sequence[Person], *, at: datetime, **values: object) -> None:
    for person in to:
        once_key = f"{template}:{about}:{person.id}"
        mailing.post(session, template, mailing.to_person(person), once_key=once_key, at=at, name=person.name, **values)


def _contact_of_place(session: Session, row: PlaceAnswer, answerer: Person) -> Person:
    """Who said *meet* for their own place; when the Hub wrote it down, or they have left, somebody of the place."""
    return answerer if answerer.active and not row.on_behalf else next(iter(people_of(session, row)), answerer)


def _hub_contact(session: Session, answerer: Person) -> Recipient:
    """Whom a place asks when nobody is known on the other side."""
    return mailing.to_person(next(iter(recipients.hub_staff(session)), answerer))
