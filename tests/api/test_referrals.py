"""Bodies and referrals over the API, and the page by which a body answers without an account."""

import re

import pytest

from models.people import Role
from models.referrals import BodyKind, ReferralState
from tests import factories
from tests.factories import ANY_VERSION
from tests.merges import active, body, mails, referral, token, words

pytestmark = pytest.mark.both
API = "/api/v1"
BODY = {
    "name": "Regional innovation network",
    "kind": "health_innovation_network",
    "helps_with": "planning an evaluation",
    "stages": ["EVALUATION"],
    "geography": "yorkshire_and_humber",
    "contact_email": "front.door@example.org",
    "contact_url": "https://www.example.org/contact",
    "source_url": "https://www.example.org/about",
    "verified": True,
}
PAGE = {"Accept": "text/html"}


@pytest.fixture
def lead(client_as):
    return client_as(Role.LEAD)


def refer(client, innovation, to, headers=None, **said):
    sent = {"body_id": str(to.id), "reason": "They plan evaluations."} | said
    return client.post(f"{API}/innovations/{innovation.id}/referrals", json=sent, headers=headers or {})


def answer(client, found, said, headers=ANY_VERSION):
    return client.post(f"{API}/referrals/{found}/answer", json=said, headers=headers)


def test_the_lead_keeps_bodies_and_everybody_known_reads_them_without_the_address(lead, client_as, client):
    made = lead.post(f"{API}/bodies", json=BODY)

    assert (made.status_code, made.json()["contact_email"], made.headers["location"]) == (
        201,
        "front.door@example.org",
        f"{API}/bodies/{made.json()['id']}",
    )
    shown = client_as(Role.INNOVATOR).get(f"{API}/bodies").json()["items"]
    assert [(each["name"], each["contact_email"], each["contact_url"]) for each in shown] == [
        (BODY["name"], None, "https://www.example.org/contact")
    ]
    assert client.get(f"{API}/bodies").status_code == 401


def test_a_body_is_changed_by_its_version_and_put_out_of_use(lead):
    made = lead.post(f"{API}/bodies", json=BODY)
    url = made.headers["location"]

    changed = lead.patch(url, json={"active": False}, headers={"If-Match": made.headers["etag"]})

    assert (changed.status_code, changed.json()["version"], changed.json()["name"]) == (200, 2, BODY["name"])
    assert lead.get(f"{API}/bodies").json()["items"] == []
    assert len(lead.get(f"{API}/bodies?active=false&kind=health_innovation_network").json()["items"]) == 1
    assert lead.get(url).headers["etag"] == '"2"'
    assert lead.patch(url, json={"active": True}, headers={"If-Match": '"1"'}).status_code == 412


@pytest.mark.parametrize(
    "said",
    [
        {"name": ""},
        {"kind": "friend"},
        {"stages": ["LATE"]},
        {"categories": ["NOT_A_CODE"]},
        {"verified": "yes"},
        {"contact_url": "javascript:alert(1)"},
        {"contact_email": "nobody"},
        {"geography": "places"},
        {"places": ["XXX"]},
        {"helps_with": "NHS number 943 476 5919"},
        {"colour": "red"},
    ],
)
def test_what_cannot_be_a_body_is_refused(lead, said):
    reply = lead.post(f"{API}/bodies", json=BODY | said)

    assert reply.status_code == 422
    assert lead.get(f"{API}/bodies").json()["items"] == []


def test_bodies_are_read_page_by_page(lead, make):
    for name in ("B", "A", "C"):
        make(body, name=name)

    first = lead.get(f"{API}/bodies", params={"limit": 2}).json()
    second = lead.get(f"{API}/bodies", params={"limit": 2, "after": first["next"]}).json()

    assert [each["name"] for each in first["items"] + second["items"]] == ["A", "B", "C"]


