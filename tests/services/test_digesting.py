"""A digest comes when it falls due in London, once, with what is new, and not at all when nothing is."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from api.services import digesting, mailing, watching
from api.services.accounts import actor_of_person
from api.services.watching import Found
from models.actors import SYSTEM
from models.mail import Frequency, Message
from models.queries import mail
from models.watches import SubjectKind, Watched, WatchKind
from tests import factories

pytestmark = pytest.mark.both
MONDAY = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)  # seven in London, in winter
WEEK, DAY, SECOND = timedelta(days=7), timedelta(days=1), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("frequency", "at", "due"),
    [
        (Frequency.WEEKLY, MONDAY, MONDAY),
        (Frequency.WEEKLY, MONDAY - SECOND, MONDAY - WEEK),
        (Frequency.WEEKLY, MONDAY + DAY * 6, MONDAY),
        (Frequency.DAILY, MONDAY - SECOND, MONDAY - DAY * 3),
        (Frequency.DAILY, MONDAY + DAY + SECOND, MONDAY + DAY),
        (Frequency.DAILY, MONDAY + DAY * 6, MONDAY + DAY * 4),
        # Before and after the clocks change: Sunday 25 October 2026 and Sunday 28 March 2027.
        (Frequency.WEEKLY, datetime(2026, 10, 26, 6, 59, tzinfo=UTC), datetime(2026, 10, 19, 6, 0, tzinfo=UTC)),
        (Frequency.WEEKLY, datetime(2026, 10, 26, 7, 0, tzinfo=UTC), datetime(2026, 10, 26, 7, 0, tzinfo=UTC)),
        (Frequency.WEEKLY, datetime(2027, 3, 29, 5, 59, tzinfo=UTC), datetime(2027, 3, 22, 7, 0, tzinfo=UTC)),
        (Frequency.WEEKLY, datetime(2027, 3, 29, 6, 0, tzinfo=UTC), datetime(2027, 3, 29, 6, 0, tzinfo=UTC)),
    ],
)
def test_a_digest_falls_due_at_seven_in_london_on_a_weekday_or_a_monday(frequency, at, due):
    assert digesting.last_due(frequency, at) == due


@pytest.fixture
def person(session):
    return factories.make_person(session, created_at=MONDAY - WEEK)


@pytest.fixture
def watch(session, person):
    place = factories.make_place(session)
    return watching.begin(
        session, kind=WatchKind.PLACE, what=Watched.NEEDS, value=place.key, actor=actor_of_person(person), at=MONDAY - WEEK
    )


@pytest.fixture
def something_new(session, watch):
    """`something_new(at)`: a need that the person's watch finds."""

    def found(at):
        need = factories.make_need(session, created_at=at, opened_at=at)
        watching.keep(session, Found(SubjectKind.NEED, need.id, 1, (watch.id,)), at=at)

    return found


def mails(session):
    return session.scalars(select(Message).order_by(Message.created_at)).all()


def test_a_digest_is_posted_once_each_time_with_what_is_new_since_the_last(session, person, something_new):
    for at in (MONDAY - SECOND, MONDAY + SECOND, MONDAY + DAY, MONDAY + WEEK):
        something_new(at - SECOND)
        digesting.send(session, person.id, at=at)

    found = mails(session)
    assert [row.once_key for row in found] == [f"digest:{person.id}:2026-11-02", f"digest:{person.id}:2026-11-09"]
    assert [row.body.count("People wait too long") for row in found] == [2, 2]


def test_who_wants_it_daily_gets_it_on_weekdays(session, person, something_new):
    mailing.prefer(session, person.id, Frequency.DAILY, actor=SYSTEM, at=MONDAY - WEEK)
    for day in range(7):
        something_new(MONDAY + DAY * day - SECOND)
        digesting.send(session, person.id, at=MONDAY + DAY * day)

    assert [row.created_at for row in mails(session)] == [MONDAY + DAY * day for day in range(5)]


def test_what_was_missed_while_the_service_was_down_comes_as_soon_as_it_is_up(session, person, something_new):
    something_new(MONDAY - DAY)
    digesting.send(session, person.id, at=MONDAY + DAY * 3)
    something_new(MONDAY + DAY * 3)
    digesting.send(session, person.id, at=MONDAY + DAY * 4)

    assert len(mails(session)) == 1


def test_who_wants_none_gets_none(session, person, something_new):
    mailing.prefer(session, person.id, Frequency.OFF, actor=SYSTEM, at=MONDAY - WEEK)
    something_new(MONDAY - SECOND)
    digesting.send(session, person.id, at=MONDAY)

    assert mails(session) == []


def test_who_has_gone_or_is_new_is_told_nothing(session):
    gone, new = factories.make_person(session, active=False, created_at=MONDAY - WEEK), factories.make_person(session, created_at=MONDAY)
    for person_id in (gone.id, new.id, uuid4()):
        digesting.send(session, person_id, at=MONDAY)

    assert mails(session) == []


def test_a_digest_of_nothing_is_not_sent_and_not_looked_for_again(session, person):
    digesting.send(session, person.id, at=MONDAY)

    assert mails(session) == []
    assert mail.preference(session, person.id).digested_until == MONDAY


def test_what_came_while_nobody_wanted_to_know_is_told_when_they_do(session, person, something_new):
    mailing.prefer(session, person.id, Frequency.OFF, actor=SYSTEM, at=MONDAY - WEEK)
    something_new(MONDAY - SECOND)
    digesting.send(session, person.id, at=MONDAY)
    mailing.prefer(session, person.id, Frequency.WEEKLY, actor=SYSTEM, at=MONDAY + DAY)
    digesting.send(session, person.id, at=MONDAY + DAY)

    assert len(mails(session)) == 1


def find_for(session, each, at):
    """Something that a watch of somebody finds."""
    said = {"kind": WatchKind.TEXT, "what": Watched.NEEDS, "value": at.isoformat(), "actor": actor_of_person(each), "at": MONDAY - WEEK}
    watch = watching.begin(session, **said)
    need = factories.make_need(session, created_at=at, opened_at=at)
    watching.keep(session, Found(SubjectKind.NEED, need.id, 1, (watch.id,)), at=at)


def test_those_are_found_whose_digest_has_fallen_due_and_holds_something(session, person):
    daily, off, gone, idle = (factories.make_person(session, created_at=MONDAY - WEEK, active=each) for each in (True, True, False, True))
    mailing.prefer(session, daily.id, Frequency.DAILY, actor=SYSTEM, at=MONDAY)
    mailing.prefer(session, off.id, Frequency.OFF, actor=SYSTEM, at=MONDAY)
    new = factories.make_person(session, created_at=MONDAY + SECOND)
    for each in (person, daily, off, gone):
        find_for(session, each, MONDAY - SECOND)

    def found(at):
        return set(digesting.to_send(session, at=at, limit=9))

    first = found(MONDAY + SECOND)
    for each in first:
        digesting.send(session, each, at=MONDAY + SECOND)

    assert first == {person.id, daily.id}
    assert found(MONDAY + SECOND * 2) == found(MONDAY + WEEK) == set()
    for each in (person, daily, new):
        find_for(session, each, MONDAY + SECOND * 3)
    assert found(MONDAY + SECOND * 4) == set()
    assert found(MONDAY + DAY) == {daily.id}
    assert found(MONDAY + WEEK) == {person.id, daily.id, new.id}
    assert idle.id not in found(MONDAY + WEEK)
