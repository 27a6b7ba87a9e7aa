"""Working days of England: Monday to Friday but for bank holidays, by the calendar of London."""

from datetime import date, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

import holidays

LONDON: Final = ZoneInfo("Europe/London")
_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5
_NOON: Final = 12


def day_of(moment: datetime) -> date:
    """The day that it is in London at a moment."""
    return moment.astimezone(LONDON).date()


def in_london(moment: datetime) -> str:
    """When something happened, as people who are told of it read it on their clocks: `9:11am on 2 November 2026`."""
    local = moment.astimezone(LONDON)
    return f"{time_of_day(moment)} on {local.day} {local:%B %Y}"


def time_of_day(moment: datetime) -> str:
    """A time of day in London, in the one way in which pages, mails and errors write it: `2:05pm`."""
    local = moment.astimezone(LONDON)
    return f"{local.hour % _NOON or _NOON}:{local:%M}{'am' if local.hour < _NOON else 'pm'}"


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
