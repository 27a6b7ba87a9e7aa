"""Keys and their scopes, who reads which need, and requests that come from elsewhere; `test_policies` asks every role at every route."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from api.security import COOKIE, CSRF_HEADER
from api.services import accounts
from models.actors import SYSTEM
from models.documents import Visibility
from models.keys import Scope
from models.needs import NeedStatus
from models.people import Role
from tests import factories

ALL = frozenset({"anonymous", "no role", *Role})
BODIES = {
    "POST /api/v1/needs": {"title": "A need", "places": ["LDS"]},
    "POST /api/v1/innovations": {"name": "An innovation"},
    "POST /api/v1/matches": {"side": "need", "content": {"title": "A need", "places": ["LDS"], "problem": "People wait too long."}},
    "POST /api/v1/proposals/{proposal_id}/decision": {"verdict": "skipped"},
}


@pytest.fixture
def call(make):
    proposal = make(factories.make_proposal)

    def call(client, route):
        method, url = route.split()
        if url.endswith("/imports"):
            return client.post(url, data={"side": "need"}, files={"file": ("upload.csv", b"title,places\nA need,LDS\n")})
        if url.endswith("/records"):
            return client.post(url, files={"file": ("upload.csv", b"uniqueId,name\nINN-2501-0007-5,A record\n")})
        return client.request(method, url.format(proposal_id=proposal.id), json=BODIES.get(route), headers=factories.ANY_VERSION)

    return call


@pytest.mark.parametrize(
    ("scope", "role", "route"),
    [
        (Scope.READ, Role.HUB, "GET /api/v1/needs"),
        (Scope.READ, Role.HUB, "GET /api/v1/innovations"),
        (Scope.READ, Role.HUB, "GET /api/v1/proposals"),
        (Scope.READ, Role.HUB, "POST /api/v1/matches"),
        (Scope.WRITE, Role.PLACE, "POST /api/v1/needs"),
        (Scope.WRITE, Role.PIPELINE, "POST /api/v1/innovations"),
        (Scope.DECIDE, Role.HUB, "POST /api/v1/proposals/{proposal_id}/decision"),
        (Scope.EVENTS, Role.PIPELINE, "GET /api/v1/events"),
        (Scope.IMPORT, Role.PLACE, "POST /api/v1/imports"),
        (Scope.IMPORT, Role.PIPELINE, "POST /api/v1/records"),
        (Scope.METRICS, Role.BOARD, "GET /metrics"),
    ],
)
def test_a_key_does_what_it_was_made_for_and_nothing_else(call, client_with_key, scope, role, route):
    with_it = call(client_with_key(role, {scope}), route)
    without = call(client_with_key(role, set(Scope) - {scope}), route)

    assert with_it.status_code < 400 or with_it.status_code == 503, with_it.text  # 503: no encoder in this test
    assert (without.status_code, without.json()["title"]) == (403, "ScopeMissing")


@pytest.mark.parametrize(
    "sent",
    [
        "Bearer",
        "Bearer nonsense",
        "Bearer mk_00000000_" + "x" * 43,
        "Bearer mk_00000000_short",
        "Bearer \u00e9",
        "Basic dXNlcjpwYXNz",
        "mk_00000000_" + "x" * 43,
    ],
)
def test_a_key_that_is_none_is_refused_even_where_anyone_may_read(client, sent):
    reply = client.get("/api/v1/needs", headers={"Authorization": sent.encode()})

    assert (reply.status_code, reply.json()["title"]) == (401, "KeyRefused")


def test_the_right_prefix_with_a_wrong_secret_is_refused(client, make):
    key = make(factories.make_key)

    reply = client.get("/api/v1/me", headers={"Authorization": f"Bearer {key[:-1]}{'A' if key[-1] != 'A' else 'B'}"})

    assert (reply.status_code, reply.json()["title"]) == (401, "KeyRefused")


def test_a_revoked_key_opens_nothing_at_once(client, make, transaction):
    key = make(factories.make_key)
    headers = {"Authorization": f"Bearer {key}"}
    assert client.get("/api/v1/me", headers=headers).status_code == 200

    with transaction() as session:
        accounts.revoke_key(session, key.split("_")[1], at=datetime.now(UTC), actor=SYSTEM)

    assert client.get("/api/v1/me", headers=headers).status_code == 401


def test_a_key_past_its_date_opens_nothing(client, make):
    key = make(factories.make_key, expires_at=datetime.now(UTC) - timedelta(seconds=1))

    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {key}"}).status_code == 401


def test_the_key_of_somebody_who_left_opens_nothing(client, make, transaction):
    person = make(factories.make_person, Role.HUB)
    key = make(factories.make_key, Role.HUB, {Scope.READ}, person_id=person.id)

    with transaction() as session:
        accounts.deactivate(session, accounts.person_of(session, person.email), at=datetime.now(UTC), actor=SYSTEM)

    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {key}"}).status_code == 401


def test_a_key_goes_before_a_cookie(hub, make):
    key = make(factories.make_key, Role.PIPELINE, {Scope.READ})

    assert hub.get("/api/v1/me", headers={"Authorization": f"Bearer {key}"}).json()["roles"] == ["pipeline"]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({CSRF_HEADER: ""}, id="no token"),
        pytest.param({CSRF_HEADER: "guessed"}, id="a guessed token"),
        pytest.param({CSRF_HEADER: "\u00e9"}, id="a token that is no ASCII"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a neighbour"),
        pytest.param({"Origin": "https://elsewhere.example"}, id="another origin"),
        pytest.param({"Origin": "null"}, id="an origin that hides"),
    ],
)
def test_a_change_from_elsewhere_is_refused(hub, make, headers):
    make(factories.make_place)

    reply = hub.post("/api/v1/needs", json=BODIES["POST /api/v1/needs"], headers={name: text.encode() for name, text in headers.items()})

    assert (reply.status_code, reply.json()["title"]) == (403, "CrossSiteRefused")
    assert hub.get("/api/v1/needs").json()["items"] == []


def test_a_change_without_any_token_is_refused(app, hub, make):
    make(factories.make_place)
    bare = TestClient(app, cookies={COOKIE: hub.cookies[COOKIE]})

    reply = bare.post("/api/v1/needs", json=BODIES["POST /api/v1/needs"])

    assert (reply.status_code, reply.json()["title"], reply.json()["header"]) == (403, "CrossSiteRefused", "X-CSRF-Token")


def test_our_own_pages_origin_is_let_in(hub, make):
    make(factories.make_place)

    reply = hub.post("/api/v1/needs", json=BODIES["POST /api/v1/needs"], headers={"Origin": "http://testserver"})

    assert reply.status_code == 201


def test_a_form_carries_its_token_as_a_field(app, hub):
    token = hub.headers[CSRF_HEADER]
    bare = TestClient(app, cookies={COOKIE: hub.cookies[COOKIE]})
    upload = {"file": ("needs.csv", b"title,places\n")}

    with_token = bare.post("/api/v1/imports", data={"side": "need", "csrf_token": token}, files=upload)
    without = bare.post("/api/v1/imports", data={"side": "need"}, files=upload)

    assert (with_token.status_code, without.status_code) == (422, 403)


def test_an_expired_sign_in_is_nobody(client, make, transaction):
    person = make(factories.make_person, Role.HUB)
    with transaction() as session:
        begun = accounts.start_session(session, person.id, at=datetime.now(UTC) - timedelta(hours=2), hours=1)
    client.cookies.set(COOKIE, begun.token)

    assert client.get("/api/v1/me").status_code == 401
    assert client.get("/api/v1/needs").status_code == 200


def test_unknown_and_invisible_get_the_same_answer(client_as, make):
    hidden = make(factories.make_need, visibility=Visibility.HUB_ONLY)
    board = client_as(Role.BOARD)

    invisible = board.get(f"/api/v1/needs/{hidden.id}")
    unknown = board.get(f"/api/v1/needs/{make(factories.make_place).id}")

    assert invisible.status_code == unknown.status_code == 404
    assert invisible.json() | {"correlation_id": ""} == unknown.json() | {"correlation_id": ""}


@pytest.mark.parametrize(
    ("values", "readers"),
    [
        ({"visibility": Visibility.PUBLIC}, ALL),
        ({"visibility": Visibility.PARTNERS}, {Role.PLACE, Role.HUB, Role.LEAD, Role.PIPELINE, Role.BOARD}),
        ({"visibility": Visibility.HUB_ONLY}, {Role.HUB, Role.LEAD}),
        ({"visibility": Visibility.PUBLIC, "status": NeedStatus.DRAFT}, {Role.HUB, Role.LEAD}),
        ({"visibility": Visibility.PUBLIC, "status": NeedStatus.WITHDRAWN}, {Role.HUB, Role.LEAD}),
        ({"visibility": Visibility.PUBLIC, "live": False}, set()),
    ],
)
def test_a_need_of_another_place_is_read_by_whom_it_is_for(client, client_as, make, values, readers):
    need = make(factories.make_need, places=("WAK",), **values)

    for role in ALL:
        asker = client if role == "anonymous" else client_as(None if role == "no role" else Role(role))
        listed = [row["id"] for row in asker.get("/api/v1/needs").json()["items"]]
        reply = asker.get(f"/api/v1/needs/{need.id}")
        assert (reply.status_code == 200) == (role in readers), role
        assert (str(need.id) in listed) == (role in readers), role


def test_a_place_reads_its_own_drafts_and_hidden_needs(client_as, make):
    need = make(factories.make_need, visibility=Visibility.HUB_ONLY, status=NeedStatus.DRAFT)

    assert client_as(Role.PLACE, place="LDS").get(f"/api/v1/needs/{need.id}").status_code == 200
    assert client_as(Role.PLACE, place="WAK").get(f"/api/v1/needs/{need.id}").status_code == 404