def test_a_route_is_told_with_its_reason_and_that_none_fits_is_an_answer(hub, make):
    innovation = make(active)
    nothing = hub.get(f"{API}/innovations/{innovation.id}/routes").json()
    make(body)

    found = hub.get(f"{API}/innovations/{innovation.id}/routes").json()

    assert (nothing["routes"], nothing["says"][:28]) == ([], "No body on our list fits now")
    assert found["routes"][0]["reason"].startswith("Works with innovations of every kind and stage.")
    assert found["says"] == "1 body may help."


def test_an_offer_is_made_answered_and_closed(hub, make):
    innovation, to = make(active), make(body)

    made = refer(hub, innovation, to)
    found = made.json()["id"]
    accepted = answer(hub, found, {"answer": "accepted", "note": "Call us."}, headers={"If-Match": made.headers["etag"]})
    closed = hub.post(f"{API}/referrals/{found}/close", json={"outcome": "helped"}, headers=ANY_VERSION)

    assert (made.status_code, made.json()["state"], made.headers["location"]) == (201, "offered", f"{API}/referrals/{found}")
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
    assert (closed.json()["state"], closed.json()["outcome"]) == ("closed", "helped")
    assert [step["state"] for step in hub.get(f"{API}/referrals/{found}").json()["steps"]] == ["offered", "accepted", "closed"]
    assert hub.get(f"{API}/referrals?state=closed&body_id={to.id}&innovation_id={innovation.id}").json()["items"][0]["id"] == found


def test_the_same_offer_sent_twice_is_made_and_mailed_once(hub, make):
    innovation, to = make(active), make(body)

    first, second = (refer(hub, innovation, to, {"Idempotency-Key": "once"}) for _ in range(2))

    assert (first.json(), second.status_code) == (second.json(), 201)
    assert [template for template, _ in make(mails)] == ["referral_asked_link"]


def test_declined_referrals_are_listed_until_they_are_referred_on(hub, make):
    innovation = make(active)
    found = refer(hub, innovation, make(body)).json()["id"]

    declined = answer(hub, found, {"answer": "declined", "code": "no_capacity"})

    assert declined.json()["decline_code"] == "no_capacity"
    assert len(hub.get(f"{API}/referrals?state=declined").json()["items"]) == 1
    refer(hub, innovation, make(body, name="Another"))
    assert hub.get(f"{API}/referrals?state=declined").json()["items"] == []


@pytest.mark.parametrize(
    "said",
    [
        {"answer": "declined"},
        {"answer": "accepted", "code": "no_capacity"},
        {"answer": "perhaps"},
        {"answer": "declined", "code": "bored"},
        {"answer": "accepted", "note": "NHS number 943 476 5919"},
        {},
    ],
)
def test_an_answer_that_says_too_little_or_too_much_is_refused(hub, make, said):
    found = make(referral).id

    assert answer(hub, found, said).status_code == 422
    assert hub.get(f"{API}/referrals/{found}").json()["state"] == "offered"


def test_an_offer_wants_a_reason_a_body_and_consent(hub, make):
    innovation, to = make(active), make(body)
    held = make(active, consent_at=None, consent_by="")

    assert refer(hub, innovation, to, reason="\u200b").status_code == 422
    assert refer(hub, innovation, innovation).status_code == 404
    assert refer(hub, held, to).json()["title"] == "ReferralRefused"


def test_a_version_must_be_named_and_be_the_present_one(hub, make):
    found = make(referral).id

    assert answer(hub, found, {"answer": "accepted"}, headers={}).status_code == 428
    assert answer(hub, found, {"answer": "accepted"}, headers={"If-Match": '"9"'}).status_code == 412


