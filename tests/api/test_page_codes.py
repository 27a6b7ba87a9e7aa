"""Codes on the pages: what the text suggests is marked as such until a person ticks it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.people import Role
from tests import factories
from tests.api.test_page_forms import INNOVATION, NEED
from tests.pages import PAGE, read, version_shown, words

FALLS = "INJURIES_ACCIDENTS_AND_WOUNDS"
ASTHMA = "RESPIRATORY_CONDITIONS_ASTHMA"
WHEEZE = NEED | {"title": "Asthma in children", "problem": "Asthma is found late in general practice."}


@pytest.fixture
def place_lead(client_as: Callable[..., TestClient], make: Callable[..., Any]) -> TestClient:
    for key in ("LDS", "WAK"):
        make(factories.make_place, key)
    return client_as(Role.PLACE)


def test_what_nobody_accepted_is_marked_on_the_page_for_who_may_accept_it(
    place_lead: TestClient, client_as: Callable[..., TestClient]
) -> None:
    page = place_lead.post("/needs/new", data=WHEEZE, headers=PAGE)
    address = str(page.url).split("?")[0]

    assert "Nobody has accepted these" in words(page.text)
    assert "Respiratory conditions - Asthma (“Asthma”)" in words(page.text)
    assert "Nobody has accepted these" not in client_as(Role.BOARD).get(address, headers=PAGE).text


def test_a_suggestion_is_ticked_and_kept_and_can_be_taken_back(place_lead: TestClient) -> None:
    address = str(place_lead.post("/needs/new", data=WHEEZE, headers=PAGE).url).split("?")[0]
    form = read(place_lead, f"{address}/change")
    box = re.search(rf'<input[^>]*value="{ASTHMA}"[^>]*>', form.text)

    asked = {"asked": ["diseases_conditions_impact", "care_settings"]}
    kept = place_lead.post(
        f"{address}/change", data=WHEEZE | asked | version_shown(form) | {"diseases_conditions_impact": [ASTHMA]}, headers=PAGE
    )
    again = read(place_lead, f"{address}/change")
    dropped = place_lead.post(f"{address}/change", data=WHEEZE | asked | version_shown(again), headers=PAGE)

    assert box is not None
    assert "checked" not in box.group(), "nothing is accepted for a person"
    assert "Suggested from the text: “Asthma”" in words(form.text)
    assert "Health conditions Respiratory conditions - Asthma" in words(kept.text)
    assert re.search(rf'<input[^>]*value="{ASTHMA}" checked', again.text)
    assert "Health conditions Respiratory conditions - Asthma (“Asthma”)" in words(dropped.text)


def test_a_form_that_did_not_ask_for_codes_leaves_them(place_lead: TestClient) -> None:
    asked = {"asked": "diseases_conditions_impact", "diseases_conditions_impact": ASTHMA}
    address = str(place_lead.post("/needs/new", data=WHEEZE | asked, headers=PAGE).url).split("?")[0]

    changed = place_lead.post(f"{address}/change", data=WHEEZE | version_shown(read(place_lead, f"{address}/change")), headers=PAGE)

    assert "Health conditions Respiratory conditions - Asthma" in words(changed.text)


def test_what_was_ticked_is_kept_when_something_else_is_wrong(place_lead: TestClient) -> None:
    asked = {"asked": "diseases_conditions_impact", "diseases_conditions_impact": ASTHMA}

    reply = place_lead.post("/needs/new", data=WHEEZE | asked | {"title": ""}, headers=PAGE)

    assert reply.status_code == 422
    assert re.search(rf'<input[^>]*value="{ASTHMA}" checked', reply.text)


def test_a_code_that_is_not_on_the_list_is_refused_beside_its_field(place_lead: TestClient) -> None:
    reply = place_lead.post("/needs/new", data=WHEEZE | {"asked": "areas", "areas": "<b>"}, headers=PAGE)

    assert reply.status_code == 422
    assert '<a href="#areas">Areas of work: choose from the list on this page.</a>' in reply.text
    assert "<b>" not in reply.text


def test_on_the_form_of_an_innovation_the_settings_that_its_text_tells_say_so(client_as: Callable[..., TestClient]) -> None:
    innovator = client_as(Role.INNOVATOR)
    told = INNOVATION | {"problems_tackled": "Older people fall in care homes and after a fall lie for hours."}
    address = str(innovator.post("/innovations/new", data=told, headers=PAGE).url).split("?")[0]

    form = read(innovator, f"{address}/change")
    asked = {"asked": "diseases_conditions_impact", "diseases_conditions_impact": FALLS}
    changed = innovator.post(f"{address}/change", data=told | asked | version_shown(form), headers=PAGE)

    assert "Care homes or care setting Suggested from the text: “care homes”" in words(form.text)
    assert len(re.findall('name="care_settings"', form.text)) == len(re.findall('id="care_settings(?:-[A-Z_]+)?"', form.text)), (
        "each box once"
    )
    assert "Injuries, accidents and wounds" in words(changed.text)
