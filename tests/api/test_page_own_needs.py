"""The page of an innovator's needs: what fits what they offer and what is missing, and nothing of what others offer."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.documents import Readability, Visibility
from models.innovations import InnovationStatus
from models.people import Role
from models.proposals import Band
from tests import factories
from tests.pages import HOSTILE, Faults, read, words


@pytest.fixture
def founder(client_as: Callable[..., TestClient]) -> TestClient:
    return client_as(Role.INNOVATOR)


def proposed(make: Callable[..., Any], innovation: Any, title: str, **values: Any) -> Any:
    return make(factories.make_proposal, make(factories.make_need, title=title), innovation, **values)


def test_the_best_need_is_first_with_what_is_missing_and_its_call(founder: TestClient, make: Callable[..., Any]) -> None:
    mine = make(factories.make_innovation, embedded_revision=1, proposed_revision=1)
    for number in range(6):
        proposed(make, mine, f"Need {number}", probability=0.9 - number / 10, band=Band.STRONG if number < 3 else Band.POSSIBLE)
    make(factories.make_call, proposed(make, mine, "Called", probability=0.95).need)
    proposed(make, mine, "Too weak", probability=0.1, band=Band.WEAK)

    page = read(founder, "/my-needs")

    said = words(page.text)
    assert (page.status_code, Faults.of(page.text)) == (200, [])
    assert said.index("Called") < said.index("Need 0") < said.index("Show 2 more for") < said.index("Need 5")
    assert "They ask for answers: call WYC-2026-0001" in said
    assert "What fits, and what is missing" in said
    assert "Too weak" not in said
    assert "0.9" not in said
    assert f'href="/innovations/{mine.id}/status"' in page.text


def test_who_has_nothing_on_offer_is_led_to_the_form(founder: TestClient) -> None:
    assert "You have nothing on offer yet." in words(read(founder, "/my-needs").text)


def test_nothing_fits_yet_is_said_of_each(founder: TestClient, make: Callable[..., Any]) -> None:
    make(factories.make_innovation, embedded_revision=1, proposed_revision=1)
    make(factories.make_innovation, name="Unread", readability=Readability.EMPTY, status=InnovationStatus.DRAFT)

    said = words(read(founder, "/my-needs").text)

    assert "Nothing fits yet No open need is near to these now." in said
    assert "There is too little text to look for matches. Add more about it." in said


def test_rivals_and_needs_that_are_not_for_all_are_not_shown(founder: TestClient, make: Callable[..., Any]) -> None:
    mine = make(factories.make_innovation, embedded_revision=1, proposed_revision=1)
    rival = make(factories.make_innovation, name="Rival test", supplier="Rival", embedded_revision=1, proposed_revision=1)
    proposed(make, rival, "Theirs")
    make(factories.make_proposal, make(factories.make_need, title="For the Hub alone", visibility=Visibility.HUB_ONLY), mine)

    said = words(read(founder, "/my-needs").text)

    assert [each in said for each in ("Rival", "Theirs", "For the Hub alone")] == [False] * 3


def test_a_draft_is_compared_now_or_the_page_says_that_it_cannot_be(
    founder: TestClient, make: Callable[..., Any], request: pytest.FixtureRequest
) -> None:
    make(factories.make_innovation, status=InnovationStatus.DRAFT)

    without = words(read(founder, "/my-needs").text)
    request.getfixturevalue("runner")
    now = words(read(founder, "/my-needs").text)

    assert "We cannot look for needs now" in without
    assert "Computer test of attention and activity" in now


def test_it_is_for_innovators(client_as: Callable[..., TestClient], client: TestClient) -> None:
    assert [read(client_as(role), "/my-needs").status_code for role in (Role.PLACE, Role.HUB, Role.BOARD)] == [403] * 3
    assert read(client, "/my-needs").status_code == 303


def test_hostile_words_are_words(founder: TestClient, make: Callable[..., Any]) -> None:
    mine = make(factories.make_innovation, name=HOSTILE, embedded_revision=1, proposed_revision=1)
    proposed(make, mine, HOSTILE)

    assert Faults.of(read(founder, "/my-needs").text) == []
