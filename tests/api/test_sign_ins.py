"""How a sign-in goes on, is renewed and ends, and what a guesser can do: nothing that helps, and nothing that hurts its owner."""

import statistics
import time
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie

import pytest
import time_machine
from fastapi.testclient import TestClient

from api.browsers import DEVICE_COOKIE
from api.main import create_app
from api.security import COOKIE, CSRF_HEADER
from api.services import accounts
from api.services.attempts import TIMES_AN_ACCOUNT, Attempts
from models.actors import SYSTEM
from models.keys import Scope
from models.people import PARALLEL_REQUESTS, RENEWED_EVERY, KnownDevice, Role, SignInSession
from tests import factories
from tests.pages import PAGE

SESSION, ME = "/api/v1/session", "/api/v1/me"
EMAIL = "hub.triage@example.org"
ALLOWED = 10


@pytest.fixture
def officer(make):
    return make(factories.make_person, Role.HUB, email=EMAIL)


@pytest.fixture
def clock():
    with time_machine.travel(datetime.now(UTC), tick=False) as traveller:
        yield traveller


def sign_in(client, email=EMAIL, password=factories.PASSWORD):
    return client.post(SESSION, json={"email": email, "password": password})


def browser(app, number=1):
    return TestClient(app, client=(f"10.0.0.{number}", 1), raise_server_exceptions=False)


def with_token(app, token):
    client = TestClient(app, raise_server_exceptions=False)
    client.cookies.set(COOKIE, token, domain="testserver.local")
    return client


def knows(client):
    return client.get(ME).status_code == 200


class TestRenewal:
    def test_a_token_in_use_is_renewed_and_the_new_one_goes_on(self, app, client, officer, clock):
        csrf_token = sign_in(client).json()["csrf_token"]
        first = client.cookies[COOKIE]
        clock.shift(RENEWED_EVERY)

        reply = client.get(ME)

        second = client.cookies[COOKIE]
        assert second != first
        assert "HttpOnly" in reply.headers["set-cookie"]
        assert reply.json()["csrf_token"] == csrf_token  # the forms that are open go on working
        assert knows(client)

    def test_requests_that_were_under_way_with_the_old_token_are_still_answered(self, app, client, officer, clock):
        sign_in(client)
        old = with_token(app, client.cookies[COOKIE])
        clock.shift(RENEWED_EVERY)
        client.get(ME)
        client.get(ME)

        late = old.get(ME)

        assert (late.status_code, "set-cookie" in late.headers) == (200, False)
        clock.shift(PARALLEL_REQUESTS)
        assert not knows(old)
        assert knows(client)

    def test_an_old_token_goes_on_while_the_new_one_has_not_arrived(self, app, client, officer, clock):
        sign_in(client)
        token = client.cookies[COOKIE]
        clock.shift(RENEWED_EVERY)
        assert with_token(app, token).get(ME).headers["set-cookie"]  # an answer that is lost on its way
        clock.shift(PARALLEL_REQUESTS)

        again = with_token(app, token)

        assert knows(again)
        assert again.cookies[COOKIE] != token
        assert knows(again)

    @pytest.mark.parametrize("change", ["granted", "revoked"])
    def test_a_change_of_roles_renews_every_token_of_the_person(self, app, client, officer, transaction, clock, change):
        sign_in(client)
        before = client.cookies[COOKIE]
        with transaction() as session:
            person = accounts.person_of(session, EMAIL)
            accounts.grant(session, person, Role.BOARD, at=datetime.now(UTC), actor=SYSTEM)
            if change == "revoked":
                accounts.revoke(session, person, Role.HUB, at=datetime.now(UTC), actor=SYSTEM)

        roles = client.get(ME).json()["roles"]

        assert client.cookies[COOKIE] != before
        assert roles == (["board"] if change == "revoked" else ["board", "hub"])

    def test_a_renewal_never_lengthens_a_sign_in(self, client, officer, database, clock):
        sign_in(client)
        for _ in range(12):
            clock.shift(timedelta(minutes=59))
            assert knows(client)

        clock.shift(timedelta(minutes=12))

        assert not knows(client)

    def test_a_page_carries_the_new_token_too(self, client, officer, clock):
        sign_in(client)
        before = client.cookies[COOKIE]
        clock.shift(RENEWED_EVERY)

        client.get("/needs", headers=PAGE)

        assert client.cookies[COOKIE] != before
        assert knows(client)

    def test_signing_out_when_a_renewal_is_due_ends_the_sign_in(self, app, client, officer, clock, database):
        headers = {CSRF_HEADER: sign_in(client).json()["csrf_token"]}
        clock.shift(RENEWED_EVERY)

        reply = client.delete(SESSION, headers=headers)

        assert [cookie.partition("=")[0] for cookie in reply.headers.get_list("set-cookie")] == [COOKIE]
        assert COOKIE not in client.cookies
        with database.reading() as session:
            assert session.query(SignInSession).count() == 0

    def test_of_two_who_renew_at_once_one_does(self, client, officer, transaction, clock):
        sign_in(client)
        token = client.cookies[COOKIE]
        clock.shift(RENEWED_EVERY)
        now = datetime.now(UTC)

        with transaction() as session:
            first = accounts.keep_alive(session, token, at=now)
        with transaction() as session:
            second = accounts.keep_alive(session, token, at=now)

        assert (first is None, second) == (False, None)

    def test_a_session_that_ended_meanwhile_is_not_kept_alive(self, session):
        assert accounts.keep_alive(session, "unknown", at=factories.NOW) is None


