"""Whether the service lives and can work."""

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from api.services import measuring
from api.services.library import Libraries, RankingUnavailable
from api.services.measuring import Lookout
from api.services.readiness import State, WarmUp, readiness
from models.jobs import JobRow, JobState
from models.queries import backlog
from tests import factories
from tests.factories import NOW

READY = "/health/ready"


@pytest.fixture
def healthy(app, runner, monkeypatch):
    """An app with encoder and ranker whose jobs are run."""
    monkeypatch.setitem(app.state._state, "runner", SimpleNamespace(is_running=True))
    monkeypatch.setitem(app.state._state, "warm_up", SimpleNamespace(under_way=False))
    return app


@pytest.fixture
def reasons(healthy, client):
    """What stands in the way of a better state, looked at anew; the state must be degraded."""

    def ask() -> list[str]:
        healthy.state.lookout.forget()
        reply = client.get(READY)
        assert (reply.status_code, reply.json()["state"]) == (200, "degraded")
        return reply.json()["reasons"]

    return ask


@pytest.fixture
def service_mode(healthy, monkeypatch):
    """The same app in service mode, whose broker answers or fails as the test says."""

    def switch(ping=lambda: None):
        monkeypatch.setitem(
            healthy.state._state, "settings", healthy.state.settings.model_copy(update={"broker_url": "redis://127.0.0.1:1/0"})
        )
        monkeypatch.setitem(healthy.state._state, "lookout", Lookout(healthy.state.database, healthy.state.libraries, ping=ping))

    return switch


def job(**values):
    return JobRow(**{"name": "embed", "dedupe_key": "1", "arguments": {}, "due_at": NOW, "created_at": NOW} | values)


def test_a_process_that_answers_lives(client):
    assert client.get("/health/live").json() == {"status": "live"}


def test_life_asks_nothing_of_the_database(app, client, monkeypatch):
    monkeypatch.setitem(app.state._state, "database", None)
    client.cookies.set("matching_session", "x")

    assert client.get("/health/live").status_code == 200


@pytest.mark.both
def test_a_whole_service_is_ready(healthy, client):
    reply = client.get(READY)

    assert (reply.status_code, reply.json()) == (200, {"state": "ready", "reasons": []})


def test_a_service_that_opens_its_libraries_is_starting(healthy, client, monkeypatch):
    monkeypatch.setitem(healthy.state._state, "warm_up", SimpleNamespace(under_way=True))

    reply = client.get(READY)

    assert (reply.status_code, reply.json()["state"], reply.headers["retry-after"]) == (503, "starting", "2")


def test_without_an_encoder_the_service_is_degraded_and_says_why(healthy, reasons, monkeypatch, tmp_path):
    libraries = Libraries(encoder_folder=tmp_path / "none", snapshot_folder=tmp_path)
    monkeypatch.setitem(healthy.state._state, "lookout", Lookout(healthy.state.database, libraries))

    assert reasons() == ["The encoder is missing or damaged, so nothing is ranked. Run `matching doctor` on the server."]


def test_a_damaged_snapshot_degrades_the_service(healthy, client, reasons, monkeypatch):
    assert client.get(READY).json()["state"] == "ready"  # and with that everything is open

    monkeypatch.setattr(healthy.state.libraries, "degraded", "/var/snapshots/1 is damaged")

    assert reasons() == ["The newest snapshot is damaged and is not used. Run `matching doctor` on the server if this lasts."]


def test_an_encoder_that_takes_long_to_open_degrades_the_service(reasons, monkeypatch):
    monkeypatch.setattr(measuring, "open_libraries", lambda *_: threading.Event().wait(1))
    monkeypatch.setattr(measuring, "PATIENCE_SECONDS", 0.2)

    assert reasons() == ["The encoder and the index are being opened. Ask again in a few seconds."]


def test_jobs_that_nobody_runs_degrade_the_service(healthy, reasons, monkeypatch):
    monkeypatch.setitem(healthy.state._state, "runner", SimpleNamespace(is_running=False))

    assert reasons() == ["Jobs are not being run in this process: new texts wait. Restart the service."]


def test_jobs_that_the_broker_is_not_told_of_degrade_the_service(healthy, service_mode, reasons, monkeypatch):
    service_mode()
    monkeypatch.setitem(healthy.state._state, "runner", SimpleNamespace(is_running=False))

    assert reasons() == ["This process tells the broker of no new work, which waits until beat finds it. Restart the process."]


def test_a_broker_that_is_away_degrades_the_service(service_mode, reasons):
    def away():
        raise ConnectionRefusedError

    service_mode(away)

    assert reasons() == ["The broker does not answer: new work waits in rows and is picked up when it does. Start Redis."]


def test_a_broker_that_answers_is_no_reason(service_mode, client):
    service_mode()

    assert client.get(READY).json()["state"] == "ready"


