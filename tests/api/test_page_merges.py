"""Pages of innovations that are one: merged where they are compared, read together, parted again."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.innovations import Innovation
from models.people import Role
from tests import factories
from tests.pages import HOSTILE, PAGE, Faults, read, words
from tests.place_answers import announced


@pytest.fixture
def two(make: Callable[..., Any]) -> list[Innovation]:
    return [make(factories.make_innovation, name=name) for name in ("Attention test", "Computer test")]


def compare(client: TestClient, two: list[Innovation], **said: str) -> Any:
    """The form of the page that compares them, sent as a browser without a script does; where it leads is followed."""
    path = f"/innovations/{two[0].id}/compare/{two[1].id}"
    shown = dict(re.findall(r'name="(version-[^"]+)" value="([0-9]+)"', read(client, path).text))
    return client.post(path, data=shown | said, headers=PAGE)


def part(client: TestClient, merged: Innovation, version: str) -> Any:
    return client.post(f"/innovations/{merged.id}/unmerge", data={"version": version}, headers=PAGE)


def test_two_are_merged_where_they_are_compared_and_their_history_is_read_together(hub: TestClient, two: list[Innovation]) -> None:
    merged, kept = two

    done = compare(hub, two, keep=str(kept.id), note="The same test.")

    assert done.url.path == f"/innovations/{kept.id}/history"
    said = words(done.text)
    assert "They are one innovation now" in said
    assert "It stands for these too Attention test" in said
    assert "Attention test: merged into Computer test by Hub officer" in said
    assert "“The same test.”" in said
    assert "Innovation merged into another" in said
    moved = read(hub, f"/innovations/{merged.id}/history")
    assert (moved.status_code, moved.headers["location"]) == (308, f"/innovations/{kept.id}/history")


@pytest.mark.parametrize("keep", [0, 1])
def test_either_may_stand_for_both(hub: TestClient, two: list[Innovation], keep: int) -> None:
    done = compare(hub, two, keep=str(two[keep].id))

    assert done.url.path == f"/innovations/{two[keep].id}/history"


def test_a_form_that_came_twice_merges_once(hub: TestClient, two: list[Innovation]) -> None:
    path, said = f"/innovations/{two[0].id}/compare/{two[1].id}", {"keep": str(two[1].id), f"version-{two[0].id}": "1"}

    first, second = (hub.post(path, data=said, headers=PAGE) for _ in range(2))

    assert [first.status_code, second.status_code] == [200, 200]
    assert words(second.text).count("merged into Computer test") == 1


def test_what_is_missing_or_too_much_is_told_and_what_was_typed_is_kept(hub: TestClient, two: list[Innovation]) -> None:
    unchosen = compare(hub, two, note="Typed before")
    patient = compare(hub, two, keep=str(two[1].id), note="NHS number 943 476 5919")

    assert (unchosen.status_code, patient.status_code) == (422, 422)
    assert "Choose which one stands for both" in unchosen.text
    assert "Typed before" in unchosen.text
    assert 'href="#note"' in patient.text


def test_who_offers_them_is_asked_for_where_it_is_not_known_to_be_one(hub: TestClient, make: Callable[..., Any]) -> None:
    two = [make(factories.make_innovation, name=name, supplier=name) for name in ("Falls and Sons", "Falls Ltd")]

    refused = compare(hub, two, keep=str(two[1].id))
    done = compare(hub, two, keep=str(two[1].id), two_organisations="yes")

    assert (refused.status_code, "Tick the box if they are one innovation all the same" in refused.text) == (409, True)
    assert f'value="{two[1].id}" checked' in refused.text
    assert "They are one innovation now" in done.text


def test_who_read_an_older_text_merges_nothing(hub: TestClient, two: list[Innovation]) -> None:
    refused = hub.post(
        f"/innovations/{two[0].id}/compare/{two[1].id}", data={"keep": str(two[1].id), f"version-{two[0].id}": "7"}, headers=PAGE
    )

    assert (refused.status_code, "Somebody changed this innovation" in refused.text) == (409, True)
    assert "merged into" not in read(hub, f"/innovations/{two[1].id}/history").text


def test_they_are_parted_where_both_histories_are_read(hub: TestClient, two: list[Innovation]) -> None:
    merged, kept = two
    compare(hub, two, keep=str(kept.id))

    stale = part(hub, merged, "1")
    parted = part(hub, merged, "2")
    again = part(hub, merged, "3")

    assert (stale.status_code, "Somebody changed this innovation" in stale.text) == (409, True)
    assert "They are two innovations again" in parted.text
    assert "Parted by Hub officer" in parted.text
    assert "It stands for itself alone" in parted.text
    assert (again.status_code, "part of no other" in again.text) == (409, True)


def test_what_was_confirmed_of_them_is_told(hub: TestClient, make: Callable[..., Any], two: list[Innovation]) -> None:
    merged, kept = two
    match = make(lambda session: announced(session, innovation=session.get(Innovation, merged.id)))
    compare(hub, two, keep=str(kept.id))

    page = read(hub, f"/innovations/{kept.id}/history").text

    assert f'href="/proposals/{match.id}"' in page
    assert "Confirmed match announced" in words(page)


def test_what_happened_is_read_page_by_page(hub: TestClient, two: list[Innovation], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.pages.merges.LISTED", 1)
    compare(hub, two, keep=str(two[1].id))
    part(hub, two[0], "2")

    first = read(hub, f"/innovations/{two[0].id}/history").text
    second = read(hub, re.search(r'href="(/innovations/[^"]+after=[^"]+)"', first)[1].replace("&amp;", "&")).text

    assert "Innovation parted from another" in first
    assert "Innovation merged into another" in second


def test_hostile_words_stay_words(hub: TestClient, make: Callable[..., Any]) -> None:
    two = [make(factories.make_innovation, name=f"{number} {HOSTILE}") for number in range(2)]
    compared = read(hub, f"/innovations/{two[0].id}/compare/{two[1].id}").text

    done = compare(hub, two, keep=str(two[1].id), note=HOSTILE)

    assert Faults.of(compared) == []
    assert Faults.of(done.text) == []


def test_a_place_is_offered_no_merge(client_as: Callable[..., TestClient], two: list[Innovation]) -> None:
    place = client_as(Role.PLACE)

    assert read(place, f"/innovations/{two[0].id}/history").status_code == 403
    assert compare(place, two, keep=str(two[1].id)).status_code == 403