class TestIdleness:
    def test_a_sign_in_that_nobody_uses_ends(self, client, officer, clock):
        sign_in(client)
        clock.shift(timedelta(minutes=119))
        assert knows(client)
        clock.shift(timedelta(minutes=119))
        assert knows(client)
        clock.shift(timedelta(minutes=120))

        assert not knows(client)

    def test_its_use_is_written_down_once_a_minute_at_most(self, client, officer, clock, database):
        def seen():
            with database.reading() as session:
                return session.query(SignInSession).one().last_seen_at

        sign_in(client)
        begun = seen()
        clock.shift(timedelta(seconds=59))
        client.get(ME)
        assert seen() == begun

        clock.shift(timedelta(seconds=1))
        client.get(ME)

        assert seen() == begun + timedelta(minutes=1)

    def test_what_is_past_its_date_is_forgotten(self, client, officer, transaction):
        sign_in(client)

        with transaction() as session:
            early = accounts.purge_sessions(session, at=datetime.now(UTC))
            after_a_day = accounts.purge_sessions(session, at=datetime.now(UTC) + timedelta(days=1))
            after_a_year = accounts.purge_sessions(session, at=datetime.now(UTC) + timedelta(days=365))

        assert (early, after_a_day, after_a_year) == (0, 1, 1)


class TestSigningOut:
    def test_everywhere_means_every_browser_of_that_person_alone(self, app, client, officer, client_as):
        others = [browser(app), browser(app), client_as(Role.HUB)]
        for each in others[:2]:
            sign_in(each)
        headers = {CSRF_HEADER: sign_in(client).json()["csrf_token"]}

        assert client.delete(f"{SESSION}?everywhere=true", headers=headers).status_code == 204

        assert [knows(each) for each in (client, *others)] == [False, False, False, True]

    def test_everywhere_may_be_this_browser_alone(self, client, officer):
        headers = {CSRF_HEADER: sign_in(client).json()["csrf_token"]}

        assert client.delete(f"{SESSION}?everywhere=true", headers=headers).status_code == 204
        assert not knows(client)

    def test_a_machine_signs_nobody_out(self, client, officer, client_with_key):
        sign_in(client)
        machine = client_with_key(Role.HUB, set(Scope), person_id=officer.id)

        assert machine.delete(f"{SESSION}?everywhere=true").status_code == 204
        assert knows(client)

    def test_the_page_can_do_so_too(self, app, client, officer):
        other = browser(app)
        sign_in(other)
        token = sign_in(client).json()["csrf_token"]

        reply = client.post("/sign-out", data={"csrf_token": token, "everywhere": "yes"}, headers=PAGE, follow_redirects=False)

        assert (reply.status_code, knows(client), knows(other)) == (303, False, False)


