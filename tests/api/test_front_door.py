"""The front door over HTTP: from five answers to an innovation handed in, in the API and on the page of the link."""

from datetime import UTC, datetime

import pytest

from api.routes.front_door import SAVED
from api.services import signing_in
from api.services.limiting import LinkLimit
from models.people import Role
from models.queries import links
from tests import factories
from tests.links import FIVE_ANSWERS, SENDER, last_token, mails

MATCHES, SUBMISSIONS = "/api/v1/front-door/matches", "/api/v1/front-door/submissions"
PAGE = {"Accept": "text/html"}


@pytest.fixture
def token_of(make):
    return lambda address="new@example.org": make(last_token, address)


@pytest.mark.both
def test_a_founder_sees_needs_saves_answers_and_hands_them_in(client, make, runner, token_of, hub):
    make(factories.make_need, patients_range="BETWEEN_10000_AND_500000")
    runner.run_due()

    seen = client.post(MATCHES, json=FIVE_ANSWERS).json()
    assert (seen["candidates"], seen["hearing"]["working_days"], seen["calls"]) == (1, 6, [])
    assert all(each["probability"] is None and each["flags"] == [] for each in seen["matches"])
    assert "the teams of the five places" in seen["readers"]["partners"]["how_it_works"]
    assert "the teams of the five places" not in seen["readers"]["hub_only"]["how_it_works"]

    saved = client.post(SUBMISSIONS, json=FIVE_ANSWERS | SENDER)
    assert (saved.status_code, saved.json()["detail"]) == (202, SAVED)
    token = token_of()
    assert client.get(f"/api/v1/links/{token}").json()["about"] == "Attention test"

    opened = client.post(f"/api/v1/links/{token}", json={})
    assert (opened.status_code, opened.json()["status"]) == (201, "submitted")
    mine = client.get(f"/api/v1/innovations/{opened.json()['innovation']}").json()
    assert (mine["name"], mine["supplier"], mine["status"]) == ("Attention test", "New firm", "submitted")
    assert hub.get("/api/v1/submissions").json()["items"][0]["innovation"]["name"] == "Attention test"


def test_staff_who_save_sign_in_first_where_links_do_not_sign_them_in(app, client, client_of, make, token_of, monkeypatch):
    monkeypatch.setitem(app.state._state, "settings", app.state.settings.model_copy(update={"link_sign_in": "innovators"}))
    officer = make(factories.make_person, Role.HUB, email=SENDER["email"])
    client.post(SUBMISSIONS, json=FIVE_ANSWERS | SENDER)
    url = f"/api/v1/links/{token_of()}"

    refused = client.post(url, json={})
    opened = client_of(officer).post(url, json={})

    assert (refused.status_code, refused.json()["title"], refused.headers.get("set-cookie")) == (401, "SignInRefused", None)
    assert (opened.status_code, opened.json()["status"]) == (201, "submitted")


def test_the_page_of_a_link_uses_nothing_up_and_its_button_does(client, token_of):
    client.post(SUBMISSIONS, json=FIVE_ANSWERS | SENDER | {"submit": False})
    url = f"/links/{token_of()}"

    for _ in range(3):  # as programs that read mail do
        page = client.get(url, headers=PAGE)
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert "Attention test" in page.text
    assert "Keep my draft" in page.text

    pressed = client.post(url, headers=PAGE, follow_redirects=False)
    assert (pressed.status_code, pressed.headers["location"].split("/")[1]) == (303, "innovations")
    assert "Attention test" in client.get(pressed.headers["location"], headers=PAGE).text
    client.cookies.clear()
    again = client.post(url, headers=PAGE)
    assert again.status_code == 410
    assert "used already" in again.text


def test_a_link_opens_over_another_sign_in_only_from_our_own_page(client_as, token_of, client):
    client.post(SUBMISSIONS, json=FIVE_ANSWERS | SENDER)
    lead, url = client_as(Role.LEAD), f"/api/v1/links/{token_of()}"

    foreign = lead.post(url, json={}, headers={"Sec-Fetch-Site": "cross-site"})
    assert (foreign.status_code, foreign.json()["title"]) == (403, "CrossSiteRefused")
    assert lead.post(url, json={}).status_code == 201
    assert lead.get("/api/v1/me").json()["roles"] == ["innovator"]


@pytest.mark.parametrize("path", [SUBMISSIONS, "/api/v1/session/link"])
def test_the_answer_is_the_same_for_every_address(client, make, path):
    make(factories.make_person, Role.HUB, email="officer@example.org")
    make(factories.make_person, Role.HUB, email="closed@example.org", active=False)
    said = FIVE_ANSWERS | SENDER if path == SUBMISSIONS else {}

    replies = [client.post(path, json=said | {"email": f"{who}@example.org"}) for who in ("officer", "closed", "nobody", "OFFICER")]

    assert {(reply.status_code, reply.text) for reply in replies} == {(202, replies[0].text)}


