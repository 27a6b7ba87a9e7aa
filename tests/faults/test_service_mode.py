"""The service mode as an operator runs it: two API processes, a worker and beat, each a process; a stop loses nothing."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest
from httpx2 import Client

from api.db import Database
from models.jobs import JobRow, JobState
from models.keys import Scope
from models.people import Role
from models.queries import jobs
from tests import factories
from tests.servers import kill_tree, wait_until
from tests.walk import ADHD_NEED, ADHD_TEST

ROWS = 60
COMMANDS = ("serve", "worker", "beat")
PATIENCE_SECONDS = 120
STOP_SECONDS = 30


class Programs:
    """The three commands of the service mode."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self._folder = folder
        self._environment = {**os.environ, **{f"MATCHING_{name.upper()}": value for name, value in settings.items()}}
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        for command in COMMANDS:
            with self._log(command).open("wb") as log:
                program = [sys.executable, "-c", "from api.cli import app; app()", command]
                self.running[command] = subprocess.Popen(program, env=self._environment, stdout=log, stderr=log)

    def said(self, command: str) -> str:
        return self._log(command).read_text(encoding="utf-8")

    def stop(self, command: str) -> int:
        """SIGTERM, as systemd sends it; the exit code."""
        self.tell(command)
        return self.ended(command)

    def tell(self, command: str) -> None:
        self.running[command].send_signal(signal.SIGTERM)

    def ended(self, command: str) -> int:
        return self.running[command].wait(STOP_SECONDS)

    def _log(self, command: str) -> Path:
        return self._folder / f"{command}.log"


@contextmanager
def started(folder: Path, **settings: str) -> Iterator[Programs]:
    """All of them, until the block ends; what has not been stopped by then is killed."""
    programs = Programs(folder, **settings)
    programs.start()
    try:
        yield programs
    finally:
        for process in programs.running.values():
            if process.poll() is None:
                kill_tree(process)


@pytest.fixture
def programs(tmp_path, migrated_postgresql_url, broker_url, encoder_folder):
    (tmp_path / "encoder").mkdir()
    (tmp_path / "encoder" / "all-MiniLM-L6-v2").symlink_to(encoder_folder)
    where = {"home": str(tmp_path), "database_url": migrated_postgresql_url, "broker_url": broker_url}
    with started(tmp_path, **where, port="0", processes="2", sweep_seconds="2", embed_batch_texts="256") as found:
        yield found


@pytest.fixture
def database(migrated_postgresql_url):
    database = Database(migrated_postgresql_url, pool=2)
    yield database
    database.dispose()


@pytest.fixture
def client(programs, database):
    """A machine of the Hub, once both API processes are there."""
    with database.transaction() as session:
        factories.make_place(session)
        key = factories.make_key(session, Role.HUB, {Scope.READ, Scope.WRITE, Scope.IMPORT})
    wait_until(lambda: " answer at " in programs.said("serve"), PATIENCE_SECONDS)
    address = re.findall(r"2 processes answer at (\S+)/\. ", programs.said("serve"))[0]
    with Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=30) as client:
        wait_until(lambda: client.get("/health/live").status_code == 200, PATIENCE_SECONDS)
        yield client


def running(database, name):
    with database.reading() as session:
        return {row.id for row in session.query(JobRow).filter_by(name=name, state=JobState.RUNNING)}


@contextmanager
def half_sent_need(client: Client) -> Iterator[Callable[[], int]]:
    """A request whose second half is sent when the block says so; the status of its answer."""
    body = json.dumps({**ADHD_NEED, "title": "Said while the service stops"}).encode()
    with closing(HTTPConnection(client.base_url.host, client.base_url.port, timeout=STOP_SECONDS)) as connection:
        connection.putrequest("POST", "/api/v1/needs")
        for name, value in {"Authorization": client.headers["Authorization"], "Content-Type": "application/json"}.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body[:40])
        time.sleep(0.5)  # until a process has taken the connection

        def rest() -> int:
            time.sleep(0.5)  # until it has been told to stop
            connection.send(body[40:])
            return connection.getresponse().status

        yield rest


def test_what_is_said_is_ranked_by_the_worker_and_a_stop_lets_the_job_in_hand_end(programs, client, database):
    need = client.post("/api/v1/needs", json={**ADHD_NEED, "submit": True})
    innovation = client.post("/api/v1/innovations", json={**ADHD_TEST, "submit": True})
    assert (need.status_code, innovation.status_code) == (201, 201), innovation.text
    asked = {"need_id": need.json()["id"], "innovation_id": innovation.json()["id"]}

    wait_until(lambda: client.get("/api/v1/proposals", params=asked).json()["items"], PATIENCE_SECONDS)

    assert len(psutil.Process(programs.running["serve"].pid).children()) >= 2

    lines = (f"Need {row},{row} older people who fall at home on day {row} wait too long for help,LDS" for row in range(ROWS))
    file = {"file": ("needs.csv", "\n".join(["title,problem,places", *lines]), "text/csv")}
    assert client.post("/api/v1/imports", data={"side": "need"}, files=file).status_code == 202
    wait_until(lambda: running(database, "embed"), PATIENCE_SECONDS)
    in_hand = running(database, "embed")

    codes = {command: programs.stop(command) for command in ("worker", "beat")}
    with half_sent_need(client) as send_the_rest:
        programs.tell("serve")
        assert send_the_rest() == 201
    codes["serve"] = programs.ended("serve")

    assert codes == dict.fromkeys(COMMANDS, 0), {command: programs.said(command)[-2_000:] for command in COMMANDS}
    with database.reading() as session:
        assert {row.state for row in session.query(JobRow)} <= {JobState.QUEUED}
        assert not in_hand & {row.id for row in session.query(JobRow)}
        assert jobs.dead(session) == []
