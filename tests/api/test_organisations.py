"""How large a supplier is and where it is at home is said by its own people or the Hub, and told in reports alone."""

import pytest

from models.people import Role
from tests import factories


@pytest.fixture
def firm(make):
    return make(factories.make_organisation)


def test_its_own_people_and_the_hub_say_how_large_it_is_and_where(client_as, hub, firm):
    address = f"/api/v1/organisations/{firm.id}/profile"

    own = client_as(Role.INNOVATOR).put(address, json={"size": "6_to_25", "origin": "west_yorkshire"})
    again = hub.put(address, json={"size": None, "origin": "rest_of_uk"})

    assert (own.status_code, own.json()["size"], own.json()["origin"]) == (200, "6_to_25", "west_yorkshire")
    assert again.json() == {"id": str(firm.id), "name": firm.name, "size": None, "origin": "rest_of_uk"}


def test_a_report_tells_suppliers_apart_by_it(client_as, hub, make, firm):
    innovation = make(factories.make_innovation)
    make(factories.make_proposal, innovation=innovation)
    hub.put(f"/api/v1/organisations/{firm.id}/profile", json={"size": "up_to_5", "origin": "overseas"})

    rows = client_as(Role.BOARD).get("/api/v1/reports/exposure").json()["rows"]

    assert {(row["group"], row["shown"]) for row in rows if row["by"] != "place of the need"} == {("up_to_5", 1), ("overseas", 1)}


def test_others_and_other_words_are_refused(client_as, hub, make, firm):
    rival = make(factories.make_organisation, "Rival")
    body = {"size": None, "origin": None}

    assert client_as(Role.INNOVATOR).put(f"/api/v1/organisations/{rival.id}/profile", json=body).status_code == 403
    assert client_as(Role.PLACE).put(f"/api/v1/organisations/{firm.id}/profile", json=body).status_code == 403
    assert hub.put(f"/api/v1/organisations/{firm.id}/profile", json=body | {"size": "huge"}).status_code == 422
    assert hub.put(f"/api/v1/organisations/{firm.id}/profile", json={"size": None}).status_code == 422
    assert hub.put("/api/v1/organisations/0d6a3c1e-6f5e-4a53-9c53-1a5d0e9a1111/profile", json=body).status_code == 404
