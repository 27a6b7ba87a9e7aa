"""The command line of the service mode: jobs, worker, beat, several API processes."""

import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from api.db import Database
from api.queue import Job, enqueue
from api.settings import settings as read_settings
from models.jobs import JobRow
from models.queries import jobs

NOWHERE = "redis://127.0.0.1:1/0"  # nothing ever listens there


@pytest.fixture
def setting(monkeypatch):
    """Change the environment's settings."""

    def change(**values):
        for name, value in values.items():
            monkeypatch.setenv(f"MATCHING_{name.upper()}", str(value))
        read_settings.cache_clear()

    return change


@pytest.fixture
def owed(ready):
    """A queued job and two dead ones; their ids by name."""
    database, at = Database(read_settings().url), datetime.now(UTC)
    with database.transaction() as session:
        for job in (Job.SEAL, Job.SNAPSHOT, Job.APPLY_IMPORT):
            enqueue(session, job, at=at)
        for row in session.query(JobRow).filter(JobRow.name != Job.SEAL):
            row.give_up("It failed.", at=at)
        found = {row.name: row.id for row in session.query(JobRow)}
    yield found
    database.dispose()


def counts():
    database = Database(read_settings().url)
    with database.reading() as session:
        found = jobs.counts(session)
    database.dispose()
    return found


def test_jobs_are_listed_for_people_and_machines(ready, owed):
    shown = ready("jobs", "list")
    told = json.loads(ready("jobs", "list", "--state", "dead", "--json").stdout)

    assert "It failed." in shown.stdout
    assert "1 dead" in shown.stderr
    assert {(row["name"], row["state"], row["last_error"]) for row in told["jobs"]} == {
        ("snapshot", "dead", "It failed."),
        ("apply_import", "dead", "It failed."),
    }
    assert told["counts"]["seal"] == {"queued": 1}
    assert len(json.loads(ready("jobs", "list", "--limit", 1, "--json").stdout)["jobs"]) == 1


def test_where_nothing_is_owed_it_is_said(ready):
    assert "None is owed." in ready("jobs", "list").stderr


def test_one_dead_job_is_queued_again_by_its_id(ready, owed):
    assert "1 job is queued again." in ready("jobs", "retry", owed["snapshot"]).stderr

    assert counts()["snapshot"] == {"queued": 1}
    assert "has not failed" in ready("jobs", "retry", owed["snapshot"], status=1).stderr


def test_all_dead_jobs_are_queued_again(ready, owed):
    assert "2 jobs are queued again." in ready("jobs", "retry", "--all").stderr

    assert {name: set(states) for name, states in counts().items()} == {
        "seal": {"queued"},
        "snapshot": {"queued"},
        "apply_import": {"queued"},
    }
    assert "0 jobs are queued again." in ready("jobs", "retry", "--all").stderr


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("retry",), 1, "Name one job, or say --all"),
        (("retry", uuid4(), "--all"), 1, "Name one job, or say --all"),
        (("retry", uuid4()), 1, "no job of that id"),
        (("retry", "seal"), 2, "Invalid value"),
        (("list", "--state", "lost"), 2, "Invalid value"),
        (("list", "--limit", "0"), 2, "Invalid value"),
    ],
)
def test_what_cannot_be_done_with_jobs_is_told(ready, arguments, status, words):
    assert words in ready("jobs", *arguments, status=status).stderr


@pytest.mark.parametrize("command", ["worker", "beat"])
def test_worker_and_beat_are_for_the_service_mode(ready, command):
    assert "Set MATCHING_BROKER_URL" in ready(command, status=1).stderr


def test_a_worker_of_a_queue_that_there_is_not_is_refused(ready, setting):
    setting(broker_url=NOWHERE)

    assert "There is no queue soon. Choose among now, bulk, sweep." in ready("worker", "--queues", "now,soon", status=1).stderr


def test_a_worker_without_a_database_is_refused(cli, setting):
    setting(broker_url=NOWHERE)

    assert "matching init" in cli("worker", status=1).stderr


def test_several_processes_without_a_broker_are_refused(ready, setting):
    setting(processes=2)

    assert "Set MATCHING_BROKER_URL, or MATCHING_PROCESSES to 1" in ready("serve", status=1).stderr
