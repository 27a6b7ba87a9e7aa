"""Innovations over the API: hand in, read, change, withdraw, list."""

import pytest

from models.documents import Visibility
from models.innovations import ExternalId, InnovationKind, InnovationStatus, Stage
from models.people import Role
from tests import factories
from tests.factories import ANY_VERSION

pytestmark = pytest.mark.both

INNOVATIONS = "/api/v1/innovations"
FULL = {
    "name": "Computer test of attention",
    "kind": "PRODUCT",
    "description": "A computer test.",
    "problems_tackled": "Assessments wait on clinician time.",
    "how_it_works": "The person takes the test at the clinic.",
    "benefits": "Fewer visits.",
    "eligibility": "Adults.",
    "current_pathway": "Three visits.",
    "alternatives": "Questionnaires.",
    "evidence_summary": "Two trials.",
    "staff_learning": "An hour.",
    "patient_learning": "None.",
    "other_care_setting": "Prisons",
    "categories": ["DIGITAL"],
    "main_category": "DIGITAL",
    "areas": ["DIGITALISING_SYSTEM"],
    "care_settings": ["MENTAL_HEALTH"],
    "main_purpose": "DIAGNOSE_CONDITION",
    "diseases_conditions_impact": ["CANCER"],
    "key_health_inequalities": ["NONE"],
    "patients_range": "UP_10000",
    "stage": "ADOPTION",
    "stage_source": "READY",
    "standards": [{"type": "DTAC", "has_met": "YES"}],
    "evidences": [{"submit_type": "REAL_WORLD", "evidence_type": "DATA_PUBLISHED", "summary": "Waits halved.", "dated_on": "2024-05-01"}],
    "requires_smartphone": False,
    "integrates_with": ["EMIS"],
    "deployed": True,
    "website": "https://example.org",
    "visibility": "partners",
    "consent_by": "Managing director",
    "consent_at": "2026-10-01T09:00:00Z",
    "consent_scope": "matching",
    "external_ids": [{"system": "innovation-service", "id": "INN-2401-0001-7"}],
    "source": "The firm's website.",
    "source_url": "https://example.org/about",
}


def test_every_field_that_is_said_is_kept(hub):
    reply = hub.post(INNOVATIONS, json={**FULL, "supplier": "Small Firm Ltd"})

    assert reply.status_code == 201, reply.text
    assert reply.json().items() >= {**FULL, "supplier": "Small Firm Ltd", "status": "draft", "held": False}.items()
    assert hub.get(reply.headers["location"]).json() == reply.json()


def test_an_innovator_hands_in_for_their_own_organisation(client_as):
    innovator = client_as(Role.INNOVATOR, organisation="Small Firm Ltd")

    reply = innovator.post(INNOVATIONS, json={**FULL, "submit": True})

    assert (reply.status_code, reply.json()["supplier"], reply.json()["status"]) == (201, "Small Firm Ltd", "submitted")
    assert innovator.get(reply.headers["location"]).status_code == 200


def test_an_innovator_hands_in_for_nobody_else(client_as):
    reply = client_as(Role.INNOVATOR).post(INNOVATIONS, json={**FULL, "supplier": "A rival"})

    assert (reply.status_code, reply.json()["title"]) == (403, "NotAllowed")


def test_innovators_do_not_know_of_their_rivals(client_as, make):
    rival = make(factories.make_innovation, supplier="A rival", visibility=Visibility.PUBLIC)
    innovator = client_as(Role.INNOVATOR)

    assert innovator.get(INNOVATIONS).json()["items"] == []
    replies = [
        innovator.get(f"{INNOVATIONS}/{rival.id}"),
        innovator.patch(f"{INNOVATIONS}/{rival.id}", json={"benefits": "None"}, headers=ANY_VERSION),
        innovator.post(f"{INNOVATIONS}/{rival.id}/withdraw", headers=ANY_VERSION),
        innovator.get(f"{INNOVATIONS}/{rival.id}/matches"),
    ]
    assert [reply.status_code for reply in replies] == [404] * 4


