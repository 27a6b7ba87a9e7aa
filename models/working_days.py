"""Working days of England: Monday to Friday but for bank holidays, by the calendar of London."""

from datetime import date, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

import holidays

LONDON: Final = ZoneInfo("Europe/London")
_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5


def day_of(moment: datetime) -> date:
    """The day that it is in London at a moment."""
    return moment.astimezone(LONDON).date()


def in_london(moment: datetime) -> str:
    """When something happened, as people who are told of it read it on their clocks: `09:11 on 22 November 2026`."""
    return f"{moment.astimezone(LONDON):%H:%M on %d %B %Y}"


def is_working_day(day: date) -> bool:
    """Whether people are at work: no weekend, no bank holiday of England, the days given in lieu of one among them."""
    return day.weekday() < _SATURDAY and day not in _bank_holidays(day.year)


def add_working_days(day: date, count: int) -> date:
    """The day `count` working days after a day, which itself is day 0 whatever it is; raises ValueError for less than one."""
    if count < 1:
        raise ValueError("Count at least one working day.")
    while count:
        day += _DAY
        count -= is_working_day(day)
    return day


def working_days_between(first: date, last: date) -> int:
    """How many working days there are after `first`, up to and with `last`; 0 when `last` is not later."""
    return sum(is_working_day(first + _DAY * step) for step in range(1, (last - first).days + 1))


@cache
def _bank_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))
