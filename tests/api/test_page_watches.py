"""Watches by form: begun with an example of what they find, paused, deleted, and how often the mail comes."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.services import intake
from api.services.content import NeedContent
from models.actors import SYSTEM
from models.documents import Side
from models.people import Person, Role
from models.watches import MOST_WATCHES, WatchKind
from tests import factories
from tests.factories import NOW
from tests.pages import HOSTILE, PAGE, Faults, read, version_shown, words
from tests.walk import ADHD_NEED


@pytest.fixture
def person(make: Callable[..., Any]) -> Person:
    make(factories.make_place)
    found: Person = make(factories.make_person, Role.INNOVATOR)
    return found


@pytest.fixture
def founder(client_of: Callable[[Person], TestClient], person: Person) -> TestClient:
    return client_of(person)


def post(client: TestClient, path: str, **said: str) -> Any:
    return client.post(path, data=said, headers=PAGE)


def test_who_watches_nothing_is_told_how_to_begin(founder: TestClient) -> None:
    page = read(founder, "/watches")

    assert (page.status_code, Faults.of(page.text)) == (200, [])
    assert "You watch nothing yet. Say below what you want to hear of." in words(page.text)
    assert "Look among" not in page.text
    assert re.search(r'value="weekly"[^>]* checked', page.text)  # as everybody begins


def test_a_watch_begins_with_an_example_of_what_it_would_have_found(founder: TestClient, make: Callable[..., Any]) -> None:
    make(factories.make_need, title="Falls at home", theme="Ageing well")
    theme = post(founder, "/watches", kind="theme", theme="Ageing well")
    place = post(founder, "/watches", kind="place", place="LDS")
    nothing = post(founder, "/watches", kind="text", text="falls")  # there is no encoder

    assert "You watch this from now on." in words(theme.text)
    assert "Needs and calls on the theme “Ageing well”" in words(theme.text)
    assert "Of what is there now, this watch would have found: Falls at home Leeds" in words(theme.text)
    assert "Needs and calls of Leeds" in words(place.text)
    assert "We cannot look for matches at the moment. Your watch is kept" in words(nothing.text)
    listed = words(read(founder, "/watches").text)
    assert [each in listed for each in ("that fit “falls”", "of Leeds", "on the theme")] == [True] * 3


def test_a_text_shows_the_needs_that_fit(founder: TestClient, make: Callable[..., Any], runner: Any) -> None:
    make(intake.create, Side.NEED, NeedContent.model_validate(ADHD_NEED), actor=SYSTEM, at=NOW, submit_too=True)
    runner.run_due()

    fits = post(founder, "/watches", kind="text", text="ADHD assessment of adults")
    unfit = post(founder, "/watches", kind="text", text="trees and leaves in the park")

    assert "ADHD assessment backlog" in words(fits.text)
    assert "this watch would have found nothing. It may still find something new. If you expected more" in words(unfit.text)


@pytest.mark.parametrize(
    ("said", "field", "message"),
    [
        ({}, "text", "Write what you want to hear of"),
        ({"kind": "everything"}, "text", "Write what you want to hear of"),
        ({"kind": "text", "text": " "}, "text", "Write what you want to hear of"),
        ({"kind": "text", "text": "…"}, "text", "Write what you want to hear of"),
        ({"kind": "text", "text": "NHS number 943 476 5919"}, "text", "Remove an NHS number"),
        ({"kind": "text", "text": "x" * 501}, "text", "Make this shorter"),
        ({"kind": "theme"}, "theme", "Choose a theme"),
        ({"kind": "place"}, "place", "Choose a place"),
        ({"kind": "place", "place": "XYZ"}, "place", "Choose a place"),
        ({"kind": "text", "text": "falls", "what": "people"}, "what", "choose from the list"),
    ],
)
def test_what_a_watch_lacks_is_asked_for(founder: TestClient, said: dict[str, str], field: str, message: str) -> None:
    reply = post(founder, "/watches", **said)

    assert reply.status_code == 422
    assert "<title>Error: " in reply.text
    assert re.search(rf'href="#{field}">[^<]*{message}', reply.text)
    assert said.get("text", "").strip() in reply.text


def test_the_same_twice_leads_to_the_first_and_there_is_a_most(founder: TestClient, person: Person, make: Callable[..., Any]) -> None:
    first = post(founder, "/watches", kind="text", text="falls")
    again = post(founder, "/watches", kind="text", text="FALLS")
    for number in range(MOST_WATCHES - 1):
        make(factories.make_watch, person, kind=WatchKind.TEXT, value=f"words {number}")
    many = post(founder, "/watches", kind="text", text="one more")

    assert (again.status_code, "You watch that already." in again.text) == (422, True)
    assert f'href="{first.url.path}">You watch that already' in again.text
    assert "You have 50 watches, and that is the most." in many.text
    assert 'rel="next"' in read(founder, "/watches").text


def test_a_watch_is_paused_goes_on_and_is_deleted(founder: TestClient, person: Person, make: Callable[..., Any]) -> None:
    url = f"/watches/{make(factories.make_watch, person).id}"

    paused = post(founder, f"{url}/mute", muted="yes", **version_shown(read(founder, url)))
    stale = post(founder, f"{url}/mute", muted="no", version="1")
    going = post(founder, f"{url}/mute", muted="no", **version_shown(stale))
    ended = post(founder, f"{url}/end")

    assert "This watch is paused." in words(paused.text)
    assert (stale.status_code, "Somebody changed this watch after you opened the page" in stale.text) == (409, True)
    assert "This watch goes on." in words(going.text)
    assert "The watch is deleted." in words(ended.text)
    assert "You watch nothing yet" in words(ended.text)
    assert read(founder, url).status_code == 404


def test_mail_comes_as_often_as_one_says(founder: TestClient, person: Person, make: Callable[..., Any]) -> None:
    make(factories.make_watch, person)

    wrong = post(founder, "/watches/mail", digest="hourly")
    off = post(founder, "/watches/mail", digest="off")

    assert (wrong.status_code, 'href="#digest">Choose how often' in wrong.text) == (422, True)
    assert "We have noted how often you want mail." in words(off.text)
    assert "You get no mail about what your watches find." in words(off.text)
    assert re.search(r'value="off"[^>]* checked', off.text)


def test_places_and_the_hub_watch_innovations_too(hub: TestClient, make: Callable[..., Any]) -> None:
    make(factories.make_proposal)

    page = post(hub, "/watches", kind="place", place="LDS", what="innovations")

    assert "Look among" in read(hub, "/watches").text
    assert "Innovations of Leeds" in words(page.text)
    assert "Computer test of attention and activity Example supplier" in words(page.text)


def test_watches_are_ones_own(founder: TestClient, client: TestClient, make: Callable[..., Any]) -> None:
    url = f"/watches/{make(factories.make_watch).id}"

    assert [post(founder, f"{url}{what}", version="1").status_code for what in ("/mute", "/end")] == [404, 404]
    assert read(founder, url).status_code == 404
    assert read(client, "/watches").headers["location"] == "/sign-in?next=%2Fwatches"


def test_hostile_words_are_words(founder: TestClient, person: Person, make: Callable[..., Any]) -> None:
    make(factories.make_need, theme=HOSTILE[:90])
    row = make(factories.make_watch, person, kind=WatchKind.TEXT, value=HOSTILE)
    pages = [read(founder, "/watches"), read(founder, f"/watches/{row.id}"), post(founder, "/watches", kind="text", text=HOSTILE + "\x07")]

    assert [Faults.of(page.text) for page in pages] == [[], [], []]
