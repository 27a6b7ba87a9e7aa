"""Notes on submissions and views of lists: written or kept, found again, deleted; what cannot be kept says why."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests import factories, triage
from tests.pages import PAGE, read, words


@pytest.fixture
def hand_in(make: Any) -> Any:
    """A submission that waits."""
    return lambda: make(triage.submission)


# Notes


def test_a_note_is_written_read_and_deleted(hub: TestClient, hand_in: Any) -> None:
    row = hand_in()
    address = f"/triage/{row.id}/notes"

    empty = words(read(hub, address).text)
    written = hub.post(address, data={"text": "They call back.\nOn Thursday."}, headers=PAGE)
    twice = hub.post(address, data={"text": "They call back.\nOn Thursday."}, headers=PAGE)
    (delete,) = re.findall(r'action="([^"]+/delete)"', twice.text)
    deleted = hub.post(delete, headers=PAGE)
    again = hub.post(delete, headers=PAGE)

    assert "Nothing is noted yet. The first note is yours." in empty
    assert "The note is written. Only the Hub reads it." in written.text
    assert "Hub officer, " in words(written.text)
    assert "1 note" in words(twice.text) or twice.text.count("They call back.") == 1
    assert "The note is deleted." in deleted.text
    assert again.status_code == 404


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "Write what your colleagues should know"),
        ("NHS number 943 476 5919", "Remove an NHS number"),
        ("x" * 2001, "Make this shorter"),
    ],
)
def test_a_note_that_cannot_be_kept_says_why_and_stays_typed(hub: TestClient, hand_in: Any, text: str, told: str) -> None:
    row = hand_in()

    refused = hub.post(f"/triage/{row.id}/notes", data={"text": text}, headers=PAGE)

    assert (refused.status_code, told in refused.text, text in refused.text) == (422, True, True)


# Views


def test_a_view_is_kept_found_again_and_deleted(hub: TestClient, hand_in: Any) -> None:
    hand_in()

    kept = hub.post("/views", data={"path": "/triage", "name": "Mine, late", "query": "who=me&age=overdue&after=x"}, headers=PAGE)
    twice = hub.post("/views", data={"path": "/triage", "name": "Mine, late", "query": "who=me&age=overdue"}, headers=PAGE)
    (delete,) = re.findall(r'action="(/views/[^"]+/delete)"', read(hub, "/views").text)
    deleted = hub.post(delete, headers=PAGE)

    assert str(kept.url).endswith("/triage?age=overdue&who=me")
    assert '<a href="/triage?age=overdue&amp;who=me" aria-current="page">Mine, late</a>' in twice.text
    assert "Keep this view" not in twice.text
    assert "Keep this view" in read(hub, "/triage?who=me").text
    assert "Keep this view" not in read(hub, "/triage").text
    assert "The view is deleted." in deleted.text
    assert "You keep no views yet." in deleted.text


def test_a_view_that_cannot_be_kept_says_why_and_stays_typed(hub: TestClient) -> None:
    for name, query, told in (("", "who=me", "Give the view a name"), ("Falls", "q=943+476+5919", "Remove an NHS number")):
        refused = hub.post("/views", data={"path": "/triage", "name": name, "query": query}, headers=PAGE)

        assert (refused.status_code, told in refused.text, 'href="#name"' in refused.text) == (422, True, True)
    assert hub.post("/views", data={"path": "//evil.example", "name": "x", "query": ""}, headers=PAGE).status_code == 422


@pytest.mark.parametrize(
    "address",
    [
        "/needs?place=LDS",
        "/innovations?stage=ADOPTION",
        "/proposals?state=confirmed",
        "/calls?show=all",
        "/events?kind=need.opened",
        "/triage?who=me",
    ],
)
def test_every_list_can_be_kept_as_it_is_narrowed(hub: TestClient, client: TestClient, make: Any, address: str) -> None:
    make(factories.make_place, "LDS")
    path, _, query = address.partition("?")

    narrowed = read(hub, address).text
    kept = hub.post("/views", data={"path": path, "name": "Mine", "query": query}, headers=PAGE)

    assert f'name="query" value="{query}"' in narrowed
    assert f'<a href="{address}" aria-current="page">Mine</a>' in kept.text
    assert "Keep this view" not in read(hub, path).text + read(client, "/needs?place=LDS").text
