"""Thousands of hostile inputs at every route: answered within a second of work, never a failure of ours, told to nobody."""

import gc
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.testclient import TestClient

from api.routes.documentation import describe
from models.jobs import JobRow, JobState
from models.people import Role
from tests import factories
from tests.hostile import MARK, Attack, Target, attacks
from tests.pages import PAGE, Faults

NEED = {
    "title": "A need",
    "problem": "It goes wrong.",
    "population": "All",
    "desired_outcome": "Better.",
    "metric": "Weeks",
    "places": "LDS",
}
INNOVATION = {"name": "An innovation", "problems_tackled": "Waiting.", "how_it_works": "Quickly.", "visibility": "public"}
# What each form would take; every field of it, and every other of the description, is tried.
FORMS = {
    "/sign-in": {"email": "a@b.org", "password": "wrong", "next": "/needs"},
    "/sign-in/link": {"address": "a@b.org", "next": "/needs"},
    "/account/role": {"role": "hub"},
    "/account/mail": {"digest": "weekly"},
    "/colleagues": {"email": "a@b.org", "into": "place:nowhere"},
    "/needs/new": {**NEED, "visibility": "public", "care_settings": "HOSPITAL"},
    "/needs/{need_id}/change": {**NEED, "version": "1", "visibility": "public"},
    "/innovations/new": {**INNOVATION, "care_settings": "HOSPITAL", "stage": "ADOPTION", "supplier": "A firm"},
    "/innovations/{innovation_id}/change": {**INNOVATION, "version": "1"},
    "/proposals/{proposal_id}/decision": {
        "verdict": "skipped",
        "reason": "",
        "note": "",
        "until-day": "1",
        "until-month": "1",
        "version": "1",
    },
    "/api/v1/records": {"file": "uniqueId,name\nINN-2501-0007-5,A\n", "dry_run": "true", "consent_basis": "All signed.", "unique_id": ""},
    "/api/v1/imports": {"side": "need", "file": "title,places\nA need,LDS\n", "partial": "false", "consent_basis": "All signed."},
}
BODIES = {
    "/api/v1/session": {"email": "a@b.org", "password": "wrong"},
    "/api/v1/needs": {"title": "A need", "places": ["LDS"], "submit": True},
    "/api/v1/innovations": {"name": "An innovation", "consent_by": "Managing director", "submit": True},
    "/api/v1/matches": {"side": "need", "content": {"title": "A need", "places": ["LDS"], "problem": "It goes wrong."}},
    "/api/v1/proposals/{proposal_id}/decision": {"verdict": "skipped"},
}
SLOWEST_SECONDS = 1.0


def targets(app: FastAPI) -> list[Target]:
    """Every route of the app."""
    described = describe(app)
    found = []
    for context in iter_route_contexts(app.routes):
        if not isinstance(context.original_route, APIRoute):
            continue
        for method in context.methods or ():
            form = FORMS.get(context.path) if method == "POST" else None
            fields = form or _fields(described, described["paths"].get(context.path, {}).get(method.lower(), {}))
            sound = form or BODIES.get(context.path, {})
            is_form = form is not None or not context.path.startswith("/api/")
            found.append(Target(method, context.path, tuple(fields), sound, form=is_form))
    return sorted(found, key=lambda target: (target.path, target.method))


def _fields(described: dict[str, Any], operation: dict[str, Any]) -> list[str]:
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    if "$ref" in schema:
        schema = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return list(schema.get("properties", ()))


@pytest.fixture
def world(app, client, client_as, client_with_key, make):
    """Rows to aim at, by the name of the parameter that addresses them, and who aims."""
    rows = [make(factories.make_proposal) for _ in range(12)]
    names = re.findall(r"{(\w+)}", " ".join(target.path for target in targets(app)))
    ids = {name: [str(row.id) for row in rows] for name in names}
    ids |= {"need_id": [str(row.need_id) for row in rows], "innovation_id": [str(row.innovation_id) for row in rows]}
    askers = {
        "anonymous": client,
        "hub": client_as(Role.HUB),
        "place": client_as(Role.PLACE),
        "innovator": client_with_key(Role.INNOVATOR),
        "pipeline": client_with_key(Role.PIPELINE),
    }
    return ids, askers


