import threading
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from api.jobs import working
from api.jobs.context import Context, nothing
from api.jobs.runner import Runner
from api.jobs.working import BATCHES, HANDLERS
from api.queue import Job, enqueue
from api.services import deciding, indexing
from api.services.library import Libraries, RankingUnavailable
from models.decisions import Reason, Verdict
from models.documents import Side
from models.jobs import JobRow, JobState
from models.queries import documents, events, jobs, proposals
from models.queries.documents import NotFound
from tests.imports import NEEDS, report_of
from tests.walk import ADHD_NEED, ADHD_TEST, now

pytestmark = pytest.mark.both


@pytest.fixture
def handlers(monkeypatch):
    """Put a handler of the test's own in the place of a real one."""

    def put(**own):
        together = {name: handler for name, handler in own.items() if name in BATCHES}
        monkeypatch.setattr(working, "BATCHES", {**BATCHES, **together})
        monkeypatch.setattr(working, "HANDLERS", {**HANDLERS, **{name: own[name] for name in own.keys() - together.keys()}})

    return put


def owe(database, job=Job.SNAPSHOT, *, at=None, bulk=False, **arguments):
    with database.transaction() as session:
        enqueue(session, job, at=at or now(), bulk=bulk, **arguments)


def counts(database):
    with database.reading() as session:
        return jobs.counts(session)


def test_every_job_has_a_handler():
    assert {*HANDLERS, *BATCHES} == set(Job)


def test_the_walk_goes_from_text_to_proposal_by_itself(database, said, runner, hub):
    need_id, innovation_id = said(Side.NEED, ADHD_NEED), said(Side.INNOVATION, ADHD_TEST)

    runner.run_due()

    with database.reading() as session:
        (proposal,) = proposals.queue(session, hub, at=now()).rows
        assert (proposal.need_id, proposal.innovation_id) == (need_id, innovation_id)
        assert events.unsealed(session, limit=100) == []
    assert counts(database) == {}


def test_a_confirmed_match_leaves_by_itself_when_its_time_has_come(database, make_proposal, context, hub):
    proposal_id = make_proposal()
    with database.transaction() as session:
        deciding.decide(session, proposal_id, Verdict.CONFIRMED, actor=hub, at=now(), reason=Reason(), undo_window_seconds=0)
    context = Context(context.database, context.libraries, context.settings.model_copy(update={"undo_window_seconds": 0}))

    Runner(context).run_due()

    with database.reading() as session:
        assert "match.confirmed" in {event.kind for event in events.of_subject(session, proposal_id)}


def test_the_same_work_is_owed_once_and_other_work_beside_it(database):
    for number in (1, 1, 2):
        owe(database, Job.EMBED, side="need", id=str(number))

    assert counts(database) == {"embed": {"queued": 2}}


def test_what_a_person_waits_for_goes_before_bulk(database):
    owe(database, Job.EMBED, at=now() - timedelta(hours=1), bulk=True, side="need", id="1")
    owe(database, Job.EMBED, side="need", id="2")

    with database.transaction() as session:
        assert jobs.next_due(session, now()).arguments["id"] == "2"


def test_a_failing_job_is_tried_again_later_and_shown_to_a_person_at_last(database, handlers, context):
    def fail(_context):
        raise ZeroDivisionError("no")

    handlers(snapshot=fail)
    owe(database)
    runner = Runner(context)
    for _ in range(5):
        assert runner.run_one()
        assert not runner.run_one()
        with database.transaction() as session:
            for row in session.query(JobRow):
                row.due_at = now()

    with database.reading() as session:
        (dead,) = jobs.dead(session)
        assert (dead.state, dead.attempts, dead.last_error) == (JobState.DEAD, 5, "ZeroDivisionError; the service's log says where")


def test_what_a_job_wrote_and_its_end_are_one(database, handlers, context):
    def write_and_fail(_context):
        def effect(session):
            enqueue(session, Job.SEAL, at=now())
            session.flush()
            raise ZeroDivisionError

        return effect

    handlers(snapshot=write_and_fail)
    owe(database)

    Runner(context).run_one()

    assert counts(database) == {"snapshot": {"queued": 1}}


