"""Writing by form: what is missing is asked for, what was typed is kept, and nobody overwrites somebody else."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.db import Database
from api.services.answering import RequestInFlight
from models.answers import KeptAnswer
from models.documents import Visibility
from models.innovations import InnovationStatus
from models.needs import NeedStatus
from models.people import Role
from tests import factories
from tests.pages import PAGE, read, version_shown, words

NEED = {
    "title": "Falls at home",
    "population": "People over 75 who live alone",
    "problem": "They fall and lie for hours.",
    "desired_outcome": "Help within the hour",
    "metric": "Falls that end in hospital",
    "places": ["LDS", "WAK"],
    "visibility": "public",
    "then": "submit",
}
INNOVATION = {
    "name": "Falls sensor",
    "problems_tackled": "People fall and lie for hours.",
    "how_it_works": "A sensor on the wall calls a neighbour.",
    "care_settings": ["CARE_HOMES_CARE_SETTING"],
    "stage": "EVALUATION",
    "visibility": "partners",
    "consent": "yes",
    "then": "submit",
}


@pytest.fixture
def place_lead(client_as: Callable[..., TestClient], make: Callable[..., Any]) -> TestClient:
    for key in ("LDS", "WAK"):
        make(factories.make_place, key)
    return client_as(Role.PLACE)


@pytest.fixture
def innovator(client_as: Callable[..., TestClient]) -> TestClient:
    return client_as(Role.INNOVATOR)


def test_a_place_opens_a_need_by_form(place_lead: TestClient) -> None:
    form = read(place_lead, "/needs/new").text

    reply = place_lead.post("/needs/new", data=NEED, headers=PAGE)

    assert re.search(r'id="places"[^>]*value="LDS" checked', form), "the place of who writes is ticked"
    assert str(reply.url).endswith("?done=submitted")
    said = words(reply.text)
    assert "Falls at home Open Everybody can read this" in said
    assert "The need is open" in said
    assert "Leeds Wakefield" in said


def test_a_draft_is_kept_opened_and_withdrawn(place_lead: TestClient) -> None:
    draft = place_lead.post("/needs/new", data=NEED | {"then": "draft"}, headers=PAGE)
    address = str(draft.url).split("?")[0]

    opened = place_lead.post(f"{address}/submit", data=version_shown(draft), headers=PAGE)
    withdrawn = place_lead.post(f"{address}/withdraw", data=version_shown(opened), headers=PAGE)
    again = place_lead.post(f"{address}/submit", data={"version": "3"}, headers=PAGE)

    assert "saved as a draft" in draft.text
    assert "The need is open" in opened.text
    assert "The need is withdrawn" in withdrawn.text
    assert "We do not look for matches, because this need is withdrawn" in words(withdrawn.text)
    assert (again.status_code, "That is no longer possible" in again.text) == (409, True)


def test_an_empty_form_says_what_to_enter_and_links_to_each_field(place_lead: TestClient) -> None:
    reply = place_lead.post("/needs/new", data={}, headers=PAGE)

    assert reply.status_code == 422
    assert "<title>Error: Write a need" in reply.text
    fields = ["population", "problem", "desired_outcome", "metric", "title", "places"]
    assert re.findall(r'<li><a href="#(\w+)"', reply.text) == fields
    assert all(f'id="{field}"' in reply.text for field in fields)


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"problem": "The patient 943 476 5919 fell."}, "problem", "Remove an NHS number"),
        ({"metric": "a\x07b"}, "metric", "Remove control characters"),
        ({"title": "x" * 301}, "title", "Make this shorter: it has more than 300 characters"),
        ({"places": ["XXX"]}, "places", "Choose places from the list on this page"),
        ({"visibility": "everybody"}, "visibility", "choose from the list on this page"),
        ({"title": "\u200b\u200b"}, "title", "Enter a title for the need"),
        ({"places": ["WAK"]}, "places", "must concern your own place"),
    ],
)
def test_bad_input_is_told_beside_its_field_and_the_rest_is_kept(
    place_lead: TestClient, change: dict[str, Any], field: str, message: str
) -> None:
    reply = place_lead.post("/needs/new", data=NEED | change, headers=PAGE)

    assert reply.status_code == 422
    assert message in reply.text
    assert not field or f'href="#{field}"' in reply.text
    assert "People over 75 who live alone" in reply.text
    assert not field or f'aria-describedby="{field}' in reply.text


def test_a_need_is_changed_by_its_place(place_lead: TestClient, make: Callable[..., Any]) -> None:
    need = make(factories.make_need)
    form = read(place_lead, f"/needs/{need.id}/change")

    reply = place_lead.post(f"/needs/{need.id}/change", data=NEED | version_shown(form), headers=PAGE)

    assert "Adults in Leeds who were referred" in form.text
    assert "Your changes are saved" in reply.text
    assert "They fall and lie for hours" in reply.text


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(place_lead: TestClient, make: Callable[..., Any]) -> None:
    need = make(factories.make_need, version=7)

    reply = place_lead.post(f"/needs/{need.id}/change", data=NEED | {"version": "6"}, headers=PAGE)

    assert reply.status_code == 422
    assert f'<a href="/needs/{need.id}">Somebody changed this need after you opened the form' in reply.text
    assert "They fall and lie for hours" in reply.text
    assert "People wait too long" in read(place_lead, f"/needs/{need.id}").text
    knowingly = place_lead.post(f"/needs/{need.id}/change", data=NEED | version_shown(reply), headers=PAGE)
    assert "Your changes are saved" in knowingly.text


@pytest.mark.parametrize("step", ["submit", "withdraw"])
@pytest.mark.parametrize("version", ["6", "", "x"])
def test_what_changed_while_its_page_stood_open_is_shown_and_left_as_it_is(
    place_lead: TestClient, make: Callable[..., Any], step: str, version: str
) -> None:
    need = make(factories.make_need, status=NeedStatus.DRAFT, version=7)

    reply = place_lead.post(f"/needs/{need.id}/{step}", data={"version": version}, headers=PAGE)

    assert (reply.status_code, "Somebody changed this need after you opened the page" in reply.text) == (409, True)
    assert version_shown(reply) == {"version": "7"}
    assert "Draft" in words(read(place_lead, f"/needs/{need.id}").text)


@pytest.mark.parametrize("change", [{"problem": ""}, {"places": ["WAK"]}])
def test_a_bad_change_comes_back_with_what_was_typed(place_lead: TestClient, make: Callable[..., Any], change: dict[str, Any]) -> None:
    need = make(factories.make_need)

    reply = place_lead.post(f"/needs/{need.id}/change", data=NEED | {"version": "1"} | change, headers=PAGE)

    assert reply.status_code == 422
    assert 'value="Falls at home"' in reply.text


def test_nobody_changes_the_need_of_another_place(client_as: Callable[..., TestClient], make: Callable[..., Any]) -> None:
    need = make(factories.make_need, places=("LDS",))
    stranger = client_as(Role.PLACE, place="WAK")

    replies = [
        read(stranger, f"/needs/{need.id}/change"),
        stranger.post(f"/needs/{need.id}/change", data=NEED, headers=PAGE),
        stranger.post(f"/needs/{need.id}/withdraw", headers=PAGE),
    ]

    assert [reply.status_code for reply in replies] == [403, 403, 403]
    assert "Change what it says" not in read(stranger, f"/needs/{need.id}").text


def test_an_innovator_sends_an_innovation_in_by_form(innovator: TestClient) -> None:
    form = read(innovator, "/innovations/new").text

    reply = innovator.post("/innovations/new", data=INNOVATION, headers=PAGE)

    assert "Who offers it?" not in form
    said = words(reply.text)
    assert "The innovation is sent in" in said
    assert "Falls sensor Sent in NHS partners and the Hub can read this" in said
    assert "Offered by Example supplier" in said
    assert "How far it has come Evaluation" in said


def test_without_consent_an_innovation_is_held_until_it_is_given(innovator: TestClient) -> None:
    held = innovator.post("/innovations/new", data={**INNOVATION, "consent": ""}, headers=PAGE)
    address = str(held.url).split("?")[0]

    given = innovator.post(f"{address}/change", data=INNOVATION | version_shown(held), headers=PAGE)
    taken_back = innovator.post(f"{address}/change", data=INNOVATION | {"consent": ""} | version_shown(given), headers=PAGE)

    assert "We hold this innovation" in held.text
    assert "We hold this innovation" not in given.text
    assert "We hold this innovation" in taken_back.text


def test_the_hub_writes_for_a_supplier(hub: TestClient) -> None:
    draft = hub.post("/innovations/new", data=INNOVATION | {"supplier": " Falls Ltd ", "then": "draft"}, headers=PAGE)
    address = str(draft.url).split("?")[0]

    renamed = hub.post(f"{address}/change", data=INNOVATION | {"supplier": "Rises Ltd"} | version_shown(draft), headers=PAGE)
    sent = hub.post(f"{address}/submit", data=version_shown(renamed), headers=PAGE)
    gone = hub.post(f"{address}/withdraw", data=version_shown(sent), headers=PAGE)

    assert "Offered by Falls Ltd" in words(draft.text)
    assert "Offered by Rises Ltd" in words(renamed.text)
    assert "The innovation is sent in" in sent.text
    assert "The innovation is withdrawn" in gone.text


def test_an_empty_form_of_an_innovation_asks_in_the_order_of_the_page(innovator: TestClient) -> None:
    reply = innovator.post("/innovations/new", data={}, headers=PAGE)

    assert re.findall(r'<li><a href="#(\w+)"', reply.text) == ["name", "problems_tackled", "how_it_works", "care_settings", "stage"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"care_settings": []}, "care_settings"),
        ({"care_settings": ["MOON"]}, "care_settings"),
        ({"stage": ""}, "stage"),
        ({"stage": "FINISHED"}, "stage"),
        ({"how_it_works": "Call 943 476 5919"}, "how_it_works"),
        ({"visibility": "nobody"}, "visibility"),
    ],
)
def test_a_bad_innovation_is_told_beside_its_field(innovator: TestClient, change: dict[str, Any], field: str) -> None:
    reply = innovator.post("/innovations/new", data={**INNOVATION, **change}, headers=PAGE)

    assert reply.status_code == 422
    assert f'href="#{field}"' in reply.text
    assert f'id="{field}"' in reply.text
    assert "A sensor on the wall" in reply.text or field == "how_it_works"


def test_a_stale_change_of_an_innovation_is_refused(innovator: TestClient, make: Callable[..., Any]) -> None:
    row = make(factories.make_innovation, version=3, status=InnovationStatus.SUBMITTED)

    stale = innovator.post(f"/innovations/{row.id}/change", data=INNOVATION | {"version": "2"}, headers=PAGE)
    fresh = innovator.post(f"/innovations/{row.id}/change", data=INNOVATION | version_shown(stale), headers=PAGE)

    assert "Somebody changed this innovation after you opened the form" in stale.text
    assert "A sensor on the wall" in stale.text
    assert "Your changes are saved" in fresh.text


def test_a_bad_change_of_an_innovation_comes_back_with_what_was_typed(innovator: TestClient, make: Callable[..., Any]) -> None:
    row = make(factories.make_innovation)

    reply = innovator.post(f"/innovations/{row.id}/change", data=INNOVATION | {"name": ""}, headers=PAGE)

    assert (reply.status_code, "A sensor on the wall" in reply.text) == (422, True)


def test_an_innovator_does_not_see_what_others_offer(innovator: TestClient, make: Callable[..., Any]) -> None:
    rival = make(factories.make_innovation, supplier="Rival Ltd", visibility=Visibility.PUBLIC)

    assert read(innovator, f"/innovations/{rival.id}").status_code == 404
    assert "There are no innovations to show yet" in read(innovator, "/innovations").text
    assert read(innovator, f"/innovations/{rival.id}/change").status_code == 404


def test_a_draft_of_a_need_is_seen_by_its_place_only(place_lead: TestClient, client: TestClient, make: Callable[..., Any]) -> None:
    draft = make(factories.make_need, status=NeedStatus.DRAFT, opened_at=None)

    assert "Open this need" in read(place_lead, f"/needs/{draft.id}").text
    assert read(client, f"/needs/{draft.id}").status_code == 404


def shown_once(client: TestClient) -> dict[str, Any]:
    """The answers of a need with the key of the form that is shown now."""
    (key,) = set(re.findall(r'name="once" value="([0-9a-f]{32})"', read(client, "/needs/new").text.split("<main")[1]))
    return NEED | {"once": key}


def opened(client: TestClient) -> list[str]:
    return [row["title"] for row in client.get("/api/v1/needs").json()["items"]]


@pytest.mark.both
def test_a_form_that_is_sent_twice_leads_where_it_led_and_opens_one_need(place_lead: TestClient) -> None:
    form = shown_once(place_lead)

    first, second = (place_lead.post("/needs/new", data=form, headers=PAGE, follow_redirects=False) for _ in range(2))

    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["location"] == second.headers["location"]
    assert opened(place_lead) == ["Falls at home"]


@pytest.mark.both
def test_of_two_clicks_at_once_the_second_waits_for_the_first(place_lead: TestClient) -> None:
    form = shown_once(place_lead)

    with ThreadPoolExecutor(2) as clicks:
        sent = [clicks.submit(place_lead.post, "/needs/new", data=form, headers=PAGE, follow_redirects=False) for _ in range(2)]
        led = {each.result().headers["location"] for each in sent}

    assert (len(led), opened(place_lead)) == (1, ["Falls at home"])


def test_a_form_that_was_mended_is_taken_and_another_one_is_another_need(place_lead: TestClient) -> None:
    form = shown_once(place_lead)

    refused = place_lead.post("/needs/new", data=form | {"title": " "}, headers=PAGE)
    mended = place_lead.post("/needs/new", data=form, headers=PAGE)
    other = place_lead.post("/needs/new", data=form | {"title": "Falls in care homes"}, headers=PAGE)
    place_lead.post("/needs/new", data=shown_once(place_lead), headers=PAGE)

    assert (refused.status_code, mended.status_code, other.status_code) == (422, 200, 200)
    assert sorted(opened(place_lead)) == ["Falls at home", "Falls at home", "Falls in care homes"]


def test_of_what_was_typed_nothing_is_kept_that_could_be_guessed(place_lead: TestClient, database: Database) -> None:
    for _ in range(2):
        place_lead.post("/needs/new", data=shown_once(place_lead), headers=PAGE)

    with database.reading() as session:
        kept = session.execute(select(KeptAnswer.key, KeptAnswer.payload_hash)).all()
    assert (len(kept), len({row.key for row in kept}), len({row.payload_hash for row in kept})) == (2, 2, 2)


def test_what_failed_may_be_sent_again_by_the_same_form(place_lead: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    form = shown_once(place_lead)
    with monkeypatch.context() as broken:
        broken.setattr("api.services.intake.create", lambda *_args, **_said: 1 / 0)
        failed = place_lead.post("/needs/new", data=form, headers=PAGE)

    again = place_lead.post("/needs/new", data=form, headers=PAGE)

    assert (failed.status_code, again.status_code) == (500, 200)
    assert opened(place_lead) == ["Falls at home"]


def test_the_second_click_is_told_when_the_first_takes_too_long(place_lead: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    form = shown_once(place_lead)
    monkeypatch.setattr("api.requests.ONCE_SECONDS", 0.0)
    monkeypatch.setattr("api.requests._end_once", lambda *_args: None)  # as if it were never done
    place_lead.post("/needs/new", data=form, headers=PAGE)

    second = place_lead.post("/needs/new", data=form, headers=PAGE)

    assert second.status_code == 409
    assert opened(place_lead) == ["Falls at home"]


def test_an_answer_that_cannot_be_kept_undoes_nothing(place_lead: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    form = shown_once(place_lead)

    def away(*_args: object, **_said: object) -> None:
        raise RequestInFlight("Somebody else has the key.")

    monkeypatch.setattr("api.services.answering.keep", away)
    reply = place_lead.post("/needs/new", data=form, headers=PAGE, follow_redirects=False)

    assert (reply.status_code, opened(place_lead)) == (303, ["Falls at home"])
