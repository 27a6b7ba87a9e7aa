"""What Prometheus is told, and whom else it is kept from."""

import os
import re
import subprocess
import sys
import threading
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError
from time_machine import travel

from api.measuring import _counts, measure_job, serve_counts
from api.services.library import RankingUnavailable
from models.keys import Scope
from models.people import Role
from models.queries import backlog, keys
from tests import factories
from tests.servers import wait_until

METRICS = "/metrics"
RULES = Path(__file__).parents[2] / "deploy" / "prometheus.rules.yml"


@pytest.fixture
def scraper(client_with_key):
    """Prometheus, with a key for nothing else."""
    return client_with_key(Role.PIPELINE, {Scope.METRICS})


@pytest.fixture
def told(app, scraper):
    """All samples by name and labels, looked up anew."""

    def ask():
        app.state.lookout.forget()
        return samples(scraper.get(METRICS).text)

    return ask


def samples(text):
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = (sample.name, *sorted(sample.labels.items()))
            assert key not in found, "told twice"
            found[key] = sample.value
    return found


def requests(found):
    return {key[1:]: value for key, value in found.items() if key[0] == "matching_requests_total"}


def away(*_args, **_values):
    raise OperationalError("SELECT 1", {}, Exception("connection refused"))


@pytest.mark.parametrize("scopes", [{Scope.READ}, set(Scope) - {Scope.METRICS}])
def test_metrics_need_a_key_that_was_made_for_them(client, client_with_key, client_as, scopes):
    statuses = [asker.get(METRICS).status_code for asker in (client, client_with_key(scopes=scopes), client_as(Role.PLACE))]

    assert statuses == [401, 403, 403]


def test_a_refusal_is_told_to_a_program(client):
    assert client.get(METRICS).headers["content-type"] == "application/problem+json"


@pytest.mark.both
def test_everything_that_is_told_is_well_formed(runner, scraper, make):
    make(factories.make_need)

    reply = scraper.get(METRICS)

    found = samples(reply.text)
    assert (reply.status_code, reply.headers["content-type"][:25]) == (200, "text/plain; version=1.0.0")
    assert found["matching_database_up",] == 1
    assert found["matching_embedding_backlog_documents", ("side", "need")] == 1
    assert found["matching_index_lag_documents",] == 0
    assert found["matching_jobs", ("job", "embed"), ("state", "dead")] == 0
    assert found["matching_part_missing", ("part", "encoder")] == 0


def test_requests_are_counted_by_the_template_of_their_route(told, client, hub, make):
    need = make(factories.make_need)
    before = requests(told())

    for path in (f"/needs/{need.id}", f"/api/v1/needs/{need.id}", "/api/v1/needs/needs", "/assets/pages.css", "/wp-login.php", "/api/v1/x"):
        client.get(path)
    client.head("/needs")
    client.request("PROPFIND", "/needs")
    hub.post("/api/v1/needs", json={})

    after = requests(told())
    counted = {"|".join(value for _, value in key): after[key] - before.get(key, 0) for key in after if after[key] != before.get(key)}
    assert counted == {
        "GET|/needs/{need_id}|2xx": 1,
        "GET|/api/v1/needs/{need_id}|2xx": 1,
        "GET|/api/v1/needs/{need_id}|4xx": 1,
        "GET|/assets|2xx": 1,
        "GET|none|4xx": 2,
        "HEAD|/needs|2xx": 1,
        "other|/needs|4xx": 1,
        "POST|/api/v1/needs|4xx": 1,
        f"GET|{METRICS}|2xx": 1,
    }


def test_a_failure_is_counted_as_one(told, client, monkeypatch):
    monkeypatch.setattr("api.routes.places.places.all_places", lambda *_: 1 / 0)
    failures = ("method", "GET"), ("route", "/api/v1/places"), ("status", "5xx")
    before = requests(told()).get(failures, 0)

    client.get("/api/v1/places")

    assert requests(told())[failures] == before + 1


def test_runs_of_jobs_are_counted_by_how_they_end(told):
    before = told()
    endings = {"done": None, "waiting": RankingUnavailable("The encoder is missing."), "away": away, "failed": ValueError()}

    for outcome in endings.values():
        try:
            with measure_job("embed"):
                if callable(outcome):
                    outcome()
                if outcome is not None:
                    raise outcome
        except (RankingUnavailable, OperationalError, ValueError):
            continue

    after = told()
    counted = {outcome: ("matching_job_runs_total", ("job", "embed"), ("outcome", outcome)) for outcome in endings}
    assert {outcome: after[key] - before[key] for outcome, key in counted.items()} == dict.fromkeys(endings, 1)
    times = "matching_job_seconds_count", ("job", "embed")
    assert after[times] - before[times] == 4


