"""The log as somebody reads it who must not know what people wrote: lines of JSON, and never a word of it."""

import json
import logging
import re
import subprocess
import sys
import threading
import time
import urllib.request
from datetime import UTC, datetime
from http.client import IncompleteRead
from itertools import cycle, product
from types import MappingProxyType

import pytest
import structlog
import uvicorn
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.broker import NOW as QUEUE
from api.broker import celery_of
from api.edges import LastResort, RequestLog
from api.jobs import working
from api.logs import configure_log
from api.queue import Job, enqueue
from models.keys import Scope
from models.people import Role
from tests import factories
from tests.modes import Mode
from tests.servers import free_port, wait_until

WORD = "quetzalcoatl"
TEXT = f"{WORD} Older people who fall at home wait for hours, says {WORD}@example.org of {WORD}"


@pytest.fixture(autouse=True)
def _every_line(caplog):
    """Write everything, what libraries say to their makers too."""
    configure_log("DEBUG")
    caplog.set_level(logging.DEBUG)
    yield
    structlog.reset_defaults()


@pytest.fixture
def lines(capsys):
    """What was written since: every line is JSON, and none holds the word."""

    def read() -> list[dict[str, object]]:
        written = "".join(capsys.readouterr())
        assert WORD not in written.lower()
        return [json.loads(line) for line in written.splitlines()]

    return read


def bodies():
    """What may be sent: what fits, what nearly fits, and what is nothing of the kind."""
    said = {
        "title": TEXT, "problem": TEXT, "population": TEXT, "places": ["LDS", WORD], "name": TEXT, "description": TEXT, "kind": "PRODUCT",
        "email": f"{WORD}@example.org", "password": WORD, "reason": WORD, "verdict": WORD, "note": TEXT, "consent_by": TEXT, "text": TEXT,
        "side": "need", "content": {"title": TEXT, "problem": TEXT, WORD: TEXT},
    }  # fmt: skip
    yield {"json": said}
    yield {"json": {"title": TEXT, "problem": TEXT, "places": ["LDS"]}}
    yield {"json": {WORD: TEXT}, "params": {"q": TEXT, WORD: TEXT}}
    yield {"content": f'{{"title": "{TEXT}", "title": NaN'.encode(), "headers": {"Content-Type": "application/json"}}
    yield {"content": f'{{"title": "{TEXT}\\ud800"}}'.encode(), "headers": {"Content-Type": f"application/json; charset={WORD}"}}
    yield {"data": {name: value for name, value in said.items() if isinstance(value, str)}}
    yield {"files": {"file": (f"{WORD}.csv", f"title,{WORD},places\n{TEXT},{TEXT},{WORD}\n")}, "data": {"side": "needs", WORD: TEXT}}


def ask_everything(app, askers, ids=(WORD,)):
    """Send everything to every route, as everybody; who asks and for what changes from one request to the next."""
    turns = cycle(product(askers, ids))
    headers = {"If-Match": "*", "X-Correlation-ID": f"{WORD} {WORD}", "Idempotency-Key": WORD, "User-Agent": WORD}
    for route in iter_route_contexts(app.routes):
        for method in set(route.methods or ()) - {"HEAD"}:
            if route.name == "sign_out":
                continue  # who has left sees little of the rest
            for said in [{}, {"params": {"q": TEXT, WORD: TEXT, "after": WORD}}] if method == "GET" else bodies():
                asker, document_id = next(turns)
                path = re.sub(r"\{\w+\}", str(document_id), route.path)
                asker.request(method, path, **said | {"headers": headers | said.get("headers", {})})


@pytest.fixture
def askers(app, client, client_of, make):
    """Nobody, Hub staff, an innovator, a pipeline, and a key that is none; their addresses hold the word."""
    people = [make(factories.make_person, role, email=f"{WORD}.{role}@example.org", name=WORD) for role in (Role.HUB, Role.INNOVATOR)]
    key = make(factories.make_key, Role.PIPELINE, set(Scope) - {Scope.DECIDE}, name=WORD)
    keys = [
        TestClient(app, raise_server_exceptions=False, headers={"Authorization": f"Bearer {each}"}) for each in (key, f"mk_{WORD}_{WORD}")
    ]
    return [client, *map(client_of, people), *keys]


@pytest.fixture
def unlimited(app, monkeypatch):
    """Count no requests: every one is to go all the way."""
    monkeypatch.setattr(app.state.limits, "count", lambda *_, **__: None)


