"""Places, organisations and code lists."""

from models.organisations import OrganisationKind
from tests import factories


def test_places_are_told_with_their_codes(client, make):
    make(factories.make_place, "LDS")
    make(factories.make_place, "BDC")

    told = client.get("/api/v1/places").json()

    assert [(place["key"], [code["ods_code"] for code in place["ods_codes"]]) for place in told] == [("BDC", ["36J"]), ("LDS", ["15F"])]


def test_organisations_are_told_without_suppliers(client, make, transaction):
    place = make(factories.make_place, "LDS")
    make(factories.make_organisation, "Small Firm Ltd")
    with transaction() as session:
        trust = factories.make_organisation(session, "Leeds Teaching Hospitals", OrganisationKind.NHS_TRUST, ods_code="RR8", town="Leeds")
        trust.places = [factories.make_place(session, place.key)]

    assert client.get("/api/v1/organisations").json() == [
        {"name": "Leeds Teaching Hospitals", "kind": "NHS_TRUST", "ods_code": "RR8", "town": "Leeds", "places": ["LDS"]}
    ]


def test_every_code_is_told_with_its_label(client):
    told = client.get("/api/v1/codes").json()

    assert {"value": "AMBULANCE", "label": "Ambulance", "parent": None} in told["care_settings"]
    assert [code["value"] for code in told["stages"]] == ["DISCOVERY", "DEVELOPMENT", "EVALUATION", "ADOPTION", "SPREAD"]