@pytest.mark.both
def test_jobs_that_wait_long_degrade_the_service(service_mode, reasons, transaction):
    service_mode()
    with transaction() as session:
        session.add(job(due_at=datetime.now(UTC) - timedelta(seconds=90)))
        session.add(job(due_at=datetime.now(UTC) - timedelta(seconds=90), dedupe_key="2", priority=1))  # bulk may wait for longer

    assert reasons() == ["Jobs wait in the queue 'now', the oldest for 90 seconds. Is a worker running?"]


@pytest.mark.parametrize(
    ("in_service_mode", "remedy"), [(True, "Others are being done; add workers if this lasts."), (False, "Others are being done.")]
)
def test_jobs_that_wait_behind_others_are_told_apart(service_mode, reasons, transaction, in_service_mode, remedy):
    if in_service_mode:
        service_mode()
    late = datetime.now(UTC) - timedelta(seconds=90)
    with transaction() as session:
        session.add(job(due_at=late))
        session.add(job(due_at=late, state=JobState.RUNNING, dedupe_key="2", leased_until=datetime.now(UTC) + timedelta(seconds=20)))

    assert reasons() == [f"Jobs wait in the queue 'now', the oldest for 90 seconds. {remedy}"]


def test_jobs_that_this_process_leaves_lying_degrade_it(reasons, transaction):
    with transaction() as session:
        session.add(job(due_at=datetime.now(UTC) - timedelta(seconds=90)))

    assert reasons() == ["Jobs wait in the queue 'now', the oldest for 90 seconds. Restart the service if this lasts."]


@pytest.mark.both
def test_a_dead_job_degrades_the_service(reasons, transaction):
    with transaction() as session:
        session.add(job(state=JobState.DEAD))

    assert reasons() == ["1 jobs failed too often and wait for a person. Run `matching doctor` to see them."]


@pytest.mark.both
def test_texts_that_nobody_reads_degrade_the_service(reasons, make):
    make(factories.make_need, updated_at=datetime.now(UTC) - timedelta(minutes=7))

    assert reasons() == ["1 texts wait to be read, the oldest for 7 minutes: the ranking is behind and misses them."]


@pytest.mark.both
@pytest.mark.parametrize(
    ("step", "state", "reason"),
    [
        ("0001", "down", "The database stands at 0001, which is too old. Run `matching init`."),
        ("9999", "degraded", "The database stands at 9999, which a newer version of this service made. Install that version here too."),
    ],
)
def test_a_database_of_another_version_is_told(healthy, client, transaction, step, state, reason):
    with transaction() as session:
        here = backlog.schema_step(session)
        session.execute(text("UPDATE alembic_version SET version_num = :step"), {"step": step})

    told = client.get(READY).json()
    with transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :step"), {"step": here})

    assert told == {"state": state, "reasons": [reason]}


def test_a_database_in_which_nothing_was_made_is_down(healthy, client, monkeypatch):
    monkeypatch.setattr(backlog, "schema_step", lambda _session: None)

    assert client.get(READY).json()["reasons"] == ["The database stands at nothing, which is too old. Run `matching init`."]


def test_without_a_database_the_service_is_down(healthy, client, monkeypatch):
    def away(_session):
        raise OperationalError("SELECT 1", {}, Exception("unable to open database file"))

    monkeypatch.setattr(backlog, "schema_step", away)

    reply = client.get(READY)

    assert (reply.status_code, reply.json()["state"]) == (503, "down")


def test_figures_that_cannot_be_had_degrade_the_service(reasons, monkeypatch):
    def away(_session, _at):
        raise OperationalError("SELECT 1", {}, Exception("canceling statement due to lock timeout"))

    monkeypatch.setattr(backlog, "due_since", away)

    assert reasons()[0].startswith("The database is slow")


def test_the_libraries_are_opened_in_the_background(app, runner):
    warm_up = WarmUp(app.state.database, app.state.libraries)
    assert not warm_up.under_way

    warm_up.start()
    warm_up._thread.join()

    assert not warm_up.under_way
    assert readiness(app.state.lookout, warming=False, hands_work=True, told_by_broker=False).state is State.READY


def test_libraries_that_cannot_be_opened_are_no_crash(app, monkeypatch):
    begun = threading.Event()

    def missing(*_args):
        begun.set()
        raise RankingUnavailable("The encoder is missing.")

    monkeypatch.setattr("api.services.readiness.open_libraries", missing)
    warm_up = WarmUp(app.state.database, app.state.libraries)

    warm_up.start()
    warm_up._thread.join()

    assert begun.is_set()


def test_nothing_heavy_is_loaded_to_put_the_app_together():
    heavy = "torch", "faiss", "onnxruntime", "tantivy", "sentence_transformers", "tokenizers", "py3langid", "alembic"
    code = f"import sys, api.main; print([name for name in {heavy!r} if name in sys.modules])"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert said.strip() == "[]"
