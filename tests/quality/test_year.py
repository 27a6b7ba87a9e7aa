"""A few days of the simulated year keep every rule, and the rules bite: what is broken by hand is found."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from bench import year
from bench.year_checks import Broken, Checks, Follower, counted_days
from bench.year_places import Acts
from bench.year_world import FIRST_DAY, Plan, World, pipeline_key, world
from models.clocks import Clock
from models.innovations import Innovation, InnovationStatus
from models.mail import Message
from models.needs import Need, NeedStatus
from models.proposals import Proposal
from models.triage import Outcome, OutcomeKind
from models.working_days import LONDON, add_working_days

PLAN = Plan(needs=30, submissions=24, staff=4, days=9)


@pytest.fixture(scope="module")
def lived() -> Iterator[tuple[World, Acts, Checks]]:
    """The first days of April, with Easter among them."""
    with world(PLAN) as made:
        acts = Acts(made)
        with made.database.transaction() as session:
            checks = Checks(Follower(made.lead), Follower(pipeline_key(session, made.at)))
            acts.begin_watches(session)
        for number in range(PLAN.days):
            made.day = FIRST_DAY + timedelta(days=number)
            year.live(made, acts, year.arriving(PLAN, number))
            with made.database.reading() as session:
                checks.hold(session, made)
        yield made, acts, checks


def test_a_week_walks_through_the_states_and_keeps_every_rule(lived: tuple[World, Acts, Checks]) -> None:
    _, acts, checks = lived

    assert (acts.done["submission handed in"], acts.done["need opened"]) == (24, 30)
    assert sum(count for what, count in acts.done.items() if what.startswith("outcome ")) >= 12
    assert set(checks.held) >= {"no submission without outcome", "no mail twice", "clocks right to the working day"}


def test_its_reports_can_be_read(lived: tuple[World, Acts, Checks]) -> None:
    reports = year.reports_of(lived[0])

    assert "submission,in_triage" in reports["time-in-state"]
    assert all(table.count("\n") >= 1 for table in reports.values())


def _first(table: type[Any]) -> Callable[[Session], Any]:
    return lambda session: session.query(table).order_by(table.id).first()


def _write(session: Session, table: type[Any], **values: Any) -> None:
    session.execute(update(table).where(table.id == _first(table)(session).id).values(**values))


BREAKINGS: dict[str, Callable[[Session], None]] = {
    "working days": lambda session: session.execute(
        update(Clock).where(Clock.stopped_at.is_(None)).values(counted=3)
    ),  # what runs is counted
    "without an outcome": lambda session: session.execute(
        update(Outcome).where(Outcome.kind == OutcomeKind.ARCHIVE).values(kind=OutcomeKind.ACTIVE)
    ),
    "stand in no queue": lambda session: session.execute(
        update(Innovation).where(Innovation.status == InnovationStatus.ARCHIVED).values(status=InnovationStatus.SUBMITTED)
    ),
    "than the feed says": lambda session: _write(session, Need, status=NeedStatus.CLOSED),
    "told to have left": lambda session: _write(session, Message, state="queued", sent_at=None),
    "handed on for": lambda session: session.execute(update(Proposal).where(Proposal.state == "confirmed").values(state="rejected")),
}


@pytest.mark.parametrize("said", BREAKINGS)
def test_what_is_broken_by_hand_is_found(lived: tuple[World, Acts, Checks], said: str) -> None:
    made, _, checks = lived
    with made.database._writers() as session:
        BREAKINGS[said](session)
        session.flush()

        with pytest.raises(Broken, match=said):
            checks.hold(session, made)
        session.rollback()


@pytest.mark.parametrize("start", [date(2026, 4, 1) + timedelta(days=11 * step) for step in range(33)])
def test_the_checks_own_calendar_agrees_with_the_service_s(start: date) -> None:
    begun = datetime.combine(start, datetime.min.time(), LONDON) + timedelta(hours=23)

    assert list(counted_days(begun, [], begun + timedelta(days=30)))[:6] == [add_working_days(start, count) for count in range(1, 7)]


def test_days_of_a_pause_are_not_counted() -> None:
    monday = datetime(2026, 11, 2, 9, tzinfo=UTC)
    day = timedelta(days=1)

    counted = counted_days(monday, [(monday + day, monday + day * 3), (monday + day * 4, None)], monday + day * 10)

    assert list(counted) == [date(2026, 11, 3), date(2026, 11, 6)]
