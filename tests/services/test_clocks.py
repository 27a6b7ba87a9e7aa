"""Clocks are started by what happens; those that are due are chased once, in the morning."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from api.queue import Job, key_of
from api.services import clocks, sweeping
from models.clocks import ClockKind, Due
from models.jobs import JobRow, JobState
from models.queries import clocks as rows
from tests.factories import NOW

DAY = timedelta(days=1)
MORNING = datetime(2026, 11, 6, 8, 0, tzinfo=UTC)


@pytest.fixture
def chased():
    return []


@pytest.fixture
def chasers(chased):
    return {ClockKind.TRIAGE: lambda _session, clock, due, *, at: chased.append((clock.subject_id, due, at))}


def owed(session):
    return [job.arguments["clock"] for job in session.scalars(select(JobRow).where(JobRow.name == Job.CHASE))]


def test_those_who_are_waited_for_are_told_once_for_each_cause(database, chasers, chased):
    subject = uuid4()
    with database.transaction() as session:
        clock = clocks.start(session, ClockKind.TRIAGE, subject, at=NOW)
        first = [clocks.chase(session, clock.id, chasers, at=MORNING + DAY * days) for days in (-1, 0, 1, 4, 5, 9)]

    assert first == [None, Due.REMINDER, None, Due.OVERDUE, None, None]
    assert chased == [(subject, Due.REMINDER, MORNING), (subject, Due.OVERDUE, MORNING + DAY * 4)]


def test_what_was_stopped_or_is_not_there_is_not_chased(database, chasers, chased):
    with database.transaction() as session:
        clock = clocks.start(session, ClockKind.TRIAGE, uuid4(), at=NOW)
        clocks.stop(session, ClockKind.TRIAGE, clock.subject_id, at=NOW + DAY)
        clocks.stop(session, ClockKind.TRIAGE, uuid4(), at=NOW)
        clocks.pause(session, ClockKind.TRIAGE, uuid4(), at=NOW)

        told = [clocks.chase(session, each, chasers, at=MORNING + DAY * 9) for each in (clock.id, uuid4())]

    assert (told, chased) == ([None, None], [])


def test_a_clock_that_is_started_again_counts_on(database):
    subject = uuid4()
    with database.transaction() as session:
        clocks.start(session, ClockKind.ASK, subject, at=NOW)
        clocks.pause(session, ClockKind.ASK, subject, at=NOW + DAY)
        clocks.pause(session, ClockKind.ASK, subject, at=NOW + DAY * 2)

        again = clocks.start(session, ClockKind.ASK, subject, at=NOW + DAY * 7)

    assert (again.counted, again.is_running) == (1, True)
    with database.reading() as session:
        assert rows.of_many(session, ClockKind.ASK, [subject, uuid4()])[subject].id == again.id
        assert rows.of(session, ClockKind.TRIAGE, subject) is None


def test_nobody_is_chased_in_the_night(database):
    with database.transaction() as session:
        clock = clocks.start(session, ClockKind.TRIAGE, uuid4(), at=NOW)

        found = [clocks.to_chase(session, at=MORNING.replace(hour=hour, minute=minute), limit=9) for hour, minute in ((6, 59), (7, 0))]

    assert found == [[], [clock.id]]


def test_a_chase_that_failed_too_often_waits_for_a_person_and_lets_others_pass(database, libraries, monkeypatch):
    monkeypatch.setattr(sweeping, "FOUND_AT_ONCE", 1)
    with database.transaction() as session:
        stuck, other = (clocks.start(session, ClockKind.TRIAGE, uuid4(), at=NOW - DAY * n) for n in (1, 0))
        arguments = {"clock": str(stuck.id)}
        row = JobRow(name=Job.CHASE, dedupe_key=key_of(arguments), arguments=arguments, state=JobState.DEAD, due_at=NOW, created_at=NOW)
        session.add(row)
        session.flush()

        sweeping.owe_what_is_missing(session, libraries, encoder_id=None, at=MORNING, undo_window_seconds=60, snapshot_after_changes=9)

        assert sorted(owed(session)) == sorted([str(stuck.id), str(other.id)])
        assert row.state is JobState.DEAD