@pytest.mark.both
def test_connections_in_use_are_counted(database):
    def in_use():
        return samples(_counts().decode())["matching_database_connections_in_use",]

    wait_until(lambda: in_use() == 0, 10)  # what was looked up for the test before may still go on
    with database.reading() as session:
        backlog.unsealed(session)
        busy = in_use()

    assert (busy, in_use()) == (1, 0)


def test_a_key_that_was_let_in_of_late_may_ask_while_the_database_is_away(app, scraper, client_with_key, monkeypatch):
    stranger = client_with_key(Role.PIPELINE, {Scope.METRICS})
    scraper.get(METRICS)
    monkeypatch.setattr(keys, "by_prefix", away)
    monkeypatch.setattr(backlog, "schema_step", away)
    monkeypatch.setattr(backlog, "due_since", away)
    app.state.lookout.forget()

    known, unknown = scraper.get(METRICS), stranger.get(METRICS)

    assert (known.status_code, unknown.status_code, unknown.headers["retry-after"]) == (200, 503, "2")
    assert samples(known.text)["matching_database_up",] == 0
    assert not [key for key in samples(known.text) if "backlog" in key[0]]
    with travel(datetime.now(UTC) + timedelta(hours=2)):
        assert scraper.get(METRICS).status_code == 503


def test_a_sign_in_is_not_remembered(app, client_as, monkeypatch):
    board = client_as(Role.BOARD)
    assert board.get(METRICS).status_code == 200
    monkeypatch.setattr("api.services.accounts.actor_of_session", away)

    assert board.get(METRICS).status_code == 503


def test_in_service_mode_the_broker_is_told_of(app, told, monkeypatch):
    lookout = app.state.lookout
    monkeypatch.setattr(lookout, "broker_answers", lambda: False)

    assert told()["matching_broker_up",] == 0


def test_a_worker_tells_what_it_counted_on_loopback(told):
    server, thread = serve_counts(0)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/metrics", timeout=5) as answer:
            found = samples(answer.read().decode())
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

    assert server.server_address[0] == "127.0.0.1"
    assert ("matching_job_runs_total", ("job", "embed"), ("outcome", "done")) in found
    assert not [key for key in found if key[0] == "matching_database_up"]


_COUNT_TOGETHER = """
import os, sys
from pathlib import Path
from api.sharing import count_together
count_together(Path(sys.argv[1]), "api-1")
from api.measuring import _IN_FLIGHT, _counts, measure_job
for _ in range(3):
    if not (child := os.fork()):
        with measure_job("embed"):
            _IN_FLIGHT.inc()
        os._exit(0)
    os.waitpid(child, 0)
_IN_FLIGHT.inc()
print(_counts().decode())
"""


def test_processes_count_together_and_the_dead_have_nothing_in_hand(tmp_path):
    left = tmp_path / "metrics" / "api-1" / "counter_1.db"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"of an earlier run")

    said = subprocess.run(
        [sys.executable, "-c", _COUNT_TOGETHER, tmp_path], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": "."}
    ).stdout

    found = samples(said)
    assert found["matching_job_runs_total", ("job", "embed"), ("outcome", "done")] == 3
    assert found["matching_requests_in_flight",] == 1


def test_a_scrape_does_not_wait_for_a_database_that_hangs(app, scraper, monkeypatch):
    scraper.get(METRICS)
    goes_on = threading.Event()
    for look in ("schema_step", "due_since"):
        monkeypatch.setattr(backlog, look, lambda *_: goes_on.wait(20))
    monkeypatch.setattr("api.services.measuring.PATIENCE_SECONDS", 0.1)
    app.state.lookout.forget()

    found = samples(scraper.get(METRICS).text)
    goes_on.set()

    assert found["matching_database_up",] == 0


def test_the_alerts_ask_for_what_is_told(runner, told, transaction):
    names = {key[0] for key in told()} | {"matching_snapshot_age_seconds", "matching_broker_up"}  # where there is one
    rules = RULES.read_text(encoding="utf-8")

    asked = set(re.findall(r"\bmatching_\w+", rules))

    assert asked
    assert asked <= names
    assert len(re.findall(r"^\s+- alert: \w+$", rules, flags=re.MULTILINE)) == len(re.findall(r"^\s+summary: ", rules, flags=re.MULTILINE))
