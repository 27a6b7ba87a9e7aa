"""What is seen of the service from outside: asked rarely, waited for briefly, true when it is told."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import OperationalError

from api.services import indexing, measuring
from api.services.library import Libraries
from api.services.measuring import Glance, Lookout, NoAnswer, figures
from models.documents import Side
from models.jobs import JobRow, JobState
from models.queries import backlog
from tests.walk import ADHD_NEED, ADHD_TEST, now


class Asked:
    """A question that counts how often it is asked, and answers with the count when it may."""

    def __init__(self):
        self.times = 0
        self.may_answer = threading.Event()
        self.may_answer.set()

    def __call__(self):
        self.times += 1
        self.may_answer.wait()
        if self.times == 13:
            raise ConnectionResetError
        return self.times


@pytest.fixture
def asked():
    asked = Asked()
    yield asked
    asked.may_answer.set()


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(measuring, "PATIENCE_SECONDS", 0.05)


def test_an_answer_is_kept_for_a_while(asked):
    glance = Glance(asked)

    assert [glance.get(), glance.get(kept_seconds=100), glance.get(kept_seconds=0), glance.get()] == [1, 1, 2, 2]


def test_a_failure_is_an_answer_too(asked):
    asked.times = 12
    glance = Glance(asked)

    for _ in range(2):
        with pytest.raises(ConnectionResetError):
            glance.get()
    assert (asked.times, glance.last()) == (13, None)


def test_who_hangs_is_asked_once_and_waited_for_briefly(asked, impatient):
    asked.may_answer.clear()
    glance = Glance(asked)
    for _ in range(3):
        with pytest.raises(NoAnswer):
            glance.get()
    assert asked.times == 1

    asked.may_answer.set()

    assert glance.get() == 1


def test_the_last_answer_is_told_without_waiting(asked):
    glance = Glance(asked)
    asked.may_answer.clear()
    assert glance.last() is None

    asked.may_answer.set()
    assert glance.get() == 1
    asked.may_answer.clear()

    assert (glance.last(kept_seconds=0), glance.last()) == (1, 1)


def test_what_is_forgotten_is_asked_anew_and_a_late_answer_is_not_kept(asked):
    glance = Glance(asked)
    asked.may_answer.clear()
    glance.last()
    glance.forget()
    asked.may_answer.set()

    assert glance.get(kept_seconds=100) == glance.get(kept_seconds=100) == asked.times == 2


@pytest.mark.both
def test_the_figures_count_what_waits(database, libraries, said, runner):
    said(Side.NEED, ADHD_NEED)
    said(Side.INNOVATION, ADHD_TEST)
    at = now() + timedelta(seconds=30)

    with database.reading() as session:
        before = figures(session, libraries, at=at)
    runner.run_due()
    with database.reading() as session:
        indexing.write_snapshot(session, libraries, at=now())
        after = figures(session, libraries, at=datetime.now(UTC))

    assert {side: each.count for side, each in before.to_embed.items()} == {Side.NEED: 1, Side.INNOVATION: 1}
    assert before.unread[0] == 2
    assert 29 < before.unread[1] < 31
    assert before.jobs["embed"] == {JobState.QUEUED: 2}
    assert 29 < before.due_seconds["now"] < 31
    assert before.due_seconds["bulk"] == 0
    assert before.unsealed.count > 0
    assert (before.changed_documents, before.snapshot_at) == (2, None)
    assert after.unread == (0, 0)
    assert {side: each.count for side, each in after.to_propose.items()} == {Side.NEED: 0, Side.INNOVATION: 0}
    assert (after.unsealed.count, after.changed_documents) == (0, 0)
    assert after.age(after.snapshot_at) < 60


@pytest.mark.both
def test_what_is_embedded_waits_to_be_ranked(database, libraries, said, make_proposal):
    need_id = said(Side.NEED, ADHD_NEED)
    with database.transaction() as session:
        [embedding] = indexing.embed(session, libraries, [(Side.NEED, need_id)], batch_texts=64)
        indexing.keep(session, embedding, at=now())

    with database.reading() as session:
        found = figures(session, libraries, at=now())

    assert (found.to_embed[Side.NEED].count, found.to_propose[Side.NEED].count) == (0, 1)


def test_without_an_encoder_the_rest_is_told(database, said, tmp_path):
    said(Side.NEED, ADHD_NEED)

    with database.reading() as session:
        found = figures(session, Libraries(encoder_folder=tmp_path / "none", snapshot_folder=tmp_path), at=now())

    assert (found.unread[0], found.changed_documents, found.snapshot_at) == (1, None, None)


def test_dead_and_running_jobs_are_counted(database, libraries):
    with database.transaction() as session:
        for state in (JobState.DEAD, JobState.DEAD, JobState.RUNNING):
            session.add(JobRow(name="embed", dedupe_key=state, arguments={}, state=state, due_at=now(), created_at=now()))

    with database.reading() as session:
        found = figures(session, libraries, at=now())

    assert (found.dead_jobs, found.running_jobs) == (2, 1)


def test_a_lookout_tells_which_part_is_missing(database, libraries, settings, tmp_path):
    missing = Lookout(database, Libraries(encoder_folder=tmp_path / "none", snapshot_folder=tmp_path))
    whole = Lookout(database, libraries)

    assert (missing.matching_fault(), missing.last_matching_fault()) == ("encoder", "encoder")
    assert (whole.matching_fault(), whole.last_matching_fault()) == ("", "")
    libraries.degraded = "damaged"
    whole.forget()
    assert whole.matching_fault() == "snapshot"


def test_a_lookout_tells_that_figures_cannot_be_had(database, libraries, monkeypatch):
    def away(*_args):
        raise OperationalError("SELECT 1", {}, Exception("the database system is starting up"))

    monkeypatch.setattr(backlog, "due_since", away)
    lookout = Lookout(database, libraries)

    assert (lookout.figures(), lookout.last_figures()) == (None, None)


def test_a_lookout_asks_a_broker_where_there_is_one(database, libraries):
    def away():
        raise ConnectionRefusedError

    assert [Lookout(database, libraries, ping=ping).broker_answers() for ping in (None, lambda: 0.1, away)] == [None, True, False]


def test_a_database_in_which_nothing_was_made_has_no_step(database, libraries):
    assert Lookout(database, libraries).step() is None  # the tests make the tables without a history
