"""Needs over the API: state, read, change, open, withdraw, list."""

from datetime import UTC, datetime, timedelta

import pytest

from models.documents import Readability, Visibility
from models.needs import NeedStatus
from models.organisations import OrganisationKind
from models.people import Role
from tests import factories
from tests.factories import ANY_VERSION

pytestmark = pytest.mark.both

NEEDS = "/api/v1/needs"
FULL = {
    "title": "People wait too long to learn whether they have ADHD",
    "problem": "Adults wait years for an assessment.",
    "population": "Adults in Leeds",
    "patients_range": "UP_10000",
    "consequence_for_patients": "They lose work.",
    "consequence_for_staff": "They answer complaints.",
    "current_practice": "Paper and three visits.",
    "desired_outcome": "A decision within eighteen weeks.",
    "metric": "Weeks from referral to decision",
    "baseline": "150 weeks",
    "target": "18 weeks",
    "by_when": "2027-12-31",
    "said_by": ["patients", "staff"],
    "involvement": "A panel of twelve people.",
    "places": ["LDS", "WAK"],
    "owning_organisation": "RGD",
    "care_settings": ["MENTAL_HEALTH"],
    "areas": ["IMPROVING_SYSTEM_FLOW"],
    "diseases_conditions_impact": ["CANCER"],
    "key_health_inequalities": ["MATERNITY"],
    "criteria": [{"kind": "no_smartphone", "value": ""}, {"kind": "minimum_stage", "value": "EVALUATION"}],
    "strategic_link": "The mental health plan.",
    "open_to_improvement_methods": True,
    "funding": "Not yet agreed.",
    "decision_date": "2027-03-31",
    "review_date": "2027-06-30",
    "theme": "Mental health",
    "visibility": "partners",
    "source": "The trust's board paper.",
    "source_url": "https://example.org/paper",
}


@pytest.fixture
def places(make):
    make(factories.make_organisation, "Leeds and York Partnership", OrganisationKind.NHS_TRUST, ods_code="RGD")
    return [make(factories.make_place, key) for key in ("LDS", "WAK", "BDC")]


def test_every_field_that_is_said_is_kept(hub, places):
    reply = hub.post(NEEDS, json=FULL)

    assert reply.status_code == 201
    assert reply.json().items() >= FULL.items()
    assert reply.headers["location"] == f"{NEEDS}/{reply.json()['id']}"
    assert hub.get(reply.headers["location"]).json() == reply.json()


def test_a_need_begins_as_a_draft_unless_it_is_opened_at_once(hub, places):
    draft = hub.post(NEEDS, json={"title": "A need", "places": ["LDS"]}).json()
    opened = hub.post(NEEDS, json={**FULL, "submit": True}).json()

    assert (draft["status"], draft["opened_at"]) == ("draft", None)
    assert opened["status"] == "open"
    assert opened["opened_at"] is not None


def test_a_draft_is_opened_and_an_open_need_withdrawn(hub, client, places):
    url = hub.post(NEEDS, json={**FULL, "visibility": "public"}).headers["location"]
    assert client.get(url).status_code == 404

    assert hub.post(f"{url}/submit", headers=ANY_VERSION).json()["status"] == "open"
    assert client.get(url).status_code == 200
    assert hub.post(f"{url}/withdraw", headers=ANY_VERSION).json()["status"] == "withdrawn"
    assert client.get(url).status_code == 404


def test_a_withdrawn_need_cannot_be_opened_again(hub, make):
    url = f"{NEEDS}/{make(factories.make_need, status=NeedStatus.WITHDRAWN).id}"

    reply = hub.post(f"{url}/submit", headers=ANY_VERSION)

    assert (reply.status_code, reply.json()["title"]) == (409, "TransitionRefused")
    assert reply.json()["detail"].endswith("Read it again to see where it stands.")


def test_what_is_left_out_of_a_change_stays(hub, places):
    created = hub.post(NEEDS, json=FULL)

    changed = hub.patch(
        created.headers["location"], json={"target": "12 weeks", "by_when": None, "places": ["LDS"]}, headers=ANY_VERSION
    ).json()

    assert (changed["target"], changed["by_when"], changed["places"]) == ("12 weeks", None, ["LDS"])
    kept = FULL.keys() - {"target", "by_when", "places"}
    assert {name: changed[name] for name in kept} == {name: FULL[name] for name in kept}
    assert (changed["version"], changed["revision"]) == (created.json()["version"] + 1, created.json()["revision"] + 1)


@pytest.mark.parametrize("changes", [{}, {"title": ""}, {"title": None}, {"places": []}, {"status": "open"}, {"submit": True}, {"id": "1"}])
def test_a_change_that_may_not_be_is_refused(hub, make, changes):
    need = make(factories.make_need)

    reply = hub.patch(f"{NEEDS}/{need.id}", json=changes, headers=ANY_VERSION)

    assert (reply.status_code, reply.json()["title"]) == (422, "InvalidRequest")
    assert hub.get(f"{NEEDS}/{need.id}").headers["etag"] == '"1"'


def test_a_change_of_what_was_read_is_taken_and_one_of_what_was_not_is_refused(hub, make):
    url = f"{NEEDS}/{make(factories.make_need).id}"
    read = hub.get(url).headers["etag"]

    first = hub.patch(url, json={"metric": "Weeks"}, headers={"If-Match": read})
    second = hub.patch(url, json={"metric": "Days"}, headers={"If-Match": read})

    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    assert (second.status_code, second.json()["title"], second.json()["version"]) == (412, "StaleVersion", 2)
    assert hub.get(url).json()["metric"] == "Weeks"