class TestKnownBrowsers:
    def guess(self, app, times, email=EMAIL):
        """Fail from many addresses, below the limit of each."""
        return [sign_in(browser(app, number // 9 + 10), email, "wrong").status_code for number in range(times)]

    def test_guessing_from_everywhere_comes_to_an_end(self, app, client, officer):
        assert set(self.guess(app, ALLOWED * TIMES_AN_ACCOUNT)) == {401}

        refused = sign_in(browser(app, 200))

        assert (refused.status_code, refused.json()["title"]) == (429, "TooManyAttempts")
        assert 0 < int(refused.headers["retry-after"]) <= 900

    def test_its_owner_still_comes_in_with_a_browser_of_theirs(self, app, client, officer):
        sign_in(client)
        self.guess(app, ALLOWED * TIMES_AN_ACCOUNT)
        client.cookies.delete(COOKIE)

        assert sign_in(client).status_code == 201

    def test_a_known_browser_has_a_limit_of_its_own(self, app, client, officer):
        sign_in(client)

        replies = [sign_in(client, password="wrong").status_code for _ in range(ALLOWED + 1)]

        assert replies == [401] * ALLOWED + [429]
        assert sign_in(browser(app)).status_code == 201  # whoever holds that browser harms nobody else

    def test_who_guesses_behind_the_same_address_does_not_keep_a_known_browser_out(self, app, client, officer):
        sign_in(client)
        app.state.attempts = Attempts(1)
        neighbour = TestClient(app)
        assert [sign_in(neighbour, f"guess{n}@example.org", "wrong").status_code for n in range(21)][-1] == 429

        assert sign_in(client).status_code == 201
        assert sign_in(neighbour).status_code == 429

    def test_a_browser_known_to_one_account_is_a_stranger_to_another(self, app, client, officer, make):
        make(factories.make_person, Role.HUB, email="other@example.org")
        sign_in(client, "other@example.org")
        self.guess(app, ALLOWED * TIMES_AN_ACCOUNT)

        assert sign_in(client).status_code == 429

    @pytest.mark.parametrize("token", ["", "guessed", "\u00e9" * 20, "x" * 4000])
    def test_a_made_up_browser_is_a_stranger(self, app, officer, token):
        self.guess(app, ALLOWED * TIMES_AN_ACCOUNT)

        reply = browser(app).post(
            SESSION,
            json={"email": EMAIL, "password": factories.PASSWORD},
            headers={"Cookie": f"{DEVICE_COOKIE}={token}".encode("latin-1")},
        )

        assert reply.status_code == 429

    def test_all_limits_are_the_same_for_an_account_that_there_is_not(self, app, officer):
        known = [*self.guess(app, 50), sign_in(browser(app, 201)).status_code]
        app.state.attempts = Attempts(ALLOWED)
        unknown = [*self.guess(app, 50, "nobody@example.org"), sign_in(browser(app, 201), "nobody@example.org").status_code]

        assert known == unknown == [401] * 50 + [429]

    def test_spelling_an_account_otherwise_gives_no_further_tries(self, app, officer):
        spelt = [EMAIL, EMAIL.upper(), f" {EMAIL}", EMAIL.title()]

        replies = [sign_in(browser(app), spelt[number % 4], "wrong").status_code for number in range(11)]

        assert replies == [401] * 10 + [429]

    @pytest.mark.parametrize(("first", "second", "last"), [("2001:db8::1", "2001:db8::2:1", 429), ("2001:db8::1", "2001:db8:1::1", 401)])
    def test_all_addresses_of_one_network_are_one_guesser(self, app, officer, first, second, last):
        for _ in range(10):
            sign_in(TestClient(app, client=(first, 1)), password="wrong")

        assert sign_in(TestClient(app, client=(second, 1)), password="wrong").status_code == last

    def test_an_address_written_as_the_other_kind_is_the_same(self, app, officer):
        for _ in range(10):
            sign_in(TestClient(app, client=("::ffff:10.0.0.1", 1)), password="wrong")

        assert sign_in(TestClient(app, client=("10.0.0.1", 1)), password="wrong").status_code == 429

    def test_the_token_of_a_browser_is_kept_as_a_hash_and_new_after_each_sign_in(self, client, officer, database):
        sign_in(client)
        first = client.cookies[DEVICE_COOKIE]
        sign_in(client)
        second = client.cookies[DEVICE_COOKIE]

        with database.reading() as session:
            kept = [row.token_hash for row in session.query(KnownDevice)]
        assert first != second
        assert kept == [accounts.digest(second)]

    def test_several_people_may_share_a_browser(self, app, client, officer, make):
        make(factories.make_person, Role.HUB, email="other@example.org")
        sign_in(client)
        sign_in(client, "other@example.org")
        self.guess(app, ALLOWED * TIMES_AN_ACCOUNT)

        assert sign_in(client).status_code == 201

    def test_of_many_browsers_of_a_person_the_last_few_are_kept(self, app, officer, database):
        for number in range(12):
            sign_in(browser(app, number + 1))

        with database.reading() as session:
            assert session.query(KnownDevice).count() == 10

    @pytest.mark.parametrize("change", ["password", "closed"])
    def test_a_new_password_makes_every_browser_a_stranger(self, client, officer, transaction, database, change):
        sign_in(client)

        with transaction() as session:
            person = accounts.person_of(session, EMAIL)
            if change == "password":
                accounts.set_password(session, person, "another long password", at=datetime.now(UTC), actor=SYSTEM)
            else:
                accounts.deactivate(session, person, at=datetime.now(UTC), actor=SYSTEM)

        with database.reading() as session:
            assert session.query(KnownDevice).count() == 0


def test_an_unknown_account_takes_as_long_as_a_known_one(officer, make, database):
    make(factories.make_person, Role.HUB, email="left@example.org", active=False)
    took = {EMAIL: [], "nobody@example.org": [], "left@example.org": []}

    with database.reading() as session:
        for _ in range(150):
            for email, times in took.items():
                session.expire_all()
                began = time.thread_time()
                with pytest.raises(accounts.SignInRefused):
                    accounts.proven(session, email, "wrong")
                times.append(time.thread_time() - began)

    medians = {email: statistics.median(times) for email, times in took.items()}
    # With the shipped cost a hash takes a thousand times as long as this difference.
    assert max(medians.values()) - min(medians.values()) < 0.0005, medians


def test_over_https_cookies_are_bound_to_this_host_and_sent_nowhere_else(settings, officer):
    app = create_app(settings.model_copy(update={"secure_cookies": True}))
    client = TestClient(app, base_url="https://testserver")

    reply = sign_in(client)

    cookies = SimpleCookie()
    for said in reply.headers.get_list("set-cookie"):
        cookies.load(said)
    assert set(cookies) == {f"__Host-{COOKIE}", f"__Host-{DEVICE_COOKIE}"}
    for cookie in cookies.values():
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, True, "lax", "/", "")
    assert knows(client)
    assert reply.headers["strict-transport-security"] == "max-age=31536000"
    assert client.get("/api/v1/openapi.json").json()["components"]["securitySchemes"]["SignIn"]["name"] == f"__Host-{COOKIE}"
    assert not knows(TestClient(app, cookies={COOKIE: client.cookies[f"__Host-{COOKIE}"]}))
    token = {CSRF_HEADER: reply.json()["csrf_token"]}
    assert client.delete(SESSION, headers={**token, "Origin": "http://testserver"}).status_code == 403
    assert client.delete(SESSION, headers={**token, "Origin": "https://testserver"}).status_code == 204
    app.state.database.dispose()