def test_innovators_see_their_own_and_the_pipeline_answers_for_the_network(hub, client_as, client_with_key, make):
    own = refer(hub, make(active), make(body)).json()["id"]
    rival = refer(hub, make(active, supplier="Rival"), make(body, name="Funder", kind=BodyKind.FUNDER)).json()["id"]
    innovator, pipeline = client_as(Role.INNOVATOR), client_with_key()

    assert [each["id"] for each in innovator.get(f"{API}/referrals").json()["items"]] == [own]
    assert innovator.get(f"{API}/referrals/{rival}").status_code == 404
    assert answer(pipeline, rival, {"answer": "accepted"}).status_code == 404
    assert answer(pipeline, own, {"answer": "accepted"}).json()["state"] == "accepted"


def test_the_pipeline_reads_no_more_of_an_innovation_than_the_network_is_told(client_with_key, client_as, make):
    shown, secret = (make(active, name=name, visibility=who) for name, who in (("Attention test", "partners"), ("Secret", "hub_only")))
    network = make(body)
    for row in (shown, secret):
        make(lambda session, row=row: referral(session, session.merge(row, load=False), session.merge(network, load=False)))
    pipeline, innovator = client_with_key(), client_as(Role.INNOVATOR)

    def read(client):
        items = client.get(f"{API}/referrals").json()["items"]
        assert items == [client.get(f"{API}/referrals/{each['id']}").json() for each in items]
        return {each["innovation"]["id"]: (each["innovation"]["name"], each["innovation"]["supplier"]) for each in items}

    own = ("Attention test", "Example supplier")
    assert read(innovator) == {str(shown.id): own, str(secret.id): ("Secret", "Example supplier")}
    assert read(pipeline) == {str(shown.id): own, str(secret.id): ("An innovation offered to the NHS in West Yorkshire", None)}
    assert pipeline.get(f"{API}/innovations/{secret.id}").status_code == 404


def test_a_body_reads_what_it_is_asked_and_answers_without_an_account(client, make):
    row = make(referral, make(active, name="Attention test"))
    url = f"/referrals/{make(token)}"

    looked = [client.get(url, headers=PAGE) for _ in range(2)]
    done = client.post(url, data={"answer": "accepted", "note": "Call us."}, headers=PAGE)
    again = client.get(url, headers=PAGE)

    assert [each.status_code for each in looked] == [200, 200]
    assert "They plan evaluations." in looked[0].text
    assert "Attention test" in looked[0].text
    assert (done.status_code, "You can help." in done.text) == (200, True)
    assert again.status_code == 410
    assert make(lambda session: session.get(type(row), row.id)).state is ReferralState.ACCEPTED


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, "Choose an answer"),
        ({"answer": "declined"}, "Choose an answer"),
        ({"answer": "declined", "code": "other"}, "Say in a few words why you cannot help"),
        ({"answer": "accepted", "note": "NHS number 943 476 5919"}, "without patient details"),
    ],
)
def test_what_is_missing_is_asked_for_and_the_link_goes_on_working(client, make, said, told):
    make(referral)
    url = f"/referrals/{make(token)}"

    wrong = client.post(url, data=said, headers=PAGE)
    right = client.post(url, data={"answer": "declined", "code": "no_capacity"}, headers=PAGE)

    assert (wrong.status_code, told in wrong.text) == (422, True)
    assert "943 476 5919" not in re.sub(r"<textarea.*?</textarea>", "", wrong.text, flags=re.DOTALL)
    assert "We ask somebody else" in right.text


def test_an_answer_from_another_site_is_refused(client, make):
    make(referral)

    reply = client.post(f"/referrals/{make(token)}", data={"answer": "accepted"}, headers=PAGE | {"Sec-Fetch-Site": "cross-site"})

    assert reply.status_code == 403


def test_a_link_that_is_none_of_ours_opens_nothing(client):
    assert client.get("/referrals/nothing", headers=PAGE).status_code == 410


def test_the_mail_to_a_body_holds_its_link_and_says_whose_turn_it_is(make):
    make(referral, make(factories.make_innovation, status="active"))

    said = make(words, "referral_asked_link")

    assert "It is your turn." in said
    assert "/referrals/" in said
