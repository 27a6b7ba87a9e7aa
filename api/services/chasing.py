"""Submissions that wait, and questions that were not answered: those whose turn it is are told, once for each cause."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from api.services import concluding, mailing
from models.clocks import OVERDUE_AFTER, REMINDER_AFTER, Clock, Due
from models.people import Person
from models.queries import recipients, triage
from models.triage import Submission
from models.working_days import day_of

MOST_NAMED = 10
"""How many submissions one mail names; it says how many more there are."""


def chase_triage(session: Session, clock: Clock, due: Due, *, at: datetime) -> None:
    """Tell who has a submission, or all staff when nobody has it; the lead too when it is overdue.

    Each is mailed once a day and cause, with all submissions that concern them: a hundred that came in one import
    are one mail.
    """
    row = triage.by_id(session, clock.subject_id)
    if row is None or not row.is_open:
        return
    today = day_of(at)
    leads = {person.id: person for person in recipients.leads(session)} if due is Due.OVERDUE else {}
    for person in ({each.id: each for each in _whose_turn(session, row)} | leads).values():
        names = triage.due_for(session, person.id, due, today=today, everybodys=person.id in leads)
        mailing.post(
            session,
            f"triage_{due.value}",
            mailing.to_person(person),
            once_key=f"triage:{due.value}:{today}:{person.id}",
            at=at,
            name=person.name,
            submissions=names[:MOST_NAMED],
            more=max(len(names) - MOST_NAMED, 0),
            days=OVERDUE_AFTER if due is Due.OVERDUE else REMINDER_AFTER,
        )


def chase_ask(session: Session, clock: Clock, due: Due, *, at: datetime) -> None:
    """Tell the innovator that an answer is waited for; the Hub too when it is overdue."""
    asked = triage.ask(session, clock.subject_id)
    if asked is None or not asked.is_open:
        return
    row = asked.submission
    innovators = concluding.innovators_of(session, row)
    for person in innovators:
        mailing.post(
            session,
            f"ask_{due.value}_link",
            mailing.to_person(person),
            once_key=f"ask:{due.value}:{asked.id}:{person.id}",
            at=at,
            name=person.name,
            innovation=row.innovation.name,
            question=asked.question,
            answer_by=asked.answer_by,
            passed=day_of(at) > asked.answer_by,
            asked_by=asked.asked_by_name,
            path=concluding.ask_link(session, asked, person, at=at),
        )
    if due is Due.OVERDUE:
        for person in _whose_turn(session, row):
            mailing.post(
                session,
                "ask_unanswered",
                mailing.to_person(person),
                once_key=f"ask:unanswered:{asked.id}:{person.id}",
                at=at,
                name=person.name,
                innovation=row.innovation.name,
                asked_at=asked.asked_at,
                answer_by=asked.answer_by,
                reminded=bool(innovators),
            )


def _whose_turn(session: Session, row: Submission) -> Iterable[Person]:
    """Who has a submission; all staff when nobody has it, or when who had it is none of the staff any more."""
    staff = recipients.hub_staff(session)
    return [each for each in staff if each.id == row.assigned_to] or staff
