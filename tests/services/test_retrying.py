import pytest

from api.queue import Job, enqueue, listen
from api.services import retrying
from api.services.retrying import NotDead
from models.actors import SYSTEM
from models.jobs import JobRow, JobState
from models.queries import events
from models.queries.documents import NotFound
from tests.walk import now

pytestmark = pytest.mark.both


@pytest.fixture
def dead(database):
    """A job that failed too often."""
    with database.transaction() as session:
        enqueue(session, Job.SNAPSHOT, at=now())
        row = session.query(JobRow).filter_by(name=Job.SNAPSHOT).one()
        row.give_up("It failed.", at=now())
        return row.id


def test_a_dead_job_begins_anew_and_the_broker_is_told(database, dead, hub):
    told = []
    stop = listen(told.extend)
    with database.transaction() as session:
        retrying.retry(session, dead, actor=hub, at=now())
    stop()

    with database.reading() as session:
        row = session.get(JobRow, dead)
        assert (row.state, row.attempts, row.finished_at) == (JobState.QUEUED, 0, None)
        (event,) = events.of_subject(session, dead)
        assert (event.kind, event.actor, event.data) == ("job.retried", hub.name, {"job": "snapshot"})
    assert dead in {each.id for each in told}


def test_where_a_younger_row_owes_the_same_work_that_one_is_queued(database, dead, hub):
    with database.transaction() as session:
        enqueue(session, Job.SNAPSHOT, at=now())

    with database.transaction() as session:
        queued = retrying.retry(session, dead, actor=hub, at=now())
        assert queued.id != dead
        assert session.query(JobRow).filter_by(name=Job.SNAPSHOT).one() is queued


def test_all_dead_jobs_are_queued_at_once(database, dead):
    with database.transaction() as session:
        assert retrying.retry_all(session, actor=SYSTEM, at=now()) == 1
    with database.transaction() as session:
        assert retrying.retry_all(session, actor=SYSTEM, at=now()) == 0


def test_a_job_that_has_not_failed_or_is_not_there_is_not_retried(database, dead, hub):
    with database.transaction() as session:
        retrying.retry(session, dead, actor=hub, at=now())

    with database.transaction() as session, pytest.raises(NotDead) as refused:
        retrying.retry(session, dead, actor=hub, at=now())
    assert refused.value.details == {"state": "queued"}
    with database.transaction() as session, pytest.raises(NotFound):
        retrying.retry(session, hub.person_id, actor=hub, at=now())