def send(client: TestClient, attack: Attack) -> Any:
    if attack.method != "GET" and "/api/v1/" in attack.url:
        attack.headers.setdefault("If-Match", "*")
    return client.request(attack.method, attack.url, headers=attack.headers, content=attack.content, follow_redirects=False)


def faults_of(attack: Attack, reply: Any, seconds: float, log: list[Any]) -> list[str]:
    """What is wrong with an answer."""
    kind = reply.headers.get("content-type", "")
    told = {name: value for name, value in reply.headers.items() if name != "location"}
    found = {
        f"a failure of ours: {reply.status_code}": reply.status_code >= 500
        and not (reply.status_code == 503 and "RankingUnav" in reply.text),
        f"{seconds:.2f} s of work": seconds > SLOWEST_SECONDS,
        "told back in a problem": kind.startswith("application/problem") and MARK in reply.text,
        "told back in a header": MARK in json.dumps(told) or "taken=1" in json.dumps(told),
        "sent elsewhere": not reply.headers.get("location", "/").startswith("/") or reply.headers.get("location", "").startswith("//"),
        "told back as markup": kind.startswith("text/html") and bool(Faults.of(reply.text)),
        "told back unescaped": kind.startswith("text/html") and "<" in attack.payload and attack.payload[:100] in reply.text,
        "told to the log": MARK in json.dumps(log, default=str),
    }
    return [fault for fault, is_so in found.items() if is_so]


@pytest.fixture(autouse=True)
def _own_work_alone() -> Iterator[None]:
    """A collection in the middle of a request looks through what it made, not through all that other tests of this process have left."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def bombard(app: FastAPI, world: Any, *, seed: int, count: int) -> dict[str, list[str]]:
    """Send them all; what was wrong, by what was sent."""
    ids, askers = world
    found = {}
    often = [*askers, *["hub"] * 4, "place"]  # those who may do most
    for number, attack in enumerate(attacks(targets(app), ids, often, seed=seed, count=count)):
        with structlog.testing.capture_logs() as log:
            began = time.process_time()
            reply = send(askers[attack.asker], attack)
            seconds = time.process_time() - began
        if faults := faults_of(attack, reply, seconds, log):
            found[f"{number}: {attack.words} as {attack.asker}: {attack.payload[:60]!r}"] = faults
    return found


def assert_nothing_was_left_behind(runner: Any, database: Any, hub: TestClient) -> None:
    """What was stored of it is matched, listed and shown like any other text."""
    runner.run_due()
    with database.reading() as session:
        assert session.query(JobRow).filter(JobRow.state == JobState.DEAD).count() == 0
    for url in ("/", "/needs", "/innovations", "/proposals", "/events"):
        page = hub.get(url, headers=PAGE)
        assert (page.status_code, Faults.of(page.text)) == (200, [])
    for side in ("needs", "innovations"):
        for row in hub.get(f"/api/v1/{side}?limit=100").json()["items"]:
            page = hub.get(f"/{side}/{row['id']}", headers=PAGE)
            assert (page.status_code, Faults.of(page.text)) == (200, []), row["id"]


def test_hostile_inputs_are_answered_quickly_and_told_to_nobody(app, world, runner, database, hub):
    assert bombard(app, world, seed=7731, count=300) == {}
    assert_nothing_was_left_behind(runner, database, hub)


@pytest.mark.long
def test_thousands_of_hostile_inputs_are_answered_quickly_and_told_to_nobody(app, world, runner, database, hub):
    assert bombard(app, world, seed=7732, count=2_000) == {}
    assert_nothing_was_left_behind(runner, database, hub)