@pytest.mark.parametrize(
    ("values", "readers"),
    [
        ({"visibility": Visibility.PUBLIC}, {Role.PLACE, Role.HUB, Role.LEAD, Role.PIPELINE, Role.BOARD}),
        ({"visibility": Visibility.PARTNERS}, {Role.PLACE, Role.HUB, Role.LEAD, Role.PIPELINE, Role.BOARD}),
        ({"visibility": Visibility.HUB_ONLY}, {Role.HUB, Role.LEAD}),
        ({"status": InnovationStatus.DRAFT}, {Role.HUB, Role.LEAD}),
        ({"status": InnovationStatus.ARCHIVED}, {Role.HUB, Role.LEAD}),
        ({"consent_by": "", "consent_at": None}, {Role.HUB, Role.LEAD}),
        ({"live": False}, set()),
    ],
)
def test_an_innovation_is_read_by_whom_it_is_for(client_as, make, values, readers):
    innovation = make(factories.make_innovation, supplier="Small Firm Ltd", **values)

    for role in Role:
        asker = client_as(role, **{"organisation": "A rival"} if role is Role.INNOVATOR else {})
        assert (asker.get(f"{INNOVATIONS}/{innovation.id}").status_code == 200) == (role in readers), role
        assert bool(asker.get(INNOVATIONS).json()["items"]) == (role in readers), role


def test_who_consented_is_told_to_the_hub_and_the_innovator_only(client_as, make):
    url = f"{INNOVATIONS}/{make(factories.make_innovation, supplier='Small Firm Ltd').id}"

    told = {role: client_as(role, organisation="Small Firm Ltd").get(url).json()["consent_by"] for role in (Role.HUB, Role.INNOVATOR)}
    hidden = {role: client_as(role).get(url).json()["consent_by"] for role in (Role.PLACE, Role.PIPELINE, Role.BOARD)}

    assert set(told.values()) == {"Managing director"}
    assert set(hidden.values()) == {None}


def test_without_consent_an_innovation_is_held(hub):
    reply = hub.post(INNOVATIONS, json={"name": "No consent", "submit": True})

    assert (reply.json()["status"], reply.json()["held"]) == ("submitted", True)


def test_a_change_is_told_by_its_version(hub, make):
    url = f"{INNOVATIONS}/{make(factories.make_innovation).id}"

    changed = hub.patch(url, json={"stage": "SPREAD", "external_ids": [{"system": "a", "id": "1"}]}, headers={"If-Match": '"1"'})

    assert (changed.json()["stage"], changed.json()["external_ids"], changed.headers["etag"]) == (
        "SPREAD",
        [{"system": "a", "id": "1"}],
        '"2"',
    )
    assert hub.patch(url, json={"stage": "SPREAD"}, headers={"If-Match": '"1"'}).status_code == 412


def test_an_external_id_belongs_to_one_innovation(hub, make):
    make(factories.make_innovation, external_ids=[ExternalId(system="innovation-service", value="INN-2401-0001-7")])

    reply = hub.post(INNOVATIONS, json=FULL)

    assert (reply.status_code, reply.json()["title"]) == (409, "ExternalIdTaken")


def test_a_draft_is_handed_in_and_withdrawn(hub, make):
    url = f"{INNOVATIONS}/{make(factories.make_innovation, status=InnovationStatus.DRAFT).id}"

    assert hub.post(f"{url}/submit", headers=ANY_VERSION).json()["status"] == "submitted"
    assert hub.post(f"{url}/withdraw", headers=ANY_VERSION).json()["status"] == "withdrawn"
    assert hub.post(f"{url}/withdraw", headers=ANY_VERSION).status_code == 409


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "dressing"}, {"b"}),
        ({"q": "firm"}, {"b"}),
        ({"kind": "SERVICE_MODEL"}, {"b"}),
        ({"stage": "SPREAD"}, {"b"}),
        ({"status": "active"}, {"b"}),
        ({"visibility": "public"}, {"b"}),
        ({"readability": "readable"}, {"a", "b"}),
        ({"categories": "PPE"}, {"b"}),
        ({"care_settings": "AMBULANCE"}, {"b"}),
        ({"areas": "PATIENT_SAFETY"}, {"b"}),
        ({"diseases_conditions_impact": "CANCER"}, {"b"}),
        ({"key_health_inequalities": "MATERNITY"}, {"b"}),
        ({"held": "true"}, {"b"}),
        ({"held": "false"}, {"a"}),
    ],
)
def test_filters_must_all_hold(hub, make, query, found):
    make(factories.make_innovation, key="a")
    make(
        factories.make_innovation,
        key="b",
        name="Wound dressing",
        supplier="Small Firm Ltd",
        kind=InnovationKind.SERVICE_MODEL,
        stage=Stage.SPREAD,
        status=InnovationStatus.ACTIVE,
        visibility=Visibility.PUBLIC,
        categories=["PPE"],
        care_settings=["AMBULANCE"],
        areas=["PATIENT_SAFETY"],
        diseases_conditions_impact=["CANCER"],
        key_health_inequalities=["MATERNITY"],
        consent_by="",
        consent_at=None,
    )

    assert {row["key"] for row in hub.get(INNOVATIONS, params=query).json()["items"]} == found