@pytest.mark.parametrize("error", [ZeroDivisionError, RankingUnavailable])
def test_a_failed_job_that_is_owed_anew_meanwhile_gives_way(database, handlers, context, error):
    def fail(_context):
        owe(database)
        raise error("no")

    handlers(snapshot=fail)
    owe(database)

    Runner(context).run_one()

    with database.reading() as session:
        (row,) = session.query(JobRow)
        assert (row.state, row.attempts) == (JobState.QUEUED, 0)


def test_without_an_encoder_work_waits_and_does_not_fail(database, said, tmp_path, context):
    said(Side.NEED, ADHD_NEED)
    bare = Context(database, Libraries(encoder_folder=tmp_path / "none", snapshot_folder=tmp_path), context.settings)

    Runner(bare).run_due()
    Runner(bare).sweep()

    with database.reading() as session:
        (row,) = session.query(JobRow).filter_by(name=Job.EMBED)
        assert (row.state, row.attempts) == (JobState.QUEUED, 0)
        assert "matching encoder export" in row.last_error


def test_a_job_that_vanished_meanwhile_is_nobodys_failure(database, handlers, context):
    def vanish(error):
        def handler(_context):
            with database.transaction() as session:
                session.query(JobRow).delete()
            if error:
                raise error
            return nothing

        return handler

    for error in (None, ZeroDivisionError("no"), RankingUnavailable("no")):
        handlers(snapshot=vanish(error))
        owe(database)
        assert Runner(context).run_one()
    assert counts(database) == {}


def test_a_killed_process_loses_no_job(database, said, context):
    said(Side.NEED, ADHD_NEED)
    with database.transaction() as session:
        jobs.next_due(session, now()).start(at=now(), lease_seconds=300)

    successor = Runner(context)
    successor.start()
    try:
        wait_until(lambda: counts(database) == {})
    finally:
        successor.stop()

    with database.reading() as session:
        assert documents.counts(session, Side.NEED) == {"stored": 1, "searchable": 1, "embedded": 1}


def test_the_sweep_finds_again_whatever_the_queue_lost(database, said, runner, context, hub):
    said(Side.NEED, ADHD_NEED)
    said(Side.INNOVATION, ADHD_TEST)
    forget(database)
    runner.sweep()
    runner.run_due()
    with database.transaction() as session:
        (proposal,) = proposals.queue(session, hub, at=now()).rows
        deciding.decide(session, proposal.id, Verdict.CONFIRMED, actor=hub, at=now(), reason=Reason(), undo_window_seconds=600)
    forget(database)

    damage_snapshot(context)
    late = Context(database, context.libraries, context.settings.model_copy(update={"undo_window_seconds": 0}))
    Runner(late).sweep()
    assert counts(database) == {"deliver": {"queued": 1}, "seal": {"queued": 1}, "snapshot": {"queued": 1}}
    Runner(late).run_due()

    with database.reading() as session:
        assert "match.confirmed" in {event.kind for event in events.of_subject(session, proposal.id)}
    with database.reading() as session:
        assert context.libraries.check_snapshot(session) == ""


def test_the_sweep_owes_a_run_to_what_is_embedded_but_was_never_ranked(database, said, runner):
    said(Side.NEED, ADHD_NEED)
    while "embed" in counts(database):
        runner.run_one()
    forget(database)

    runner.sweep()

    assert counts(database)["propose"] == {"queued": 1}


@pytest.mark.parametrize("job", [Job.EMBED, Job.SEAL])
def test_the_sweep_owes_nothing_again_that_waits_for_a_person(database, said, runner, handlers, job):
    said(Side.NEED, ADHD_NEED)
    handlers(**{job: fail})
    die(database, runner)
    before = counts(database)

    runner.sweep()

    assert counts(database) == before
    assert before[job] == {"dead": 1}


def test_work_that_died_twice_leaves_one_row_and_work_that_is_done_none(database, runner, handlers, context):
    handlers(snapshot=fail)
    for _ in range(2):
        owe(database)
        die(database, runner)
    assert counts(database) == {"snapshot": {"dead": 1}}

    handlers(snapshot=HANDLERS[Job.SNAPSHOT])
    owe(database)
    runner.run_one()

    assert counts(database) == {}


