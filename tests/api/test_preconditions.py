"""Nothing that exists is changed without naming the version that was read; who is late is told what changed."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from api.routes.documentation import describe
from models.people import Role
from tests import factories
from tests.factories import ANY_VERSION
from tests.versions import CHANGES, Ground, Standing

pytestmark = pytest.mark.both

DECISIONS = (
    {"verdict": "confirmed"},
    {"verdict": "rejected", "reason": "not_ready"},
    {"verdict": "deferred", "reason": "no_budget", "until": "2100-01-01T00:00:00Z"},
    {"verdict": "skipped"},
)


def decide(client, proposal, said, version):
    return client.post(f"/api/v1/proposals/{proposal.id}/decision", json=said, headers={"If-Match": version})


def undo(client, proposal, version):
    return client.post(f"/api/v1/proposals/{proposal.id}/undo", headers={"If-Match": version})


@pytest.fixture
def standing(app, client_of, make, encoder, monkeypatch):
    """`standing(route)`: what a change is about, for the lead."""
    monkeypatch.setattr(app.state.libraries, "_encoder", encoder)

    def put(route):
        person = make(factories.make_person, Role.LEAD)
        rows = make(lambda session: CHANGES[route].rows(Ground(session, person, app.state.libraries)))
        return Standing(client_of(person), route, rows)

    return put


def test_every_change_of_what_exists_asks_for_the_version_that_was_read(app):
    asking = {
        f"{method.upper()} {url}"
        for url, methods in describe(app)["paths"].items()
        for method, told in methods.items()
        if any(each["name"] == "if-match" for each in told.get("parameters", []))
    }

    assert asking == CHANGES.keys()
    for route in asking:
        method, url = route.split()
        assert {"412", "428"} <= describe(app)["paths"][url][method.lower()]["responses"].keys(), route


@pytest.mark.parametrize("route", CHANGES)
def test_without_a_version_nothing_is_changed(standing, route):
    row = standing(route)
    before = row.etag()

    reply = row.change({})

    assert (reply.status_code, reply.json()["title"]) == (428, "PreconditionRequired")
    assert "If-Match" in reply.json()["detail"]
    assert row.etag() == before


@pytest.mark.parametrize("route", CHANGES)
def test_a_stale_version_is_told_the_present_one_and_that_one_may_be_changed(standing, route):
    row = standing(route)
    present = row.etag()

    late = row.change({"If-Match": '"99"'})
    done = row.change({"If-Match": late.headers["etag"]})

    assert (late.status_code, late.json()["title"], late.headers["etag"]) == (412, "StaleVersion", present)
    assert f'"{late.json()["version"]}"' == present
    assert done.status_code in {200, 201, 204}, done.text
    assert done.headers.get("etag") == row.etag() != present


@pytest.mark.parametrize("route", CHANGES)
def test_who_names_any_version_changes_the_present_one(standing, route):
    assert standing(route).change(ANY_VERSION).status_code in {200, 201, 204}


def test_a_decision_can_be_undone_by_the_version_that_it_was_answered_with(hub, make):
    proposal = make(factories.make_proposal)

    decided = decide(hub, proposal, {"verdict": "confirmed"}, '"1"')
    undone = undo(hub, proposal, decided.headers["etag"])
    again = decide(hub, proposal, {"verdict": "rejected", "reason": "not_ready"}, undone.headers["etag"])

    assert [reply.headers["etag"] for reply in (decided, undone, again)] == ['"2"', '"3"', '"4"']
    assert hub.get(f"/api/v1/proposals/{proposal.id}").headers["etag"] == '"4"'


def test_to_skip_leaves_the_version_to_the_others(hub, client_as, make):
    proposal = make(factories.make_proposal)

    skipped = decide(hub, proposal, {"verdict": "skipped"}, '"1"')
    stale = decide(hub, proposal, {"verdict": "skipped"}, '"7"')

    assert (skipped.status_code, skipped.headers["etag"], stale.status_code) == (201, '"1"', 412)
    assert decide(client_as(Role.HUB), proposal, {"verdict": "confirmed"}, '"1"').status_code == 201


@pytest.mark.parametrize("version", ['"1"', '"2"', '"9"', "*"])
@pytest.mark.parametrize("said", DECISIONS, ids=lambda said: said["verdict"])
def test_who_finds_a_proposal_closed_is_told_by_whom_whatever_was_read(hub, client_as, make, said, version):
    proposal = make(factories.make_proposal)
    decide(hub, proposal, {"verdict": "rejected", "reason": "not_ready"}, '"1"')

    reply = decide(client_as(Role.HUB, name="Second officer"), proposal, said, version)

    told = reply.json()
    assert (reply.status_code, told["title"]) == (409, "ProposalClosed")
    assert (told["decided_by"], told["verdict"]) == ("Hub officer", "rejected")


@pytest.mark.parametrize("version", ['"1"', '"2"'])
def test_who_may_not_undo_is_told_why_whatever_was_read(hub, client_as, make, version):
    proposal = make(factories.make_proposal)
    decide(hub, proposal, {"verdict": "confirmed"}, '"1"')

    reply = undo(client_as(Role.HUB), proposal, version)

    assert (reply.status_code, reply.json()["title"]) == (409, "NotUndoable")


def test_an_older_view_does_not_undo_a_newer_decision(hub, make):
    proposal = make(factories.make_proposal)
    first = decide(hub, proposal, {"verdict": "confirmed"}, '"1"').headers["etag"]
    undo(hub, proposal, first)
    decide(hub, proposal, {"verdict": "rejected", "reason": "not_ready"}, '"3"')

    assert undo(hub, proposal, first).status_code == 412
    assert hub.get(f"/api/v1/proposals/{proposal.id}").json()["state"] == "rejected"


def test_of_many_who_decide_on_the_same_view_one_wins_and_the_others_are_told_who(client_as, make):
    proposal = make(factories.make_proposal)
    officers = [client_as(Role.HUB, name=f"Officer {number}") for number in range(6)]

    with ThreadPoolExecutor(len(officers)) as pool:
        replies = list(pool.map(lambda officer: decide(officer, proposal, {"verdict": "confirmed"}, '"1"'), officers))

    (winner,) = [reply.json()["decided_by"] for reply in replies if reply.status_code == 201]
    losers = [reply.json() for reply in replies if reply.status_code == 409]
    assert [loser["decided_by"] for loser in losers] == [winner] * 5


def test_of_many_who_change_the_same_view_one_wins_and_nothing_is_overwritten(client_as, make):
    need = make(factories.make_need)
    officers = [client_as(Role.HUB) for _ in range(6)]

    def change(number):
        sent = {"metric": f"Measure {number}"}
        return officers[number].patch(f"/api/v1/needs/{need.id}", json=sent, headers={"If-Match": '"1"'})

    with ThreadPoolExecutor(len(officers)) as pool:
        replies = list(pool.map(change, range(len(officers))))

    (winner,) = [reply.json()["metric"] for reply in replies if reply.status_code == 200]
    assert [reply.headers["etag"] for reply in replies if reply.status_code == 412] == ['"2"'] * 5
    assert officers[0].get(f"/api/v1/needs/{need.id}").json()["metric"] == winner


def test_a_refused_visitor_is_not_asked_for_a_version(client, client_as, make):
    need = make(factories.make_need)

    replies = [who.patch(f"/api/v1/needs/{need.id}", json={"metric": "Weeks"}) for who in (client, client_as(Role.BOARD))]

    assert [reply.status_code for reply in replies] == [401, 403]