@pytest.mark.parametrize(
    ("sent", "status"), [("*", 200), (' "1" ', 200), ('W/"1"', 412), ("1", 412), ('"1", "2"', 412), ('"x"', 412), ("", 412)]
)
def test_if_match_names_one_version_or_any(hub, make, sent, status):
    need = make(factories.make_need)

    assert hub.patch(f"{NEEDS}/{need.id}", json={"metric": "Weeks"}, headers={"If-Match": sent}).status_code == status


@pytest.mark.parametrize("step", ["submit", "withdraw"])
def test_a_step_honours_if_match_too(hub, make, step):
    need = make(factories.make_need, status=NeedStatus.DRAFT)

    reply = hub.post(f"{NEEDS}/{need.id}/{step}", headers={"If-Match": '"7"'})

    assert reply.status_code == 412


def test_a_place_states_needs_of_its_own(client_as, places):
    leeds = client_as(Role.PLACE, place="LDS")

    own = leeds.post(NEEDS, json={"title": "Ours", "places": ["LDS", "WAK"]})
    foreign = leeds.post(NEEDS, json={"title": "Theirs", "places": ["WAK"]})

    assert own.status_code == 201
    assert (foreign.status_code, foreign.json()["title"]) == (403, "NotAllowed")


def test_a_place_changes_no_need_of_another(client_as, make):
    need = make(factories.make_need, places=("WAK",))
    leeds = client_as(Role.PLACE, place="LDS")

    replies = [
        leeds.patch(f"{NEEDS}/{need.id}", json={"metric": "None"}, headers=ANY_VERSION),
        leeds.post(f"{NEEDS}/{need.id}/withdraw", headers=ANY_VERSION),
    ]

    assert [reply.status_code for reply in replies] == [403, 403]


@pytest.mark.parametrize(
    ("field", "value", "title"),
    [
        ("places", ["XXX"], "UnknownPlace"),
        ("places", [], "InvalidRequest"),
        ("places", ["LDS"] * 6, "InvalidRequest"),
        ("owning_organisation", "ZZZ", "UnknownOrganisation"),
        ("care_settings", ["MOON"], "InvalidRequest"),
        ("criteria", [{"kind": "minimum_stage", "value": "NEVER"}], "InvalidRequest"),
        ("criteria", [{"kind": "no_smartphone", "value": "x"}], "InvalidRequest"),
        ("source_url", "javascript:alert(1)", "InvalidRequest"),
        ("problem", "Her NHS number is 943 476 5919.", "InvalidRequest"),
        ("metric", "AB 12 34 56 C", "InvalidRequest"),
        ("review_date", "31/12/2027", "InvalidRequest"),
    ],
)
def test_a_field_that_may_not_be_is_refused(hub, places, field, value, title):
    reply = hub.post(NEEDS, json={**FULL, field: value})

    assert (reply.status_code, reply.json()["title"]) == (422, title), reply.text


def test_a_number_that_looks_like_a_patients_is_warned_about(hub, places):
    reply = hub.post(NEEDS, json={**FULL, "problem": "Reference 9434765919 in the board paper."})

    assert (reply.status_code, len(reply.json()["warnings"])) == (201, 1)


def test_an_open_need_past_its_review_date_is_stale(client, make):
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    need = make(factories.make_need, review_date=yesterday)

    assert client.get(f"{NEEDS}/{need.id}").json()["stale"] is True


def test_pages_follow_each_other_while_rows_are_added(client, make):
    ids = [str(make(factories.make_need, created_at=factories.NOW - timedelta(minutes=number)).id) for number in range(5)]

    first = client.get(f"{NEEDS}?limit=2").json()
    make(factories.make_need, created_at=factories.NOW + timedelta(minutes=1))
    second = client.get(NEEDS, params={"limit": 2, "after": first["next"]}).json()
    third = client.get(NEEDS, params={"limit": 2, "after": second["next"]}).json()

    assert [row["id"] for page in (first, second, third) for row in page["items"]] == ids
    assert third["next"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "adhd"}, {"a"}),
        ({"q": "WAITS years"}, {"a"}),
        ({"q": "adhd falls"}, set()),
        ({"q": "100%"}, set()),
        ({"q": "_"}, {"a", "b"}),
        ({"status": "open"}, {"a"}),
        ({"status": "closed"}, {"b"}),
        ({"place": "WAK"}, {"b"}),
        ({"theme": "Frailty"}, {"b"}),
        ({"care_settings": "AMBULANCE"}, {"b"}),
        ({"areas": "PATIENT_SAFETY"}, {"b"}),
        ({"diseases_conditions_impact": "CANCER"}, {"b"}),
        ({"key_health_inequalities": "MATERNITY"}, {"b"}),
        ({"visibility": "partners"}, {"b"}),
        ({"readability": "empty"}, {"b"}),
        ({"place": "WAK", "status": "open"}, set()),
    ],
)
def test_filters_must_all_hold(hub, make, query, found):
    make(factories.make_need, key="a", problem="An adult waits years for an ADHD assessment.")
    make(
        factories.make_need,
        key="b",
        title="Falls at home",
        problem="Older people fall at home.",
        population="Older people",
        places=("WAK",),
        status=NeedStatus.CLOSED,
        theme="Frailty",
        care_settings=["AMBULANCE"],
        areas=["PATIENT_SAFETY"],
        diseases_conditions_impact=["CANCER"],
        key_health_inequalities=["MATERNITY"],
        visibility=Visibility.PARTNERS,
        readability=Readability.EMPTY,
    )

    assert {row["key"] for row in hub.get(NEEDS, params=query).json()["items"]} == found
