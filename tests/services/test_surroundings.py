"""The doctor looks at every server and program around the service, and says what to do."""

import os
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from celery.contrib.testing.worker import start_worker
from redis import Redis
from redis.exceptions import ResponseError

from api import broker
from api.broker import QUEUES, SWEEP, TASK
from api.db import Database
from api.services import surroundings
from api.services.surroundings import check_backups, check_exposure, check_mail, check_queue, check_server
from api.settings import Settings
from api.worker import create_worker
from models.mail import MessageState
from models.queries import servers
from tests import mails
from tests.factories import NOW
from tests.walk import now

pytestmark = pytest.mark.both


@pytest.fixture
def service(tmp_path, broker_url):
    """The settings of a service mode; its workers need no database here."""
    return Settings(home=tmp_path, broker_url=broker_url, database_url="postgresql+psycopg://nobody@127.0.0.1:1/nothing")


@pytest.fixture
def server(migrated_postgresql_url):
    """What is found of a PostgreSQL server, by name."""
    database = Database(migrated_postgresql_url)

    def found(**chosen):
        with database.reading() as session:
            return {check.name: check for check in check_server(session, Settings(**chosen))}

    yield found
    database.dispose()


@contextmanager
def working(settings, queues=QUEUES):
    """A worker that reads these queues."""
    app = create_worker(settings)
    with start_worker(app, queues=queues, perform_ping_check=False, loglevel="WARNING"):
        yield app


def by_name(checks):
    return {check.name: check for check in checks}


def test_a_good_server_is_well(server, monkeypatch):
    monkeypatch.setattr(servers, "facts", lambda session, ask=servers.facts: ask(session) | {"fsync": "on"})  # which tests do without

    checks = server()

    assert checks.keys() == {"server", "connections", "clock"}
    assert [check for check in checks.values() if check.remedy] == []


