"""What holds a job together in either mode: its claim, its lease, its batch, its end."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest

from api.db import AWAY
from api.jobs import working
from api.jobs.context import nothing
from api.jobs.working import BATCHES, HANDLERS, Work
from api.queue import Job, enqueue, listen
from api.services.library import RankingUnavailable
from models.actors import SYSTEM
from models.documents import Side
from models.jobs import MAX_ATTEMPTS, JobRow, JobState
from models.queries import documents, jobs
from tests.imports import NEEDS, report_of
from tests.walk import ADHD_TEST, WOUND_DRESSING, now

pytestmark = pytest.mark.both


@pytest.fixture
def work(context):
    return Work(context)


@pytest.fixture
def handle(monkeypatch):
    """Put a handler of the test's own in the place of a real one."""

    def put(job, handler):
        table = "BATCHES" if job in BATCHES else "HANDLERS"
        monkeypatch.setattr(working, table, {**getattr(working, table), job: handler})

    return put


def owe(database, job=Job.SNAPSHOT, **options):
    with database.transaction() as session:
        enqueue(session, job, at=now(), **options)


def rows(database):
    with database.reading() as session:
        return session.query(JobRow).order_by(JobRow.created_at).all()


def states(database):
    return sorted((row.name, row.state.value, row.attempts) for row in rows(database))


def test_many_documents_are_embedded_in_one_batch_and_each_keeps_its_own(database, said, work, handle):
    batches = []

    def counted(context, each):
        batches.append(len(each))
        return BATCHES[Job.EMBED](context, each)

    ids = [said(Side.INNOVATION, each) for each in (ADHD_TEST, WOUND_DRESSING, {**WOUND_DRESSING, "name": "The same dressing"})]
    handle(Job.EMBED, counted)

    while any(row.name == Job.EMBED for row in rows(database)):
        work.run_next()

    assert batches == [3]
    with database.reading() as session:
        found = documents.of_ids(session, Side.INNOVATION, ids, SYSTEM)
        assert [found[each].embedded_revision for each in ids] == [1, 1, 1]


def test_a_batch_holds_no_more_than_its_texts(database, context, handle):
    for number in range(5):
        owe(database, Job.EMBED, side="need", id=str(number))
    batches = []
    handle(Job.EMBED, lambda _context, each: batches.append(len(each)) or nothing)
    few = Work(type(context)(context.database, context.libraries, context.settings.model_copy(update={"embed_batch_texts": 16})))

    while few.run_next():
        pass

    assert batches == [2, 2, 1]


def test_one_that_spoils_a_batch_is_found_and_the_others_are_done(database, work, handle):
    def spoilt(_context, each):
        if any(one.arguments["id"] == "bad" for one in each):
            raise ZeroDivisionError
        return nothing

    for name in ("bad", "good", "well"):
        owe(database, Job.EMBED, side="need", id=name)
    handle(Job.EMBED, spoilt)

    assert work.run_next()
    assert states(database) == [("embed", "queued", 1)] * 3
    while work.run_next():
        pass

    (left,) = rows(database)
    assert (left.arguments["id"], left.state, left.attempts) == ("bad", JobState.QUEUED, 2)


def test_what_ends_every_process_that_takes_it_is_given_up(database, work, stage):
    import_id = stage(NEEDS)
    with database.transaction() as session:
        for row in session.query(JobRow).filter_by(name=Job.APPLY_IMPORT):
            row.start(at=now() - timedelta(minutes=5), lease_seconds=1)
            row.attempts = MAX_ATTEMPTS

    while work.run_next():
        pass

    (dead,) = [row for row in rows(database) if row.is_dead]
    assert (dead.name, dead.last_error) == ("apply_import", "It ended every process that took it.")
    assert report_of(database, import_id).status == "refused"


def test_a_job_is_run_by_its_id_once(database, work, handle):
    ran = []
    handle(Job.SNAPSHOT, lambda _context: ran.append(1) or nothing)
    owe(database)
    (row,) = rows(database)

    assert work.run(row.id)
    assert not work.run(row.id)
    assert not work.run(uuid4())
    assert ran == [1]


def test_what_is_not_due_or_in_somebodys_hands_is_left_alone(database, work):
    owe(database, Job.SEAL, due_at=now() + timedelta(hours=1))
    owe(database, Job.SNAPSHOT)
    with database.transaction() as session:
        for row in session.query(JobRow).filter_by(name=Job.SNAPSHOT):
            row.start(at=now(), lease_seconds=60)

    assert [work.run(row.id) for row in rows(database)] == [False, False]
    assert not work.run_next()


