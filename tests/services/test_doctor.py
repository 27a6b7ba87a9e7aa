import importlib.metadata
import socket
import sys
import threading
from collections import namedtuple
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from uuid import uuid4

import pytest

import migrations
from api.db import Database
from api.queue import Job, enqueue
from api.services import delivering, doctor, indexing
from api.services.auditing import keep_head
from api.services.doctor import examine
from api.services.library import Libraries
from api.settings import Settings
from matcher.exporting import export
from models.documents import Side
from models.events import Event
from models.jobs import JobState
from models.queries import jobs
from tests.matcher.networks import make_static_source
from tests.walk import ADHD_NEED, now


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path, port=0)


@pytest.fixture
def migrated(settings):
    """A database made by the migrations, as an installation has it."""
    migrations.upgrade(settings.url)
    database = Database(settings.url)
    yield database
    database.dispose()


@pytest.fixture
def look(settings, libraries):
    """What the doctor finds, by name."""

    def found(database, **changes):
        checks = examine(settings.model_copy(update=changes), database, libraries, at=now() + timedelta(minutes=30))
        return {check.name: check for check in checks}

    return found


def test_nothing_is_wrong_with_a_new_installation(migrated, look):
    checks = look(migrated)

    assert [check for check in checks.values() if not check.well] == []
    assert checks["port"].found == "any free one"


def test_without_a_database_the_doctor_says_so_and_looks_at_the_rest(look):
    checks = look(None)

    assert "matching init" in checks["database"].remedy
    assert "jobs" not in checks
    assert checks["encoder"].well


def test_a_database_of_another_version_is_told(database, look):
    assert "stands at nothing" in look(database)["database"].found


def test_a_database_that_cannot_be_reached_is_told(look):
    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing")

    assert "MATCHING_DATABASE_URL" in look(away)["database"].remedy


def test_a_missing_encoder_and_ranker_are_told(migrated, settings, tmp_path):
    without = Libraries(encoder_folder=tmp_path / "none", snapshot_folder=tmp_path, ranker_path=tmp_path / "none.json")

    checks = {check.name: check for check in examine(settings, migrated, without, at=now())}

    assert "matching encoder export" in checks["encoder"].remedy
    assert "MATCHING_RANKER" in checks["ranker"].remedy
    assert checks["snapshots"].well


def test_a_missing_encoder_says_nothing_of_the_ranker(migrated, settings, tmp_path):
    without = Libraries(encoder_folder=tmp_path / "none", snapshot_folder=tmp_path)

    checks = {check.name: check for check in examine(settings, migrated, without, at=now())}

    assert not checks["encoder"].well
    assert checks["ranker"].well


def test_a_ranker_whose_weights_do_not_hold_for_the_encoder_is_told(migrated, settings, tmp_path):
    folder = export(tmp_path / "other", source=make_static_source(tmp_path / "source"))
    other = Libraries(encoder_folder=folder, snapshot_folder=tmp_path)

    checks = {check.name: check for check in examine(settings, migrated, other, at=now())}

    assert checks["encoder"].well
    assert "matching encoder switch --back" in checks["ranker"].remedy


def test_a_snapshot_is_whole_or_told(migrated, look, libraries, settings):
    with migrated.reading() as session:
        name = indexing.write_snapshot(session, libraries, at=now())
    assert look(migrated)["snapshots"].found == "whole, at event 0"

    for path in settings.snapshot_folder.rglob(f"{name}/*"):
        path.write_bytes(b"rubbish")

    assert look(migrated)["snapshots"].remedy == "Run `matching index`."


def test_work_that_nobody_does_is_told(database, said, look, monkeypatch):
    monkeypatch.setattr(migrations, "current", lambda _engine: migrations.head())
    said(Side.NEED, ADHD_NEED)

    checks = look(database)

    assert "1 not encoded yet" in checks["documents"].found
    assert "matching serve" in checks["jobs"].remedy
    assert "Unsealed since" in checks["events"].found


def test_a_dead_job_is_told(migrated, look):
    with migrated.transaction() as session:
        enqueue(session, Job.SEAL, at=now())
    with migrated.transaction() as session:
        job = jobs.next_due(session, now())
        job.attempts, job.state, job.last_error = 5, JobState.DEAD, "OSError: disk full"

    assert "disk full" in look(migrated)["jobs"].found


def test_in_service_mode_late_work_asks_for_a_worker_and_the_queue_is_looked_at(database, said, look, monkeypatch):
    monkeypatch.setattr(migrations, "current", lambda _engine: migrations.head())
    said(Side.NEED, ADHD_NEED)

    checks = look(database, broker_url="redis://127.0.0.1:1/0")

    assert "matching worker" in checks["jobs"].remedy
    assert "matching worker" in checks["events"].remedy
    assert "Start Redis" in checks["broker"].remedy


def test_a_history_that_does_not_end_where_it_did_is_told(migrated, look, settings):
    with migrated.transaction() as session:
        event = Event.of("need.opened", subject_kind="need", subject_id=uuid4(), actor="-", at=now())
        session.add(event)
        session.flush()
        delivering.seal(session, at=now())
    with migrated.reading() as session:
        keep_head(session, settings.heads_folder, at=now())
    assert "goes on after the head" in look(migrated)["history"].found

    kept = settings.heads_folder / "head.json"
    kept.write_text(kept.read_text(encoding="utf-8").replace(event.hash, "0" * 64), encoding="utf-8")
    assert "audit verify" in look(migrated)["history"].remedy

    kept.write_text("rubbish", encoding="utf-8")
    assert "who wrote there" in look(migrated)["history"].remedy


def test_a_home_that_cannot_be_written_is_told(migrated, look, tmp_path):
    assert "MATCHING_HOME" in look(migrated, home=tmp_path / "none")["home"].remedy


def test_a_full_disk_is_told(migrated, look, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _path: usage(10, 9, 1))

    assert "Make room" in look(migrated)["home"].remedy


def test_another_python_is_told(migrated, look, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))

    assert "Python 3.11" in look(migrated)["python"].remedy


@pytest.mark.parametrize(("listed", "found"), [(["numpy==0.1", "no-such-package==1; extra == 'x'", "no-such==2"], "no-such is missing")])
def test_packages_unlike_the_pins_are_told(migrated, look, monkeypatch, listed, found):
    monkeypatch.setattr(doctor, "requires", lambda _name: listed)

    check = look(migrated)["packages"]
    assert found in check.found
    assert "numpy is" in check.found
    assert "no-such-package" not in check.found
    assert check.remedy == "Run `make setup`."


def test_a_project_that_is_not_installed_is_told(migrated, look, monkeypatch):
    def missing(_name):
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(doctor, "requires", missing)

    assert "make setup" in look(migrated)["packages"].remedy


@pytest.mark.parametrize(("status", "well"), [(200, True), (404, False)])
def test_who_listens_at_the_port_is_told(migrated, look, status, well):
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        check = look(migrated, port=server.server_port)["port"]
        server.shutdown()

    assert check.well is well


def test_a_port_where_something_speaks_otherwise_is_told(migrated, look):
    def rude(listening):
        for _ in range(2):
            connection, _ = listening.accept()
            connection.sendall(b"rude\r\n")
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=rude, args=(listening,), daemon=True).start()
        assert "MATCHING_PORT" in look(migrated, port=listening.getsockname()[1])["port"].remedy


def test_a_free_port_is_told(migrated, look):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

    assert look(migrated, port=port)["port"].found.endswith("is free")
