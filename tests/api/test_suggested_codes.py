"""Codes suggested from the text: named with the words that tell them, accepted by an ordinary change."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from models.people import Role
from tests import factories

ASTHMA = "RESPIRATORY_CONDITIONS_ASTHMA"
NEED = {
    "title": "Right asthma diagnosis in practices",
    "problem": "Asthma is diagnosed in general practice without objective testing.",
    "places": ["LDS"],
}


@pytest.fixture
def place_lead(client_as: Callable[..., TestClient], make: Callable[..., Any]) -> TestClient:
    make(factories.make_place, "LDS")
    return client_as(Role.PLACE)


def test_the_text_of_a_need_tells_codes_with_the_words_that_tell_them(place_lead: TestClient) -> None:
    need = place_lead.post("/api/v1/needs", json=NEED).json()

    reply = place_lead.get(f"/api/v1/needs/{need['id']}/suggested-codes").json()

    found = {(each["facet"], each["code"]): each for each in reply["suggestions"]}
    asthma = found["diseases_conditions_impact", ASTHMA]
    assert (asthma["label"], asthma["chosen"]) == ("Respiratory conditions - Asthma", False)
    assert 0.5 < asthma["confidence"] <= 1
    assert all(need[each["field"]][each["start"] : each["end"]] == each["text"] for row in found.values() for each in row["evidence"])
    assert ("care_settings", "PRIMARY_CARE") in found
    assert place_lead.get(f"/api/v1/needs/{need['id']}").json()["diseases_conditions_impact"] == [], "nothing is stored by asking"


def test_a_suggestion_is_accepted_by_an_ordinary_change(place_lead: TestClient) -> None:
    created = place_lead.post("/api/v1/needs", json=NEED)
    address = f"/api/v1/needs/{created.json()['id']}"

    changed = place_lead.patch(address, json={"diseases_conditions_impact": [ASTHMA]}, headers={"If-Match": created.headers["ETag"]})

    assert changed.status_code == 200
    suggestions = place_lead.get(f"{address}/suggested-codes").json()["suggestions"]
    assert next(each["chosen"] for each in suggestions if each["code"] == ASTHMA)


def test_who_offers_an_innovation_is_told_its_codes_and_a_rival_is_not(client_as: Callable[..., TestClient]) -> None:
    innovator = client_as(Role.INNOVATOR)
    content = {"name": "Breather", "how_it_works": "A breath test for asthma in general practice."}
    innovation = innovator.post("/api/v1/innovations", json=content).json()
    address = f"/api/v1/innovations/{innovation['id']}/suggested-codes"

    told = innovator.get(address)
    refused = client_as(Role.PLACE).get(address)

    assert ASTHMA in {each["code"] for each in told.json()["suggestions"]}
    assert refused.status_code in {403, 404}
    assert innovator.get(f"/api/v1/innovations/{uuid4()}/suggested-codes").status_code == 404


def test_a_text_that_is_not_stored_tells_codes_too(place_lead: TestClient) -> None:
    reply = place_lead.post("/api/v1/suggested-codes", json={"side": "need", "content": NEED | {"diseases_conditions_impact": [ASTHMA]}})

    assert (reply.status_code, reply.json()["id"]) == (200, None)
    assert next(each["chosen"] for each in reply.json()["suggestions"] if each["code"] == ASTHMA)