@pytest.mark.usefixtures("unlimited")
def test_no_request_writes_what_it_says(app, askers, make, lines, client_with_key):
    ids = (WORD, make(factories.make_need, title=TEXT).id, make(factories.make_innovation, name=TEXT).id, make(factories.make_proposal).id)

    ask_everything(app, askers, ids)

    told = lines()
    assert {line["status"] // 100 for line in told if line["event"] == "request.answered"} >= {2, 4}
    assert not [line for line in told if line["event"] == "request.failed"]
    assert WORD not in client_with_key(scopes={Scope.METRICS}).get("/metrics").text


@pytest.mark.usefixtures("unlimited")
def test_no_failure_writes_what_failed(app, askers, make, lines, monkeypatch):
    def refuse(*_args, **_values):
        raise IntegrityError(f"INSERT {TEXT}", {"title": TEXT}, Exception(f"Key (email)=({WORD}@example.org) already exists."))

    need = make(factories.make_need)
    monkeypatch.setattr(Session, "flush", refuse)

    ask_everything(app, askers[:2], [need.id])

    failed = [line for line in lines() if line["event"] == "request.failed"]
    assert failed
    assert all("IntegrityError at " in line["exception"] and line["correlation_id"] for line in failed)


@pytest.mark.both
def test_no_job_that_fails_writes_what_it_read(runner, make, lines, monkeypatch, transaction):
    def fail(*_args, **_values):
        raise ValueError(TEXT)

    monkeypatch.setattr(working, "BATCHES", MappingProxyType(dict.fromkeys(working.BATCHES, fail)))
    need = make(factories.make_need, title=TEXT)
    with transaction() as session:
        enqueue(session, Job.EMBED, at=datetime.now(UTC), side="need", id=str(need.id))

    runner.run_due()

    assert [line["job"] for line in lines() if line["event"] == "job.failed"] == ["embed"]


@pytest.mark.parametrize("mode", [Mode.SERVICE], indirect=True)
def test_no_message_of_the_broker_is_written(runner, settings, lines):
    sent = celery_of(settings)
    for name, arguments in (("embed", [TEXT]), (WORD, []), ("sweep", [TEXT])):
        sent.send_task(f"matching.{name}", args=arguments, queue=QUEUE, task_id=WORD)

    runner.run_due()

    told: list[dict[str, object]] = []
    wait_until(lambda: told.extend(lines()) or len([line for line in told if line["event"] == "library.said"]) >= 3, 20)
    assert any("ValueError at " in str(line.get("exception")) for line in told)


def test_a_failure_after_the_answer_began_is_a_line_too(lines):
    async def half(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
        raise ValueError(TEXT)

    port = free_port()
    app = RequestLog(LastResort(half))
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, lifespan="off", access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{WORD}?q={WORD}", timeout=5) as answer, pytest.raises(IncompleteRead):
        answer.read()
    server.should_exit = True
    thread.join()

    failed = [line for line in lines() if line.get("exception")]
    assert [(line["logger"], line["said"], line["exception"].split(" at ")[0]) for line in failed] == [
        ("uvicorn.error", "Exception in ASGI application", "ValueError")
    ]


@pytest.mark.parametrize(
    ("logger", "message", "arguments", "told"),
    [
        ("uvicorn.error", "Started server process [%d]", (12,), {"said": "Started server process [%d]", "numbers": [12], "level": "info"}),
        ("uvicorn.error", '%s - "WebSocket %s" [accepted]', ("1.2.3.4", WORD), {"said": '%s - "WebSocket %s" [accepted]', "numbers": None}),
        ("uvicorn.error", "Invalid HTTP request received.", (), {"said": "Invalid HTTP request received."}),
        ("celery.worker", "Task %(name)s: %(exc)s", ({"name": "embed", "exc": WORD},), {"said": "Task %(name)s: %(exc)s", "numbers": None}),
        ("kombu", f"Cannot read {WORD}", (), {"said": None, "logger": "kombu", "level": "info"}),
        ("redis", ValueError(WORD), (), {"said": None, "logger": "redis"}),
    ],
)
def test_of_a_library_its_own_words_are_told(lines, logger, message, arguments, told):
    logging.getLogger(logger).info(message, *arguments)

    [line] = lines()

    assert {name: line.get(name) for name in told} == told


def test_levels_in_between_are_told_as_the_one_below(lines):
    logging.getLogger("kombu").log(35, "%s", WORD)

    assert [line["level"] for line in lines()] == ["warning"]


_EVERYTHING_ELSE = f"""
import sys, threading, warnings
from api.logs import configure_log, retell_the_rest
configure_log("INFO")
retell_the_rest()
def fail():
    raise ValueError("{WORD}")
class Ends:
    __del__ = lambda self: fail()
warnings.warn("{WORD}")
thread = threading.Thread(target=fail)
thread.start()
thread.join()
Ends()
fail()
"""


def test_what_python_would_print_is_a_line_too():
    ended = subprocess.run([sys.executable, "-c", _EVERYTHING_ELSE], capture_output=True, text=True, check=False)

    told = [json.loads(line) for line in ended.stderr.splitlines()]
    assert (ended.returncode, ended.stdout, WORD in ended.stderr) == (1, "", False)
    assert [line["event"] for line in told] == ["library.warned", "thread.failed", "error.ignored", "process.failed"]
