"""Whether the service lives and can work."""

import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import OperationalError

from api.services.library import Libraries, RankingUnavailable
from api.services.readiness import State, WarmUp, readiness
from models.jobs import JobRow, JobState
from models.queries import jobs
from tests.factories import NOW

READY = "/health/ready"


@pytest.fixture
def healthy(app, runner, monkeypatch):
    """An app with encoder and ranker whose jobs are run."""
    monkeypatch.setitem(app.state._state, "runner", SimpleNamespace(is_running=True))
    monkeypatch.setitem(app.state._state, "warm_up", SimpleNamespace(under_way=False))
    return app


def test_a_process_that_answers_lives(client):
    assert client.get("/health/live").json() == {"status": "live"}


def test_life_asks_nothing_of_the_database(app, client, monkeypatch):
    monkeypatch.setitem(app.state._state, "database", None)
    client.cookies.set("matching_session", "x")

    assert client.get("/health/live").status_code == 200


def test_a_whole_service_is_ready(healthy, client):
    reply = client.get(READY)

    assert (reply.status_code, reply.json()) == (200, {"state": "ready", "reasons": []})


def test_a_service_that_opens_its_libraries_is_starting(healthy, client, monkeypatch):
    monkeypatch.setitem(healthy.state._state, "warm_up", SimpleNamespace(under_way=True))

    reply = client.get(READY)

    assert (reply.status_code, reply.json()["state"], reply.headers["retry-after"]) == (503, "starting", "2")


def test_without_an_encoder_the_service_is_degraded_and_says_why(healthy, client, monkeypatch, tmp_path):
    monkeypatch.setitem(healthy.state._state, "libraries", Libraries(encoder_folder=tmp_path / "none", snapshot_folder=tmp_path))

    reply = client.get(READY)

    assert (reply.status_code, reply.json()["state"]) == (200, "degraded")
    assert "encoder" in reply.json()["reasons"][0]
    assert str(tmp_path) not in reply.text


def test_a_damaged_snapshot_degrades_the_service(healthy, client, monkeypatch):
    assert client.get(READY).json()["state"] == "ready"

    monkeypatch.setattr(healthy.state.libraries, "degraded", "/var/snapshots/1 is damaged")

    told = client.get(READY).json()
    assert (told["state"], told["reasons"][0][:31]) == ("degraded", "The newest snapshot is damaged ")


def test_jobs_that_nobody_runs_degrade_the_service(healthy, client, monkeypatch):
    monkeypatch.setitem(healthy.state._state, "runner", SimpleNamespace(is_running=False))

    assert client.get(READY).json()["reasons"] == ["Jobs are not being run in this process: new texts wait. Restart the service."]


def test_a_dead_job_degrades_the_service(healthy, client, transaction):
    with transaction() as session:
        session.add(JobRow(name="embed", dedupe_key="1", arguments={}, state=JobState.DEAD, due_at=NOW, created_at=NOW))

    assert client.get(READY).json()["reasons"][0].startswith("1 jobs failed too often")


def test_without_a_database_the_service_is_down(healthy, client, monkeypatch):
    def away(_session):
        raise OperationalError("SELECT 1", {}, Exception("unable to open database file"))

    monkeypatch.setattr(jobs, "dead", away)

    reply = client.get(READY)

    assert (reply.status_code, reply.json()["state"]) == (503, "down")


def test_the_libraries_are_opened_in_the_background(app, runner):
    warm_up = WarmUp(app.state.database, app.state.libraries)
    assert not warm_up.under_way

    warm_up.start()
    warm_up._thread.join()

    assert not warm_up.under_way
    assert readiness(app.state.database, app.state.libraries, warming=False, jobs_run=True).state is State.READY


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
