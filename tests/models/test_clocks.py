"""Clocks count working days of England, by London's calendar, and are told once for each cause."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from models.clocks import Clock, ClockKind, Due
from models.working_days import add_working_days, day_of, in_london, is_working_day, time_of_day, working_days_between
from tests.factories import NOW  # Monday 2 November 2026, 9 in the morning

FRIDAY = datetime(2026, 11, 6, 15, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def clock(at: datetime = NOW) -> Clock:
    return Clock.started(ClockKind.TRIAGE, UUID(int=1), at=at)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 2), True),
        (date(2026, 11, 7), False),
        (date(2026, 12, 25), False),
        (date(2026, 12, 28), False),  # in lieu of Boxing Day, a Saturday
        (date(2026, 12, 29), True),
        (date(2026, 8, 31), False),
        (date(2026, 8, 3), True),  # a bank holiday of Scotland
        (date(2027, 3, 26), False),  # Good Friday
    ],
)
def test_a_working_day_is_no_weekend_and_no_bank_holiday_of_england(day, works):
    assert is_working_day(day) is works


def test_working_days_pass_over_christmas():
    before = date(2026, 12, 22)

    assert [add_working_days(before, count) for count in (1, 2, 3, 4)] == [
        date(2026, 12, 23),
        date(2026, 12, 24),
        date(2026, 12, 29),
        date(2026, 12, 30),
    ]
    assert working_days_between(before, date(2026, 12, 30)) == 4


def test_people_are_told_the_time_of_london_in_summer_and_in_winter():
    assert in_london(datetime(2026, 11, 2, 9, 11, tzinfo=UTC)) == "9:11am on 2 November 2026"
    assert [time_of_day(datetime(2026, 11, 2, hour, tzinfo=UTC)) for hour in (0, 12, 19)] == ["12:00am", "12:00pm", "7:00pm"]
    assert in_london(datetime(2026, 6, 30, 23, 30, tzinfo=UTC)) == "12:30am on 1 July 2026"


def test_what_begins_on_a_saturday_counts_from_monday():
    assert add_working_days(date(2026, 11, 7), 1) == date(2026, 11, 9)
    assert working_days_between(date(2026, 11, 7), date(2026, 11, 8)) == 0


def test_no_day_lies_less_than_one_working_day_ahead():
    with pytest.raises(ValueError, match="at least one"):
        add_working_days(date(2026, 11, 2), 0)


@pytest.mark.parametrize("start", [date(2026, 1, 1) + DAY * step for step in range(0, 365, 13)])
def test_counting_on_and_counting_between_agree(start):
    assert [working_days_between(start, add_working_days(start, count)) for count in range(1, 12)] == list(range(1, 12))


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 7, 1, 23, 30, tzinfo=UTC), date(2026, 7, 2)),  # summer time is an hour ahead
        (datetime(2026, 12, 1, 23, 30, tzinfo=UTC), date(2026, 12, 1)),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), date(2026, 10, 25)),  # the hour that comes twice
    ],
)
def test_a_day_is_london_s(moment, day):
    assert day_of(moment) == day


def test_a_clock_reminds_after_four_and_is_overdue_after_six_working_days():
    row = clock()

    assert (row.reminder_on, row.overdue_on) == (date(2026, 11, 6), date(2026, 11, 10))
    assert [row.due(NOW + DAY * days) for days in (0, 3, 4, 7, 8)] == [None, None, Due.REMINDER, Due.REMINDER, Due.OVERDUE]
    assert (row.working_days(FRIDAY), row.is_overdue(NOW + DAY * 7), row.is_overdue(NOW + DAY * 8)) == (4, False, True)


def test_a_clock_over_the_end_of_summer_time_loses_no_day():
    row = clock(datetime(2026, 10, 23, 22, 30, tzinfo=UTC))  # Friday, half past eleven in London

    assert (row.reminder_on, row.overdue_on) == (date(2026, 10, 29), date(2026, 11, 2))


def test_each_cause_is_told_once_and_a_reminder_that_was_missed_is_not_sent_after_all():
    row = clock()
    late = NOW + DAY * 8

    row.told(Due.OVERDUE, at=late)

    assert row.due(late + DAY) is None
    reminded = clock()
    reminded.told(Due.REMINDER, at=FRIDAY)
    assert (reminded.due(FRIDAY + DAY), reminded.due(late)) == (None, Due.OVERDUE)


def test_a_paused_clock_goes_on_where_it_stood():
    row = clock()

    row.pause(at=NOW + DAY * 2)  # Wednesday: two days counted
    row.pause(at=NOW + DAY * 3)
    assert (row.is_paused, row.is_running, row.working_days(NOW + DAY * 30), row.due(NOW + DAY * 30)) == (True, False, 2, None)
    row.resume(at=NOW + DAY * 14)  # Monday
    row.resume(at=NOW + DAY * 15)

    assert (row.reminder_on, row.overdue_on) == (date(2026, 11, 18), date(2026, 11, 20))


def test_a_clock_that_is_resumed_after_its_time_is_due_at_once():
    row = clock()
    row.pause(at=NOW + DAY * 10)

    row.resume(at=NOW + DAY * 20)

    assert row.overdue_on == day_of(NOW + DAY * 20)


def test_a_stopped_clock_is_due_for_nothing_and_may_go_on():
    row = clock()

    row.stop(at=FRIDAY)
    row.stop(at=FRIDAY + DAY)

    assert (row.stopped_at, row.due(FRIDAY + DAY * 30), row.is_paused) == (FRIDAY, None, False)
    row.resume(at=FRIDAY + DAY * 3)
    assert (row.stopped_at, row.counted, row.is_running) == (None, 4, True)