@pytest.mark.parametrize(
    ("fact", "value", "remedy"),
    [
        ("server_version_num", "140010", "PostgreSQL 15 or later"),
        ("server_encoding", "SQL_ASCII", "ENCODING 'UTF8'"),
        ("synchronous_commit", "off", "synchronous_commit to on"),
    ],
)
def test_a_server_that_will_not_do_is_told(server, monkeypatch, fact, value, remedy):
    good = {"server_version": "15.1", "server_version_num": "150001", "server_encoding": "UTF8", "max_connections": "100"}
    good |= {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
    monkeypatch.setattr(servers, "facts", lambda _session: good | {fact: value})

    found = server()["server"]

    assert (found.state, remedy in found.remedy) == ("WRONG", True)


def test_more_connections_than_the_server_has_are_told(server):
    assert server(processes=64)["connections"].state == "beware"


@pytest.mark.parametrize("seconds", [-60, 60])
def test_clocks_that_differ_are_told(server, monkeypatch, seconds):
    monkeypatch.setattr(servers, "clock", lambda _session: now() + timedelta(seconds=seconds))

    assert "NTP" in server()["clock"].remedy


def test_sqlite_serves_one_process(service, tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'matching.sqlite'}")
    with database.reading() as session:
        assert list(check_server(session, Settings())) == []
        assert "PostgreSQL" in by_name(check_server(session, service))["server"].remedy
    database.dispose()


def test_a_broker_that_is_away_is_told_and_nothing_is_asked_of_it(service):
    away = service.model_copy(update={"broker_url": "redis://127.0.0.1:1/0"})

    (check,) = check_queue(away)

    assert "Start Redis" in check.remedy


@pytest.mark.parametrize(
    ("name", "value", "state"),
    [("appendonly", "no", "beware"), ("maxmemory-policy", "allkeys-lru", "beware"), ("maxmemory-policy", "noeviction", "well")],
)
def test_how_the_broker_is_set_is_told(service, name, value, state):
    with Redis.from_url(service.broker_url) as client:
        before = {each: client.config_get(each)[each] for each in ("appendonly", "maxmemory-policy")}
        client.config_set("appendonly", "yes")
        client.config_set(name, value)

        found = by_name(check_queue(service))["broker"]

        for each, kept in before.items():
            client.config_set(each, kept)
    assert found.state == state


def test_a_rented_broker_may_keep_its_settings_to_itself(service, monkeypatch):
    def refused(*_):
        raise ResponseError("unknown command")

    monkeypatch.setattr(Redis, "config_get", refused)

    assert by_name(check_queue(service))["broker"].state == "well"


def test_an_old_broker_is_told(service, monkeypatch):
    monkeypatch.setattr(surroundings, "OLDEST_REDIS", 99)

    assert "Redis 7" in by_name(check_queue(service))["broker"].remedy


def test_nobody_who_works_is_told(service):
    checks = by_name(check_queue(service))

    assert "matching worker" in checks["workers"].remedy
    assert "beat" not in checks


def test_a_queue_that_nobody_reads_is_told(service):
    with working(service, ["now", "bulk"]):
        checks = by_name(check_queue(service))

    assert checks["workers"].remedy == "Start one for sweep: `matching worker --queues sweep`."
    assert "beat" not in checks


def test_workers_whom_nobody_asks_for_forgotten_work_are_told(service, monkeypatch):
    monkeypatch.setattr(broker, "DISPATCH_SECONDS", 0.1)

    with working(service):
        checks = by_name(check_queue(service))

    assert checks["workers"].well
    assert "matching beat" in checks["beat"].remedy


def test_a_beat_is_heard(service):
    stopping = threading.Event()

    def beat(app):
        while not stopping.wait(1):  # seldom enough for a busy machine to answer between two of them
            app.send_task(f"{TASK}dispatch", queue=SWEEP)

    with working(service) as app:
        thread = threading.Thread(target=beat, args=(app,))
        thread.start()
        checks = by_name(check_queue(service))
        stopping.set()
        thread.join()

    assert checks["beat"].well


def test_backups_are_as_old_as_the_newest(tmp_path):
    def found(**chosen):
        return check_backups(Settings(home=tmp_path, **chosen), now())

    assert found().state == "beware"
    assert "matching backup" in found(backup_folder=str(tmp_path)).remedy

    file = tmp_path / "matching-1.zip"
    file.touch()
    assert found(backup_folder=str(tmp_path)).state == "well"

    os.utime(file, ((now() - timedelta(hours=30)).timestamp(),) * 2)
    assert "nightly backup" in found(backup_folder=str(tmp_path)).remedy


@pytest.mark.parametrize(
    ("chosen", "remedy"),
    [
        ({}, ""),
        ({"host": "localhost"}, ""),
        ({"host": "0.0.0.0"}, "MATCHING_SECURE_COOKIES"),  # noqa: S104 -- what is to be told
        ({"host": "needs.internal"}, "MATCHING_SECURE_COOKIES"),
        ({"proxies": "127.0.0.1"}, "MATCHING_SECURE_COOKIES"),
        ({"proxies": "127.0.0.1", "secure_cookies": True}, "MATCHING_HOSTS"),
        ({"proxies": "127.0.0.1", "secure_cookies": True, "hosts": "needs.example.org"}, ""),
    ],
)
def test_what_others_can_reach_is_to_be_protected(chosen, remedy):
    check = check_exposure(Settings(**chosen))

    assert (check.well, remedy in check.remedy) == (not remedy, True)


@pytest.mark.parametrize(
    ("values", "after", "remedy"),
    [
        ({"state": MessageState.QUEUED}, timedelta(hours=2), "--state queued"),
        ({"state": MessageState.QUEUED}, timedelta(minutes=50), ""),
        ({"state": MessageState.UNSURE}, timedelta(days=6), "send-again"),
        ({"state": MessageState.FAILED}, timedelta(days=8), ""),
        ({"state": MessageState.SENT}, timedelta(hours=2), ""),
    ],
)
def test_mail_that_does_not_leave_or_arrive_is_told(session, values, after, remedy):
    mails.make_mail(session, **values)

    check = check_mail(session, Settings(), at=NOW + after)

    assert (bool(check.remedy), check.well) == (bool(remedy), "queued" not in remedy)
    assert remedy in check.remedy


def test_how_mail_leaves_is_told(session, tmp_path):
    written = check_mail(session, Settings(home=tmp_path), at=NOW)
    sent = check_mail(session, Settings(smtp_url="smtp://u:secret@mail.example.org"), at=NOW)

    assert written.found == f"sent as files in {tmp_path}/mail, because MATCHING_SMTP_URL is not set"
    assert sent.found == "sent by mail.example.org"
