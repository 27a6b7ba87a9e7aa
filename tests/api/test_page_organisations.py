"""Pages of organisations: new names are confirmed, or found to be known; size and home are kept."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.organisations import CompanySize, Organisation, Origin
from models.people import Role
from tests import factories
from tests.pages import HOSTILE, PAGE, Faults, read, words


def send(browser: TestClient, path: str, **form: Any) -> Any:
    """A form, as a browser without a script sends it; where it leads is followed."""
    return browser.post(path, data=form, headers=PAGE)


@pytest.fixture
def named(make: Callable[..., Any]) -> Any:
    """An organisation that only its own people have named."""
    return make(factories.make_organisation, "Falls and Sons", confirmed=False)


def test_what_waits_stands_apart_from_what_is_confirmed(hub: TestClient, make: Callable[..., Any]) -> None:
    empty = words(read(hub, "/organisations").text)
    make(factories.make_organisation, "Falls and Sons", confirmed=False)
    make(factories.make_organisation, size=CompanySize.UP_TO_5, origin=Origin.WEST_YORKSHIRE)

    listed = words(read(hub, "/organisations").text)

    assert "Nothing to confirm" in empty
    assert "None yet" in empty
    assert "Falls and Sons Supplier Confirmed Part of the name" in listed
    assert "Example supplier Supplier · Up to 5 people · West Yorkshire" in listed
    assert "No organisation has that in its name" in read(hub, "/organisations?q=zebra").text


def test_a_new_organisation_is_confirmed_and_who_comes_second_is_told(hub: TestClient, named: Organisation) -> None:
    path = f"/organisations/{named.id}/confirm"

    confirmed = send(hub, path, **{"as": "new"})
    again = send(hub, path, **{"as": "new"})

    assert "It is confirmed as a new organisation" in confirmed.text
    assert (again.status_code, "Somebody confirmed it meanwhile" in again.text) == (409, True)
    assert "It is new" not in again.text


def test_one_that_is_known_takes_its_people_over(hub: TestClient, named: Organisation, make: Callable[..., Any]) -> None:
    known = make(factories.make_organisation, "Falls Ltd")
    make(factories.make_person, Role.INNOVATOR, organisation="Falls and Sons", name="Founder of Falls")

    offered = read(hub, f"/organisations/{named.id}").text
    found = read(hub, f"/organisations/{named.id}?known=nobody").text
    unchosen = send(hub, f"/organisations/{named.id}/confirm", **{"as": "known", "same_as": "none"})
    merged = send(hub, f"/organisations/{named.id}/confirm", **{"as": "known", "same_as": str(known.id)})

    assert f'value="{known.id}"' in offered
    assert "No confirmed organisation has “nobody” in its name" in words(found)
    assert (unchosen.status_code, 'href="#same_as"' in unchosen.text) == (422, True)
    assert str(merged.url).endswith(f"/organisations/{known.id}?done=same")
    assert "Founder of Falls" in merged.text
    assert read(hub, f"/organisations/{named.id}").status_code == 404


def test_size_and_home_are_kept_and_taken_back(hub: TestClient, make: Callable[..., Any]) -> None:
    row = make(factories.make_organisation)
    make(factories.make_innovation, name="Offered here")

    kept = send(hub, f"/organisations/{row.id}/profile", size="up_to_5", origin="west_yorkshire")
    taken = send(hub, f"/organisations/{row.id}/profile", size="", origin="nonsense")

    assert "Supplier · Up to 5 people · West Yorkshire" in words(kept.text)
    assert '<option value="up_to_5" selected>' in kept.text
    assert "Offered here" in kept.text
    assert '<option value="" selected>' in taken.text


def test_organisations_are_for_the_hub_and_their_names_are_text(
    hub: TestClient, client_as: Callable[..., TestClient], make: Callable[..., Any]
) -> None:
    row = make(factories.make_organisation, HOSTILE, confirmed=False)
    place = client_as(Role.PLACE)

    pages = [read(hub, path).text for path in ("/organisations", f"/organisations/{row.id}", f"/organisations/{row.id}?known=%3Cb%3E")]

    assert [Faults.of(page) for page in pages] == [[]] * 3
    assert [read(place, path).status_code for path in ("/organisations", f"/organisations/{row.id}")] == [403, 403]