def test_a_lost_password_needs_no_password(client, make, token_of):
    person = make(factories.make_person, Role.INNOVATOR, email="director@example.org")
    client.post("/api/v1/session/link", json={"email": " Director@Example.org"})
    (asked,) = make(links.undone_asks, 10)
    make(signing_in.send, asked, at=datetime.now(UTC), staff_too=True)

    opened = client.post(f"/api/v1/links/{token_of('director@example.org')}", json={})

    assert opened.json()["purpose"] == "sign_in"
    assert client.get("/api/v1/me").json()["actor"] == f"person:{person.id}"


@pytest.mark.parametrize(
    ("said", "location"),
    [
        ({"problems_tackled": " "}, "body.problems_tackled"),
        ({"how_it_works": None}, "body.how_it_works"),
        ({"care_settings": []}, "body.care_settings"),
        ({"care_settings": ["NOWHERE"]}, "body.care_settings"),
        ({"stage": "SOON"}, "body.stage"),
        ({"name": ""}, "body.name"),
        ({"how_it_works": "NHS number 943 476 5919"}, "body.how_it_works"),
        ({"consent_by": ""}, "body.consent_by"),
        ({"organisation": "\u200b"}, "body.organisation"),
        ({"visibility": "secret"}, "body.visibility"),
        ({"submit": "yes"}, "body.submit"),
        ({"password": "x"}, "body"),
    ],
)
def test_an_answer_that_is_missing_or_wrong_is_told_and_nothing_is_mailed(client, make, said, location):
    reply = client.post(SUBMISSIONS, json=FIVE_ANSWERS | SENDER | said)

    assert reply.status_code == 422, reply.text
    assert reply.json()["errors"][0]["location"].startswith(location)
    assert make(mails) == []


def test_one_network_causes_so_many_mails_an_hour(app, client, monkeypatch):
    monkeypatch.setitem(app.state._state, "link_limit", LinkLimit(app.state.attempts._limiter.storage, hourly=2))

    replies = [client.post("/api/v1/session/link", json={"email": f"n{number}@example.org"}) for number in range(3)]

    assert [reply.status_code for reply in replies] == [202, 202, 429]
    assert (replies[2].json()["title"], int(replies[2].headers["retry-after"]) > 3000) == ("TooManyRequests", True)


def test_without_an_encoder_the_front_door_says_so(client):
    reply = client.post(MATCHES, json=FIVE_ANSWERS)

    assert (reply.status_code, reply.json()["title"]) == (503, "RankingUnavailable")


def test_an_invitation_is_accepted_on_its_page(client_as, client, make, token_of):
    make(factories.make_place)
    lead = client_as(Role.LEAD)
    row = lead.post("/api/v1/invitations", json={"email": "new@example.org", "role": "place", "place": "LDS"}).json()
    assert [each["id"] for each in lead.get("/api/v1/invitations").json()["items"]] == [row["id"]]

    url = f"/links/{token_of()}"
    assert "Your name" in client.get(url, headers=PAGE).text
    pressed = client.post(url, data={"name": "Second officer"}, headers=PAGE, follow_redirects=False)

    assert (pressed.status_code, pressed.headers["location"]) == (303, "/")
    me = client.get("/api/v1/me").json()
    assert (me["name"], me["roles"], me["places"]) == ("Second officer", ["place"], ["LDS"])
    taken = lead.delete(f"/api/v1/invitations/{row['id']}")
    assert (taken.status_code, taken.json()["title"]) == (409, "TransitionRefused")


def test_somebody_takes_their_data_and_goes(client_as, make):
    innovator = client_as(Role.INNOVATOR)
    actor = innovator.get("/api/v1/me").json()["actor"]
    row = innovator.post("/api/v1/innovations", json=FIVE_ANSWERS | {"consent_by": "Director", "submit": True})
    assert innovator.delete(f"/api/v1/innovations/{row.json()['id']}").status_code == 428

    deleted = innovator.delete(f"/api/v1/innovations/{row.json()['id']}", headers={"If-Match": row.headers["etag"]})
    assert deleted.status_code == 204, deleted.text
    assert innovator.get(f"/api/v1/innovations/{row.json()['id']}").status_code == 404
    told = innovator.get("/api/v1/me/export").json()["tables"]
    assert f"person:{told['person'][0]['id']}" == actor

    gone = innovator.delete("/api/v1/me")
    assert (gone.status_code, innovator.get("/api/v1/me").status_code) == (204, 401)
