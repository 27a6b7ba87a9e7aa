"""The publisher and Redis: told at once when it is there, forgotten without harm when it is not."""

import json
import time

import pytest
from redis import Redis

from api import queue
from api.broker import BULK, NOW, BrokerAway, Publisher, celery_of, ping
from api.queue import Job, enqueue
from api.settings import Settings
from tests.servers import wait_until
from tests.walk import now

NOWHERE = "redis://127.0.0.1:1/0"  # nothing ever listens there


@pytest.fixture
def settings(tmp_path, broker_url):
    return Settings(home=tmp_path, broker_url=broker_url)


@pytest.fixture
def publisher(settings, monkeypatch):
    monkeypatch.setattr(queue, "_listeners", [])  # whoever listens for another test tells the same broker
    publisher = Publisher(settings)
    publisher.start()
    yield publisher
    publisher.stop()


def waiting(settings, queue):
    """Task and arguments of each message of a queue."""
    with Redis.from_url(settings.broker_url) as client:
        messages = [json.loads(each) for each in client.lrange(queue, 0, -1)]
    return [(each["headers"]["task"], each["headers"]["argsrepr"]) for each in messages]


def test_a_committed_job_is_told_as_its_id_alone(database, settings, publisher):
    with database.transaction() as session:
        enqueue(session, Job.SNAPSHOT, at=now())
        enqueue(session, Job.EMBED, at=now(), bulk=True, side="need", id="a need's id")
        enqueue(session, Job.SEAL, at=now(), due_at=now().replace(year=2100))

    wait_until(lambda: waiting(settings, BULK) and waiting(settings, NOW), 5)

    ((task, arguments),) = waiting(settings, BULK)
    assert (task, "a need's id" in arguments) == ("matching.embed", False)
    assert [name for name, _ in waiting(settings, NOW)] == ["matching.snapshot"]


def test_what_is_rolled_back_is_not_told(database, settings, publisher):
    def fail():
        with database.transaction() as session:
            enqueue(session, Job.SNAPSHOT, at=now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.transaction() as session:
        enqueue(session, Job.EMBED, at=now(), side="need", id="1")

    wait_until(lambda: waiting(settings, NOW), 5)

    assert [name for name, _ in waiting(settings, NOW)] == ["matching.embed"]


def test_a_broker_that_is_away_holds_nobody_up(database, settings):
    publisher = Publisher(settings.model_copy(update={"broker_url": NOWHERE}))
    publisher.start()
    try:
        began = time.perf_counter()
        with database.transaction() as session:
            enqueue(session, Job.SNAPSHOT, at=now())
        assert time.perf_counter() - began < 0.5
        assert publisher.is_running
    finally:
        publisher.stop()
    assert not publisher.is_running


def test_the_broker_is_asked_for_a_sign_of_life(broker_url):
    assert ping(broker_url) < 1
    with pytest.raises(BrokerAway, match="MATCHING_BROKER_URL"):
        ping(NOWHERE)


def test_celery_acknowledges_late_takes_one_at_a_time_and_reads_nothing_but_json(settings):
    conf = celery_of(settings).conf

    assert (conf.task_acks_late, conf.task_reject_on_worker_lost, conf.worker_prefetch_multiplier) == (True, True, 1)
    assert (conf.accept_content, conf.task_serializer, conf.task_ignore_result) == (["json"], "json", True)
    assert set(conf.beat_schedule) == {"dispatch", "sweep"}