def test_the_effect_of_who_lost_the_lease_is_not_kept(database, work, handle):
    def slow(_context):
        with database.transaction() as session:  # meanwhile another process takes it, since this one seems dead
            session.query(JobRow).filter_by(name=Job.SNAPSHOT).one().start(at=now(), lease_seconds=60)

        return lambda session: enqueue(session, Job.SEAL, at=now())

    handle(Job.SNAPSHOT, slow)
    owe(database)

    assert work.run_next()

    assert states(database) == [("snapshot", "running", 2)]


@pytest.mark.parametrize("error", [ZeroDivisionError, RankingUnavailable])
def test_who_lost_the_lease_ends_no_attempt_of_another(database, work, handle, error):
    def slow(_context):
        with database.transaction() as session:
            session.query(JobRow).filter_by(name=Job.SNAPSHOT).one().start(at=now(), lease_seconds=60)
        raise error("no")

    handle(Job.SNAPSHOT, slow)
    owe(database)

    assert work.run_next()

    assert states(database) == [("snapshot", "running", 2)]


def test_a_lease_is_renewed_for_as_long_as_the_work_lasts(database, work, handle, monkeypatch):
    monkeypatch.setattr(working, "LEASE_SECONDS", 0.4)
    ends = []

    def long(_context):
        for _ in range(2):
            threading.Event().wait(0.4)
            ends.append(rows(database)[0].leased_until)
        return nothing

    handle(Job.SNAPSHOT, long)
    owe(database)

    assert work.run_next()

    assert ends[0] < ends[1]
    assert rows(database) == []


def away(*_arguments, **_more):
    raise AWAY[1]("gone", None, Exception())


def test_a_database_that_was_away_is_no_failure_of_the_job(database, work, handle):
    handle(Job.SNAPSHOT, away)
    owe(database)

    assert work.run_next()

    assert states(database) == [("snapshot", "queued", 0)]


def test_while_the_database_is_away_the_lease_ends_by_itself(database, work, handle, monkeypatch):
    handle(Job.SNAPSHOT, away)
    owe(database)
    monkeypatch.setattr(jobs, "held", away)

    with pytest.raises(AWAY):
        work.run_next()

    assert states(database) == [("snapshot", "running", 1)]


def test_a_lease_that_cannot_be_renewed_is_told_and_stops_no_work(database, work, handle, monkeypatch):
    monkeypatch.setattr(working, "LEASE_SECONDS", 0.2)
    tried = threading.Event()

    def refuse(*_arguments, **_more):
        tried.set()
        raise AWAY[1]("gone", None, Exception())

    monkeypatch.setattr(jobs, "renew", refuse)
    handle(Job.SNAPSHOT, lambda _context: tried.wait(5) and nothing)
    owe(database)

    assert work.run_next()

    assert rows(database) == []


def test_an_import_is_not_abandoned_while_the_database_is_away(database, work, handle, stage, monkeypatch):
    monkeypatch.setattr(working, "ABANDON", {Job.APPLY_IMPORT: away})
    handle(Job.APPLY_IMPORT, fail)
    stage(NEEDS)
    with database.transaction() as session:
        session.query(JobRow).filter_by(name=Job.APPLY_IMPORT).one().attempts = MAX_ATTEMPTS - 1
        session.query(JobRow).filter(JobRow.name != Job.APPLY_IMPORT).delete()

    with pytest.raises(AWAY):
        work.run_next()


def test_the_broker_is_told_again_of_what_nobody_took(database, work):
    owe(database, Job.SNAPSHOT)  # told at its commit, a moment ago
    owe(database, Job.SEAL, due_at=now() + timedelta(hours=1))
    owe(database, Job.EMBED, bulk=True, side="need", id="1")
    with database.transaction() as session:
        for name, change in ((Job.SEAL, {"due_at": now()}), (Job.EMBED, {"sent_at": now() - timedelta(minutes=1)})):
            session.query(JobRow).filter_by(name=name).update(change)
    told = []
    stop = listen(told.extend)
    try:
        assert work.dispatch() == 2
        assert work.dispatch() == 0
    finally:
        stop()

    assert sorted((each.name, each.bulk, each.due) for each in told) == [("embed", True, True), ("seal", False, True)]


def test_every_job_is_carried_out_one_way():
    assert not HANDLERS.keys() & BATCHES.keys()


def fail(*_arguments, **_more):
    raise ZeroDivisionError


def test_a_disk_that_takes_no_head_stops_no_sweep(context, said):
    said(Side.INNOVATION, ADHD_TEST)
    folder = context.settings.heads_folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file where a folder should be")
    work = Work(context)
    while work.run_next():
        pass

    work.sweep()

    assert folder.read_text() == "a file where a folder should be"