def test_an_import_that_dies_is_refused_and_its_file_may_be_brought_again(database, runner, handlers, stage):
    handlers(apply_import=fail)
    import_id = stage(NEEDS)

    die(database, runner)
    runner.sweep()

    report = report_of(database, import_id)
    assert (report.status, report.applied_rows, report.completed_at) == ("refused", 0, None)
    assert "Bring the file again" in report.reason
    assert counts(database)["apply_import"] == {"dead": 1}
    assert stage(NEEDS) != import_id


def test_what_cannot_be_abandoned_either_stops_no_other_work(database, runner, handlers, stage, monkeypatch):
    monkeypatch.setattr(working, "ABANDON", {Job.APPLY_IMPORT: fail})
    handlers(apply_import=fail)
    import_id = stage(NEEDS)

    die(database, runner)

    assert report_of(database, import_id).status == "applying"
    assert counts(database)["apply_import"] == {"dead": 1}


def test_what_a_job_kept_of_an_error_is_its_kind_or_our_own_words(database, runner, handlers):
    def refuse(_context):
        raise NotFound("There is no such need.")

    for failing in (fail, refuse):
        handlers(snapshot=failing)
        owe(database)
        die(database, runner)
        with database.reading() as session:
            assert [row.last_error for row in jobs.dead(session)] == [LAST_WORDS[failing is refuse]]


LAST_WORDS = {False: "ZeroDivisionError; the service's log says where", True: "NotFound: There is no such need."}


def fail(*_arguments, **_more):
    raise ZeroDivisionError("INSERT INTO need VALUES ('what somebody wrote')")


def die(database, runner):
    """Run what is owed until it is done or has failed too often."""
    while runner.run_due():
        with database.transaction() as session:
            for row in session.query(JobRow).filter_by(state=JobState.QUEUED):
                row.due_at = now()


def damage_snapshot(context):
    with context.database.reading() as session:
        name = indexing.write_snapshot(session, context.libraries, at=now())
        (file,) = context.libraries.snapshots_of(session).glob(f"*/{name}/need.faiss")
        context.libraries._snapshots.clear()
    file.write_bytes(file.read_bytes()[:-1])


def forget(database):
    with database.transaction() as session:
        session.query(JobRow).delete()


def wait_until(condition, seconds=20.0):
    ticking = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        ticking.wait(0.05)
    raise AssertionError("It did not happen in time.")


def test_the_thread_wakes_when_work_is_committed_and_stops_when_told(database, said, runner):
    runner.start()
    try:
        said(Side.NEED, ADHD_NEED)
        wait_until(lambda: counts(database) == {})
    finally:
        runner.stop()
    said(Side.INNOVATION, ADHD_TEST)

    assert counts(database)["embed"] == {"queued": 1}
    assert runner.run_due() == 0


def test_a_runner_that_was_never_started_stops_at_once(runner):
    runner.stop()


def test_the_thread_outlives_a_database_that_is_away(database, said, context, monkeypatch):
    runner = Runner(context)
    away = threading.Event()

    def sweep():
        if not away.is_set():
            away.set()
            raise OperationalError("SELECT 1", None, Exception("away"))

    monkeypatch.setattr(runner, "sweep", sweep)
    runner.start()
    try:
        assert away.wait(5)
        said(Side.NEED, ADHD_NEED)
        wait_until(lambda: counts(database) == {})
    finally:
        runner.stop()


def test_a_document_that_changes_while_it_is_encoded_is_encoded_again(database, said, context, hub):
    from api.jobs.documents import embed
    from api.services import intake

    need_id = said(Side.NEED, ADHD_NEED)
    keep = embed(context, [JobRow(arguments={"side": "need", "id": str(need_id)}, correlation_id="")])
    with database.transaction() as session:
        intake.change(session, Side.NEED, need_id, {"problem": "Children wait."}, actor=hub, at=now())
    forget(database)

    with database.transaction() as session:
        keep(session)

    assert counts(database) == {"embed": {"queued": 1}}
