"""The front door as pages: five questions, the needs, the link; kept in between for the browser that typed them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.services import intake
from api.services.content import NeedContent
from api.services.limiting import LinkLimit
from models.actors import SYSTEM
from models.documents import Side
from models.front_door import FrontDoorDraft
from models.links import SavedAnswers
from models.people import Role
from models.queries import documents
from tests import factories
from tests.links import FIVE_ANSWERS, last_token, mails
from tests.pages import HOSTILE, PAGE, Faults, read, words
from tests.walk import ADHD_NEED

SENDER = {
    "organisation": "New firm",
    "consent_by": "Managing director",
    "email": "new@example.org",
    "visibility": "hub_only",
    "hand_in": "yes",
    "after": "0",
}
AFTERNOON = datetime(2027, 1, 5, 14, 0, tzinfo=UTC)


def post(client: TestClient, path: str, *, follow: bool = True, **said: Any) -> Any:
    return client.post(path, data=said, headers=PAGE, follow_redirects=follow)


def begun(client: TestClient, **said: Any) -> TestClient:
    """Somebody who has answered the five questions."""
    assert post(client, "/begin", follow=False, **FIVE_ANSWERS | said).status_code == 303
    return client


def drafts(make: Callable[..., Any]) -> Any:
    return make(lambda session: session.scalars(select(FrontDoorDraft)).all())


def test_each_question_stands_beside_who_reads_the_answer(client: TestClient) -> None:
    page = read(client, "/begin")

    said = words(page.text)
    assert (page.status_code, Faults.of(page.text)) == (200, [])
    assert said.count("Who reads this: you and your colleagues with an account, staff of the Hub and the innovation pipeline") == 5
    assert "Health Innovation Yorkshire &amp; Humber once a match is confirmed." in said
    assert "these can too: the teams of the five places, the innovation pipeline" in said
    assert "You are signed in" not in said


def test_five_answers_show_the_needs_what_is_missing_and_by_when_one_hears(
    client: TestClient, make: Callable[..., Any], runner: Any
) -> None:
    make(factories.make_place)
    asked = NeedContent.model_validate(ADHD_NEED | {"criteria": [{"kind": "dtac", "value": ""}]})
    need = make(intake.create, Side.NEED, asked, actor=SYSTEM, at=AFTERNOON - timedelta(days=60), submit_too=True)
    make(factories.make_call, make(documents.need, need.id, SYSTEM))
    runner.run_due()

    with time_machine.travel(AFTERNOON, tick=False):
        page = post(client, "/begin", then="needs", **FIVE_ANSWERS)

    said = words(page.text)
    assert (page.status_code, page.url.path, Faults.of(page.text)) == (200, "/begin/needs", [])
    assert f'href="/needs/{need.id}"' in page.text
    assert "What fits, and what is missing" in said
    assert "Must-have:" in said
    assert re.search(r"They ask for answers: call WYC-2026-\d{4}", said)
    assert "You hear within 6 working days: by 13 January 2027" in said
    assert "Who reads this: you and your colleagues with an account and staff of the Hub." in said


def test_nothing_fits_is_said_and_is_no_end(client: TestClient, make: Callable[..., Any], runner: Any) -> None:
    nothing = words(post(begun(client), "/begin", **FIVE_ANSWERS).text)
    make(factories.make_need, title="Trees", problem="Trees in the park lose leaves.", population="Trees", desired_outcome="", metric="")
    runner.run_due()
    unfit = words(read(client, "/begin/needs").text)

    assert "No need is open to everybody now" in nothing
    assert "Nothing fits yet. We compared your answers with 1 open need, and none is a possible match." in unfit
    assert "Send me the link" in unfit


def test_without_an_encoder_the_answers_are_safe_and_can_be_sent(client: TestClient) -> None:
    page = read(begun(client), "/begin/needs")

    assert page.status_code == 200
    assert "Your answers are safe" in words(page.text)
    assert "Send me the link" in page.text


@pytest.mark.usefixtures("runner")
def test_a_text_that_cannot_be_read_is_told(client: TestClient) -> None:
    page = read(begun(client, name="1", problems_tackled="1234 5678 90", how_it_works="12 34"), "/begin/needs")

    assert "The text says nothing that can be read" in words(page.text)


@pytest.mark.parametrize(
    ("said", "field", "message"),
    [
        ({"name": ""}, "name", "Enter the name of the innovation"),
        ({"problems_tackled": " \u200b"}, "problems_tackled", "Say what problem it tackles"),
        ({"how_it_works": "See 943 476 5919"}, "how_it_works", "Remove an NHS number"),
        ({"care_settings": []}, "care_settings", "Choose where it is used"),
        ({"care_settings": ["NOWHERE"]}, "care_settings", "choose from the list"),
        ({"stage": ""}, "stage", "Choose how far it has come"),
        ({"stage": "SOON"}, "stage", "choose from the list"),
        ({"name": "n" * 301}, "name", "Make this shorter"),
        ({"how_it_works": "n" * 100_001}, "how_it_works", "Make this shorter"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_what_is_sound_is_kept(
    client: TestClient, make: Callable[..., Any], said: dict[str, Any], field: str, message: str
) -> None:
    reply = post(client, "/begin", then="needs", **FIVE_ANSWERS | said)

    assert reply.status_code == 422
    assert "<title>Error: " in reply.text
    assert re.search(rf'href="#{field}">[^<]*{message}', reply.text)
    kept = {"name": "Attention test"} if field != "name" else {"stage": "ADOPTION"}
    (row,) = drafts(make)
    assert kept.items() <= row.answers.items()
    assert "943" not in str(row.answers)  # what may not be kept is not kept in a draft


def test_who_has_time_later_comes_back_to_what_was_typed(client: TestClient, make: Callable[..., Any]) -> None:
    reply = post(client, "/begin", then="later", name="Half", problems_tackled="")

    said = words(reply.text)
    assert (reply.status_code, reply.url.path) == (200, "/begin")
    assert "Your answers are saved in this browser" in said
    assert 'value="Half"' in read(client, "/begin").text
    assert 'value="Half"' not in read(TestClient(client.app), "/begin").text
    assert read(client, "/begin/needs").headers["location"].startswith("/begin")  # they are not whole yet
    cookie = next(each for each in client.cookies.jar if each.name == "matching_draft")
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.expires is not None
    assert len(drafts(make)) == 1


def test_what_is_wrong_stops_who_saves_for_later_too(client: TestClient, make: Callable[..., Any]) -> None:
    reply = post(client, "/begin", then="later", name="Half", how_it_works="NHS number 943 476 5919")

    assert reply.status_code == 422
    assert "NHS number 943 476 5919" in reply.text  # kept in the form for who typed it
    assert [row.answers["how_it_works"] for row in drafts(make) if "how_it_works" in row.answers] == []


def test_nothing_typed_is_nothing_kept(client: TestClient, make: Callable[..., Any]) -> None:
    assert post(client, "/begin", then="needs").status_code == 422
    assert (drafts(make), client.cookies.get("matching_draft")) == ([], None)


def test_typing_is_kept_as_it_goes(client: TestClient, make: Callable[..., Any]) -> None:
    with time_machine.travel(AFTERNOON, tick=False):
        first = client.post("/begin/draft", data={"name": "Atten"}).json()["says"]
        again = client.post("/begin/draft", data={"name": "Attention test", "how_it_works": "NHS number 943 476 5919"}).json()["says"]

    assert first == "Saved in this browser at 2:00pm."
    assert again.startswith("Not all is saved. How it works: Remove an NHS number")
    assert [row.answers["name"] for row in drafts(make)] == ["Attention test"]
    assert 'value="Attention test"' in read(client, "/begin").text


def test_a_draft_is_deleted_by_who_made_it(client: TestClient, make: Callable[..., Any]) -> None:
    reply = post(begun(client), "/begin/forget")

    assert "Your answers are deleted" in words(reply.text)
    assert (drafts(make), client.cookies.get("matching_draft")) == ([], None)


def test_after_its_date_a_draft_is_gone_and_the_page_says_so(client: TestClient) -> None:
    with time_machine.travel(AFTERNOON, tick=False) as clock:
        begun(client)
        clock.shift(timedelta(days=13, hours=23))
        assert 'value="Attention test"' in read(client, "/begin").text
        token = client.cookies.get("matching_draft")
        clock.shift(timedelta(days=2))
        client.cookies.set("matching_draft", str(token))
        looked, sent = read(client, "/begin/needs"), post(client, "/begin/needs", **SENDER)

    assert looked.headers["location"] == "/begin?done=gone"
    assert "We no longer have your answers" in words(sent.text)


def test_one_press_or_two_send_one_link_which_makes_it_theirs(client: TestClient, make: Callable[..., Any]) -> None:
    begun(client)
    first, second = (post(client, "/begin/needs", **SENDER) for _ in range(2))

    assert [reply.url.path for reply in (first, second)] == ["/begin/sent"] * 2
    assert "We have sent you a link" in first.text
    assert len(make(mails)) == 1

    opened = post(client, f"/links/{make(last_token)}")
    assert opened.url.path.endswith("/status")
    assert "Attention test" in opened.text
    assert client.cookies.get("matching_draft") is None


def test_a_mistyped_address_costs_nobody_their_words(client: TestClient, make: Callable[..., Any]) -> None:
    post(begun(client), "/begin/needs", **SENDER | {"email": "wrong@example.org"})

    page = read(client, "/begin/needs").text
    after = re.findall(r'name="after" value="(\d+)"', page)
    post(client, "/begin/needs", **SENDER | {"after": after[0]})

    rows = make(lambda session: session.scalars(select(SavedAnswers)).all())
    assert {row.address for row in rows} == {"wrong@example.org", "new@example.org"}


@pytest.mark.parametrize(
    ("said", "field", "message"),
    [
        ({"organisation": " "}, "organisation", "Enter the name of your organisation"),
        ({"consent_by": ""}, "consent_by", "Enter the name of the person who agrees"),
        ({"email": ""}, "email", "Enter your e-mail address"),
        ({"email": "nowhere"}, "email", "That is no e-mail address"),
        ({"visibility": "secret"}, "visibility", "choose from the list"),
        ({"consent_by": "NHS number 943 476 5919"}, "consent_by", "Remove an NHS number"),
    ],
)
def test_what_the_sender_lacks_is_asked_for(
    client: TestClient, make: Callable[..., Any], said: dict[str, str], field: str, message: str
) -> None:
    reply = post(begun(client), "/begin/needs", **SENDER | {"hand_in": "no"} | said)

    assert reply.status_code == 422
    assert re.search(rf'href="#{field}">[^<]*{message}', reply.text)
    assert re.search(r'value="no"[^>]* checked', reply.text)  # kept as it was chosen
    assert make(mails) == []


def test_a_form_that_was_changed_by_hand_sends_once(client: TestClient, make: Callable[..., Any]) -> None:
    assert read(begun(client), "/begin/sent").headers["location"] == "/begin"
    for _ in range(2):
        assert post(client, "/begin/needs", **SENDER | {"after": "x" * 20}).url.path == "/begin/sent"
    assert len(make(mails)) == 1


def test_many_from_one_network_are_told_to_wait(app: FastAPI, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = app.state.attempts._limiter.storage
    monkeypatch.setitem(app.state._state, "link_limit", LinkLimit(storage, hourly=1))
    monkeypatch.setitem(app.state._state, "draft_limit", LinkLimit(storage, hourly=1, of="drafts", told="Too many answers were begun"))
    sent = [post(begun(client), "/begin/needs", **SENDER | {"after": str(number)}) for number in range(2)]
    other = TestClient(app, raise_server_exceptions=False)

    assert "Too many mails were asked for from your network" in words(sent[1].text)
    assert "New firm" in sent[1].text
    reply = post(other, "/begin", **FIVE_ANSWERS)
    assert (reply.status_code, "Too many answers were begun from your network" in reply.text) == (429, True)


def test_another_site_sends_nothing_in_anybodys_name(client: TestClient, make: Callable[..., Any]) -> None:
    for path in ("/begin", "/begin/draft", "/begin/record", "/begin/needs", "/begin/forget"):
        reply = client.post(path, data=FIVE_ANSWERS, headers=PAGE | {"sec-fetch-site": "cross-site"})
        assert reply.status_code == 403, path
    assert drafts(make) == []


@pytest.mark.usefixtures("runner")
def test_hostile_words_are_words(client: TestClient) -> None:
    post(client, "/begin", then="needs", **FIVE_ANSWERS | dict.fromkeys(("name", "problems_tackled", "how_it_works"), HOSTILE))
    pages = [read(client, "/begin"), read(client, "/begin/needs"), post(client, "/begin/needs", **dict.fromkeys(SENDER, HOSTILE))]

    assert [Faults.of(page.text) for page in pages] == [[], [], []]
    assert all("{{ 7*7 }}" in page.text for page in pages)


def test_who_has_an_account_is_led_to_the_form_of_the_account(client_as: Callable[..., TestClient]) -> None:
    assert 'href="/innovations/new"' in read(client_as(Role.INNOVATOR), "/begin").text
