"""What one key, person or address may ask of one route in a minute, as they are told it."""

import pytest
from limits.storage import MemoryStorage

from api.routes.documentation import describe
from api.services.limiting import Limits
from api.settings import Settings
from models.keys import Scope
from models.people import Role
from tests import factories
from tests.pages import PAGE, words

NEEDS = "/api/v1/needs"
NEED = {"title": "People fall at home", "places": ["LDS"]}


@pytest.fixture(autouse=True)
def _limited(app, monkeypatch):
    monkeypatch.setitem(app.state._state, "limits", Limits(MemoryStorage(), reads=3, writes=2))


def statuses(ask, times):
    return [ask().status_code for _ in range(times)]


def test_what_is_too_much_is_told_with_the_time_to_wait(hub, make):
    make(factories.make_place)
    assert statuses(lambda: hub.post(NEEDS, json=NEED), 2) == [201, 201]

    reply = hub.post(NEEDS, json=NEED)

    told = reply.json()
    assert (reply.status_code, told["title"], told["type"]) == (429, "TooManyRequests", "urn:matching:problem:too-many-requests")
    assert 1 <= int(reply.headers["retry-after"]) <= 60
    assert f"Wait {reply.headers['retry-after']} second" in told["detail"]


def test_another_route_another_person_and_reading_are_not_touched(hub, client_as, make):
    make(factories.make_place)
    assert statuses(lambda: hub.post(NEEDS, json=NEED), 3)[-1] == 429

    assert hub.get(NEEDS).status_code == 200
    assert hub.post("/api/v1/innovations", json={"name": "A test"}).status_code == 201
    assert client_as(Role.HUB).post(NEEDS, json=NEED).status_code == 201


def test_the_rows_of_a_route_are_one_route(hub, make):
    needs = [make(factories.make_need) for _ in range(4)]

    assert [hub.get(f"{NEEDS}/{need.id}").status_code for need in needs] == [200, 200, 200, 429]


def test_each_key_has_its_own_limit(client_with_key):
    one, other = client_with_key(Role.PIPELINE, {Scope.EVENTS}), client_with_key(Role.PIPELINE, {Scope.EVENTS})

    assert statuses(lambda: one.get("/api/v1/events"), 4) == [200, 200, 200, 429]
    assert other.get("/api/v1/events").status_code == 200


def test_who_is_not_known_is_counted_by_address(client, hub):
    assert statuses(lambda: client.get(NEEDS), 4) == [200, 200, 200, 429]
    assert hub.get(NEEDS).status_code == 200


def test_who_is_refused_at_the_door_is_counted_too(client):
    assert statuses(lambda: client.post(NEEDS, json=NEED), 3) == [401, 401, 429]


def test_who_guesses_keys_is_counted_by_address_and_no_key_that_is_one(client, client_with_key):
    guess = {"Authorization": "Bearer mk_00000000_" + "x" * 43}
    assert statuses(lambda: client.get("/api/v1/events", headers=guess), 4) == [401, 401, 401, 429]

    assert client_with_key(Role.PIPELINE, {Scope.EVENTS}).get("/api/v1/events").status_code == 200


def test_what_another_site_sends_in_a_persons_name_is_not_counted_as_theirs(hub, make):
    make(factories.make_place)
    assert statuses(lambda: hub.post(NEEDS, json=NEED, headers={"Sec-Fetch-Site": "cross-site"}), 5) == [403] * 5

    assert hub.post(NEEDS, json=NEED).status_code == 201


def test_whether_the_service_lives_may_always_be_asked(client):
    assert statuses(lambda: client.get("/health/live"), 10) == [200] * 10


def test_a_person_is_told_on_a_page(hub):
    assert statuses(lambda: hub.get("/needs", headers=PAGE), 3) == [200] * 3

    reply = hub.get("/needs", headers=PAGE)

    assert (reply.status_code, int(reply.headers["retry-after"]) > 0) == (429, True)
    assert "Too many tries" in words(reply.text)
    assert "At most 3 requests a minute" in words(reply.text)


def test_a_page_and_the_api_are_two_routes(hub):
    assert statuses(lambda: hub.get("/needs", headers=PAGE), 4)[-1] == 429

    assert hub.get(NEEDS).status_code == 200


def test_an_import_of_any_size_is_one_request(client_with_key, make):
    make(factories.make_place)
    partner = client_with_key(Role.HUB, {Scope.IMPORT})
    rows = "\n".join(["title,places", *(f"Falls {number},LDS" for number in range(500))]).encode()

    reply = partner.post("/api/v1/imports", data={"side": "need"}, files={"file": ("upload.csv", rows)})

    assert (reply.status_code, reply.json()["total_rows"]) == (202, 500)


def test_the_limits_by_default_let_a_machine_hand_in_two_a_second():
    assert (Settings().reads_per_minute, Settings().writes_per_minute) == (600, 120)


def test_every_operation_says_that_it_may_ask_one_to_wait(app):
    for url, methods in describe(app)["paths"].items():
        for told in methods.values():
            assert "429" in told["responses"], url
