"""A request that is sent again under its Idempotency-Key is done once and answered again, on every route that creates."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from api.main import create_app
from api.requests import _creation
from api.routes.documentation import describe
from api.security import Door
from api.services import answering, intake
from api.settings import Settings
from models.answers import KeptAnswer
from models.decisions import Decision
from models.events import Event
from models.imports import ImportBatch
from models.innovations import Innovation
from models.jobs import JobRow
from models.keys import Scope
from models.needs import Need
from models.people import Role
from models.proposals import Proposal
from tests import again, factories, triage
from tests.factories import ANY_VERSION

pytestmark = pytest.mark.both

NEEDS = "/api/v1/needs"
NEED = {"title": "People fall at home", "places": ["LDS"], "submit": True}
CSV = b"title,places\nFalls at home,LDS\n"
SECRET = {"/api/v1/session", "/api/v1/links/{token}", "/api/v1/keys"}  # what they answer opens something, and is kept nowhere
FOR_ALL = {
    "POST /api/v1/watches",  # for everybody who signs in
    "POST /api/v1/front-door/submissions",
    "POST /api/v1/session/link",
    "POST /api/v1/asks/{token}/answer",
    "POST /api/v1/feedback/{token}",
}
SAYS_NOTHING = {
    "POST /api/v1/innovations/{innovation_id}/unmerge",
    "POST /api/v1/needs/{need_id}/leave",
    "POST /api/v1/proposals/{proposal_id}/undo",
    "POST /api/v1/submissions/{submission_id}/undo",
}
FIVE_ANSWERS = {
    "problems_tackled": "Assessment takes many appointments.",
    "how_it_works": "A computer test.",
    "care_settings": ["MENTAL_HEALTH"],
    "stage": "ADOPTION",
    "email": "new@example.org",
    "organisation": "New firm",
    "consent_by": "Managing director",
}
CREATED = (Need, Innovation, ImportBatch, Decision, Event, JobRow)


def creating():
    """Method, address and route of everything in the API that answers 201 or 202, but for what answers with a secret."""
    found = iter_route_contexts(create_app(Settings()).routes)
    return {
        f"{method} {each.path}": each.original_route
        for each in found
        for method in each.methods or ()
        if isinstance(each.original_route, APIRoute) and each.original_route.status_code in {201, 202} and each.path not in SECRET
    }


CREATING = creating()


def keyed(key=None, **headers):
    return {"Idempotency-Key": key or uuid4().hex, **headers}


def rows(database, table):
    with database.reading() as session:
        return list(session.scalars(select(table)).unique())


def counts(database):
    return {table.__name__: len(rows(database, table)) for table in CREATED}


@pytest.fixture
def ask(make, database):
    """`ask(client, "POST /api/v1/needs", headers)`: the same sound request each time."""
    make(factories.make_place)
    proposal, person, decided = make(factories.make_proposal), make(factories.make_person, None), []
    unmet = make(factories.make_need, proposed_revision=1)
    of_triage, of_working_life = triage.sender(make), again.sender(make)

    def ask(client, route, headers, *, changed=False):
        method, url = route.split()
        if route in triage.AGAIN:
            return of_triage(client, route, headers, changed=changed)
        if route in again.SOUND:
            return of_working_life(client, route, headers, changed=changed)
        note, address = ("Now", "now@example.org") if changed else ("As before", "before@example.org")
        if url.endswith("/imports"):
            data = {"side": "need", "dry_run": "yes"} if changed else {"side": "need"}
            return client.post(url, data=data, files={"file": ("upload.csv", CSV, "text/csv")}, headers=headers)
        if url.endswith("/undo") and not decided:
            sent = {"verdict": "confirmed"}
            decided.append(client.post(f"/api/v1/proposals/{proposal.id}/decision", json=sent, headers=ANY_VERSION))
        bodies = {
            NEEDS: {**NEED, "title": note},
            "/api/v1/innovations": {"name": note},
            "/api/v1/needs/{need_id}/call": {"introduction": note},
            "/api/v1/front-door/submissions": FIVE_ANSWERS | {"name": note},
            "/api/v1/session/link": {"email": address},
            "/api/v1/invitations": {"email": address, "role": "board"},
            "/api/v1/people": {"email": address, "name": note},
            "/api/v1/people/{person_id}/grants": {"role": "board" if changed else "hub"},
            "/api/v1/watches": {"kind": "text", "value": note},
            "/api/v1/proposals/{proposal_id}/decision": {"verdict": "rejected", "reason": "not_ready", "note": note},
        }
        return client.request(
            method,
            url.format(proposal_id=proposal.id, need_id=unmet.id, person_id=person.id),
            json=bodies.get(url),
            headers=headers,
        )

    return ask


def test_every_route_that_creates_takes_a_key_after_it_has_looked_who_asks(app):
    told = describe(app)["paths"]
    for name, route in CREATING.items():
        method, url = name.split()
        (header,) = [each for each in told[url][method.lower()]["parameters"] if each["name"] == "idempotency-key"]
        assert (header["in"], header["required"]) == ("header", False), name
        assert {"409", "422"} <= told[url][method.lower()]["responses"].keys(), name
        calls = [each.call for each in route.dependant.dependencies]
        (door,) = [place for place, call in enumerate(calls) if isinstance(call, Door)]
        assert door < calls.index(_creation), name


def test_no_other_route_takes_a_key(app):
    takes = {
        f"{method.upper()} {url}"
        for url, methods in describe(app)["paths"].items()
        for method, told in methods.items()
        if any(each["name"] == "idempotency-key" for each in told.get("parameters", []))
    }

    assert takes == CREATING.keys()


@pytest.mark.parametrize("route", sorted(CREATING))
def test_what_is_sent_again_is_done_once_and_answered_alike(ask, database, client_as, route):
    lead, headers = client_as(Role.LEAD), keyed(**ANY_VERSION)

    first = ask(lead, route, headers)
    done = counts(database)
    replayed = [ask(lead, route, headers) for _ in range(2)]

    assert first.status_code == CREATING[route].status_code, first.text
    assert "idempotency-replayed" not in first.headers
    for reply in replayed:
        assert (reply.status_code, reply.content, reply.headers["idempotency-replayed"]) == (first.status_code, first.content, "true")
        for name in ("content-type", "location", "etag"):
            assert reply.headers.get(name) == first.headers.get(name)
        assert reply.headers["x-correlation-id"] != first.headers["x-correlation-id"]
    assert counts(database) == done


@pytest.mark.parametrize("route", sorted(set(CREATING) - SAYS_NOTHING))
def test_a_key_with_another_payload_is_refused(ask, database, client_as, route):
    lead, headers = client_as(Role.LEAD), keyed(**ANY_VERSION)
    ask(lead, route, headers)
    done = counts(database)

    reply = ask(lead, route, headers, changed=True)

    assert (reply.status_code, reply.json()["title"]) == (422, "KeyReused")
    assert counts(database) == done


@pytest.mark.parametrize("route", sorted(CREATING.keys() - FOR_ALL))
def test_who_may_not_come_in_takes_no_key_and_is_given_no_answer(ask, database, client, client_as, route):
    lead, headers = client_as(Role.LEAD), keyed(**ANY_VERSION)
    ask(lead, route, headers)

    replies = [ask(client, route, headers), ask(client_as(Role.BOARD), route, headers)]

    assert [reply.status_code for reply in replies] == [401, 403]
    assert len(rows(database, KeptAnswer)) == 1


def test_a_key_is_not_shared_between_people_or_routes(database, hub, client_as, make):
    make(factories.make_place)
    headers = keyed()
    mine, theirs = hub.post(NEEDS, json=NEED, headers=headers), client_as(Role.HUB).post(NEEDS, json=NEED, headers=headers)
    elsewhere = hub.post("/api/v1/innovations", json={"name": "A test"}, headers=headers)

    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert mine.json()["id"] != theirs.json()["id"]
    assert (elsewhere.status_code, elsewhere.json()["title"]) == (422, "KeyReused")


def test_a_role_that_was_taken_away_is_given_no_answer(database, client_of, make):
    make(factories.make_place)
    person, headers = make(factories.make_person, Role.HUB), keyed()
    browser = client_of(person)
    browser.post(NEEDS, json=NEED, headers=headers)
    with database.transaction() as session:
        session.merge(person).grants.clear()

    assert browser.post(NEEDS, json=NEED, headers=headers).status_code == 403


@pytest.mark.parametrize("key", ["", "with space", "x" * 256, "\u00e9", "tab\there"])
def test_a_key_is_visible_and_short(hub, make, database, key):
    make(factories.make_place)

    reply = hub.post(NEEDS, json=NEED, headers={"Idempotency-Key": key.encode()})

    assert (reply.status_code, reply.json()["title"]) == (422, "InvalidRequest")
    assert rows(database, Need) == []


def test_a_key_given_twice_is_refused(hub, make):
    make(factories.make_place)

    reply = hub.post(NEEDS, json=NEED, headers=[*hub.headers.items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")])

    assert (reply.status_code, reply.json()["title"]) == (422, "InvalidRequest")


def test_the_order_of_fields_and_the_boundary_of_a_form_are_no_other_payload(hub, client_with_key, make):
    make(factories.make_place)
    headers = keyed()
    first = hub.post(NEEDS, json=NEED, headers=headers)
    turned = hub.post(NEEDS, json=dict(reversed(NEED.items())), headers=headers)
    sent = [hub.post("/api/v1/imports", data={"side": "need"}, files={"file": ("a.csv", CSV)}, headers=keyed("form")) for _ in range(2)]
    other = hub.post("/api/v1/imports", data={"side": "need"}, files={"file": ("a.csv", CSV + b"More,LDS\n")}, headers=keyed("form"))

    assert (first.status_code, turned.content) == (201, first.content)
    assert [reply.status_code for reply in sent] == [202, 202]
    assert sent[0].content == sent[1].content
    assert (other.status_code, other.json()["title"]) == (422, "KeyReused")


def test_a_refused_request_leaves_its_key_free(hub, make, database):
    headers = keyed()

    refused = [
        hub.post(NEEDS, json={**NEED, "title": ""}, headers=headers),  # before the work
        hub.post(NEEDS, json=NEED, headers=headers),  # in the work: there is no such place
    ]
    make(factories.make_place)
    done = hub.post(NEEDS, json=NEED, headers=headers)

    assert [reply.status_code for reply in refused] == [422, 422]
    assert (done.status_code, "idempotency-replayed" in done.headers) == (201, False)
    assert len(rows(database, KeptAnswer)) == 1


@pytest.mark.parametrize("failure", [RuntimeError("broken"), OperationalError("INSERT", {}, Exception("disk full"))])
def test_a_failure_between_claim_and_effect_leaves_the_key_usable(hub, make, database, monkeypatch, failure):
    make(factories.make_place)
    headers, create = keyed(), intake.create

    def fail(*args, **values):
        create(*args, **values)
        raise failure

    with monkeypatch.context() as patched:
        patched.setattr(intake, "create", fail)
        failed = hub.post(NEEDS, json=NEED, headers=headers)
    assert failed.status_code in {500, 503}
    assert (rows(database, Need), rows(database, KeptAnswer)) == ([], [])

    assert hub.post(NEEDS, json=NEED, headers=headers).status_code == 201


def test_an_answer_that_cannot_be_kept_takes_its_effect_with_it(hub, make, database, monkeypatch):
    make(factories.make_place)
    headers = keyed()

    def fail(*_args, **_values):
        raise OperationalError("UPDATE", {}, Exception("disk full"))

    with monkeypatch.context() as patched:
        patched.setattr(answering, "keep", fail)
        reply = hub.post(NEEDS, json=NEED, headers=headers)

    assert (reply.status_code, rows(database, Need)) == (503, [])


def test_a_claim_that_cannot_be_given_back_ends_with_its_lease(client_as, make, database, monkeypatch):
    make(factories.make_place)
    headers, begun = keyed(), datetime.now(UTC)

    def fail(*_args, **_values):
        raise OperationalError("DELETE", {}, Exception("gone"))

    with time_machine.travel(begun, tick=False) as clock:
        hub = client_as(Role.HUB)
        with monkeypatch.context() as patched:  # as when the process is killed in the middle of its work
            patched.setattr(intake, "create", fail)
            patched.setattr(answering, "free", fail)
            assert hub.post(NEEDS, json=NEED, headers=headers).status_code == 503
        waiting = hub.post(NEEDS, json=NEED, headers=headers)
        clock.shift(answering.LEASE + timedelta(seconds=1))
        done = hub.post(NEEDS, json=NEED, headers=headers)

    assert (waiting.status_code, waiting.json()["title"], waiting.headers["retry-after"]) == (409, "RequestInFlight", "1")
    assert done.status_code == 201
    assert len(rows(database, Need)) == 1


def test_while_a_request_is_worked_on_the_same_one_is_told_to_wait(hub, make, database, monkeypatch):
    make(factories.make_place)
    headers, create = keyed(), intake.create
    working, go_on = threading.Event(), threading.Event()

    def slow(*args, **values):
        made = create(*args, **values)  # the write lock of SQLite is held from here
        working.set()
        assert go_on.wait(20)
        return made

    monkeypatch.setattr(intake, "create", slow)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(hub.post, NEEDS, json=NEED, headers=headers)
        assert working.wait(20)
        begun = time.monotonic()
        meanwhile = hub.post(NEEDS, json=NEED, headers=headers)
        waited = time.monotonic() - begun
        go_on.set()
        done = first.result()

    assert (meanwhile.status_code, meanwhile.json()["title"], meanwhile.headers["retry-after"]) == (409, "RequestInFlight", "1")
    assert (done.status_code, hub.post(NEEDS, json=NEED, headers=headers).content) == (201, done.content)
    assert waited < 5


@pytest.mark.parametrize(
    "keys", [pytest.param(5, id="5"), pytest.param(200, id="200", marks=[pytest.mark.long, pytest.mark.timeout(1_800)])]
)
def test_of_sixteen_who_send_one_key_at_once_one_does_the_work_and_all_are_answered_alike(client_with_key, make, database, keys):
    make(factories.make_place)
    client = client_with_key(Role.HUB, {Scope.WRITE})

    def send(key):
        while (reply := client.post(NEEDS, json=NEED, headers=keyed(key))).status_code == 409:
            assert reply.headers["retry-after"] == "1"
            time.sleep(0.02)
        return reply

    with ThreadPoolExecutor(16) as pool:
        for number in range(keys):
            replies = list(pool.map(send, [f"key-{number}"] * 16))
            assert {reply.status_code for reply in replies} == {201}
            assert len({(reply.content, reply.headers["location"], reply.headers["etag"]) for reply in replies}) == 1
            assert sum("idempotency-replayed" in reply.headers for reply in replies) == 15

    assert len(rows(database, Need)) == len(rows(database, KeptAnswer)) == keys
    kinds = Counter(row.kind for row in rows(database, Event))
    assert (kinds["need.created"], kinds["need.opened"]) == (keys, keys)


def test_a_decision_sent_again_is_answered_although_the_version_has_moved_on(hub, make, database):
    proposal = make(factories.make_proposal)
    url, headers = f"/api/v1/proposals/{proposal.id}/decision", keyed(**{"If-Match": '"1"'})

    first, replayed = (hub.post(url, json={"verdict": "confirmed"}, headers=headers) for _ in range(2))

    assert (first.status_code, first.headers["etag"]) == (201, '"2"')
    assert (replayed.status_code, replayed.content, replayed.headers["etag"]) == (201, first.content, '"2"')
    assert [len(row.decisions) for row in rows(database, Proposal)] == [1]
