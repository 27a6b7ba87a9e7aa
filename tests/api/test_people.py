"""Signing in and out, and who one is."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from fastapi.testclient import TestClient

from api.cli.serving import configured
from api.main import create_app
from api.security import COOKIE, CSRF_HEADER
from api.services import accounts
from api.services.attempts import Attempts
from models.actors import SYSTEM
from models.people import Role, SignInSession
from tests import factories

SESSION = "/api/v1/session"


@pytest.fixture
def officer(make):
    return make(factories.make_person, Role.HUB, email="hub.triage@example.org", name="Hub triage officer")


def sign_in(client, email="hub.triage@example.org", password=factories.PASSWORD, **options):
    return client.post(SESSION, json={"email": email, "password": password}, **options)


def test_whoever_signs_in_is_known_from_then_on(client, officer):
    reply = sign_in(client)

    assert (reply.status_code, reply.json()["name"]) == (201, "Hub triage officer")
    assert client.get("/api/v1/me").json() == {
        "actor": f"person:{officer.id}",
        "name": "Hub triage officer",
        "roles": ["hub"],
        "scopes": ["decide", "events", "import", "metrics", "read", "write"],
        "places": [],
        "csrf_token": reply.json()["csrf_token"],
    }


def test_a_place_lead_learns_which_place_is_theirs(client_as):
    assert client_as(Role.PLACE, place="WAK").get("/api/v1/me").json()["places"] == ["WAK"]


def test_a_key_learns_its_scopes_and_gets_no_token_for_forms(client_with_key):
    told = client_with_key(Role.PIPELINE).get("/api/v1/me").json()

    assert (told["roles"], told["csrf_token"]) == (["pipeline"], None)


def test_the_address_is_known_in_any_case(client, officer):
    assert sign_in(client, " Hub.Triage@EXAMPLE.org ").status_code == 201


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client, officer):
    cookie = sign_in(client).headers["set-cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie


def test_behind_tls_the_cookie_is_sent_over_https_only(settings, officer):
    app = create_app(settings.model_copy(update={"secure_cookies": True}))

    cookie = sign_in(TestClient(app)).headers["set-cookie"]

    app.state.database.dispose()
    assert "Secure" in cookie


def test_the_token_is_stored_as_a_hash_only(client, officer, database):
    sign_in(client)
    token = client.cookies[COOKIE]

    with database.reading() as session:
        row = session.query(SignInSession).one()

    assert len(token) >= 43
    assert token not in (row.token_hash, row.csrf_token)
    assert len(row.token_hash) == 64


def test_signing_in_anew_ends_the_session_before(client, officer):
    sign_in(client)
    before = client.cookies[COOKIE]

    sign_in(client)

    assert client.cookies[COOKIE] != before
    client.cookies.clear()
    client.cookies.set(COOKIE, before)
    assert client.get("/api/v1/me").status_code == 401


def test_a_token_that_was_set_from_outside_is_never_taken_over(client, officer):
    client.cookies.set(COOKIE, "chosen-by-somebody-else")

    assert sign_in(client).cookies[COOKIE] != "chosen-by-somebody-else"


def test_an_unknown_address_and_a_wrong_password_get_the_same_answer(client, officer, make):
    make(factories.make_person, Role.HUB, email="left@example.org", active=False)

    replies = [sign_in(client, password="wrong"), sign_in(client, "nobody@example.org"), sign_in(client, "left@example.org")]

    assert {reply.status_code for reply in replies} == {401}
    assert len({str(reply.json() | {"correlation_id": ""}) for reply in replies}) == 1
    assert "set-cookie" not in replies[0].headers


def test_an_unknown_address_costs_as_much_work_as_a_known_one(client, officer, monkeypatch):
    verified = []
    hasher = accounts._hasher()
    monkeypatch.setattr(type(hasher), "verify", lambda _self, _password, known: verified.append(known.rsplit("$", 2)[0]) or False)

    sign_in(client)
    sign_in(client, "nobody@example.org")

    assert verified[0] == verified[1]  # the same algorithm with the same costs


def test_after_ten_failures_one_has_to_wait(client, officer):
    with time_machine.travel(datetime.now(UTC), tick=False) as traveller:
        for _ in range(10):
            assert sign_in(client, password="wrong").status_code == 401
        refused = sign_in(client)
        traveller.shift(timedelta(minutes=15, seconds=1))
        later = sign_in(client)

    assert (refused.status_code, refused.json()["title"], refused.headers["retry-after"]) == (429, "TooManyAttempts", "900")
    assert later.status_code == 201


def test_who_fails_locks_nobody_else_out_who_sits_behind_the_same_address(client, officer):
    replies = [sign_in(client, "guesser@example.org").status_code for _ in range(11)]

    assert replies == [401] * 10 + [429]
    assert sign_in(client).status_code == 201


def test_who_guesses_elsewhere_does_not_lock_the_owner_of_an_account_out(app, client, officer):
    guesser = TestClient(app, client=("10.0.0.1", 1))

    replies = [sign_in(guesser, password="wrong").status_code for _ in range(11)]

    assert replies == [401] * 10 + [429]
    assert sign_in(client).status_code == 201


def test_many_accounts_are_guarded_from_one_address(app, client, officer):
    app.state.attempts = Attempts(1)

    replies = [sign_in(client, f"guess{number}@example.org").status_code for number in range(21)]

    assert replies == [401] * 20 + [429]
    assert sign_in(client).status_code == 429


@pytest.mark.parametrize(("proxies", "last"), [("", 429), ("127.0.0.1", 401)])
def test_where_a_request_comes_from_is_believed_of_our_own_proxies_only(settings, officer, proxies, last):
    config = configured(settings.model_copy(update={"proxies": proxies}))
    config.load()
    client = TestClient(config.loaded_app, client=("127.0.0.1", 1))

    replies = [sign_in(client, password="wrong", headers={"X-Forwarded-For": f"10.0.0.{number}"}).status_code for number in range(11)]

    config.app.state.database.dispose()
    assert replies == [401] * 10 + [last]


def test_who_signs_in_at_last_starts_afresh(client, officer):
    for _ in range(9):
        sign_in(client, password="wrong")

    sign_in(client)

    assert [sign_in(client, password="wrong").status_code for _ in range(10)] == [401] * 10


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}])
def test_another_site_cannot_sign_a_browser_in(client, officer, headers):
    reply = sign_in(client, headers=headers)

    assert (reply.status_code, reply.json()["title"]) == (403, "CrossSiteRefused")


def test_signing_out_ends_the_session_on_both_sides(client, officer):
    headers = {CSRF_HEADER: sign_in(client).json()["csrf_token"]}
    token = client.cookies[COOKIE]

    reply = client.delete(SESSION, headers=headers)

    assert reply.status_code == 204
    assert COOKIE not in client.cookies
    client.cookies.set(COOKIE, token)
    assert client.get("/api/v1/me").status_code == 401


def test_a_key_that_signs_out_changes_nothing(client_with_key):
    machine = client_with_key(Role.PIPELINE)

    assert machine.delete(SESSION).status_code == 204
    assert machine.get("/api/v1/me").status_code == 200


def test_a_new_password_signs_everybody_out(client, officer, transaction):
    sign_in(client)

    with transaction() as session:
        person = accounts.person_of(session, "hub.triage@example.org")
        accounts.set_password(session, person, "another long password", at=datetime.now(UTC), actor=SYSTEM)

    assert client.get("/api/v1/me").status_code == 401
    assert sign_in(client).status_code == 401
    assert sign_in(client, password="another long password").status_code == 201


def test_an_account_without_a_role_is_told_so(client_as):
    nobody_yet = client_as(None)

    reply = nobody_yet.get("/api/v1/innovations")

    assert (reply.status_code, reply.json()["detail"]) == (403, "Your account has no role yet. Ask the Hub lead for one.")
    assert nobody_yet.get("/api/v1/me").json()["roles"] == []
    assert nobody_yet.delete("/api/v1/session").status_code == 204


def test_the_password_is_never_told_back(client, officer):
    reply = client.post(SESSION, json={"email": "hub.triage@example.org", "password": "SECRET-7731" * 100})

    assert reply.status_code == 422
    assert "SECRET" not in reply.text
