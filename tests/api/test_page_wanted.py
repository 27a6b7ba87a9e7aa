"""The need or the call that somebody sets out to answer: led to from its page, named on the forms, and compared however weak."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.services import intake
from api.services.content import NeedContent
from models.actors import SYSTEM
from models.documents import Side
from models.mail import Message
from models.people import Role
from tests import factories
from tests.api.test_page_front_door import AFTERNOON, SENDER, begun, post
from tests.links import FIVE_ANSWERS
from tests.pages import Faults, read, words
from tests.walk import ADHD_NEED

FAR = {
    "title": "Trees in the park",
    "problem": "Trees in the park lose leaves.",
    "population": "Trees",
    "desired_outcome": "",
    "metric": "",
}


@pytest.fixture
def call(make: Callable[..., Any]) -> Any:
    """A call for answers to a need that the five answers do not fit."""
    return make(factories.make_call, make(factories.make_need, **FAR))


def test_a_call_goes_with_its_answerer_through_the_front_door(client: TestClient, call: Any, runner: Any) -> None:
    runner.run_due()
    (door,) = re.findall(r'href="(/begin\?need=[^"]*)"', read(client, f"/calls/{call.reference}").text)
    form = read(client, door)
    (carried,) = set(re.findall(r'name="need" value="([^"]+)"', form.text))  # in the form of the answers, and in that of a record
    page = post(client, "/begin", then="needs", need=carried, **FIVE_ANSWERS)
    back = read(client, "/begin")

    said = words(page.text)
    assert f"You answer call {call.reference}: Trees in the park" in words(form.text)
    assert f"You answer call {call.reference} This is how your answers stand to it. It is a weak match now." in said
    assert said.index("Trees in the park Weak match") < said.index("Nothing fits yet")
    assert f"You answer call {call.reference}" in words(back.text)  # also after a pause
    assert [Faults.of(each.text) for each in (form, page)] == [[], []]


def test_a_need_that_fits_stands_once(client: TestClient, make: Callable[..., Any], runner: Any) -> None:
    make(factories.make_place)
    asked = NeedContent.model_validate(ADHD_NEED)
    need = make(intake.create, Side.NEED, asked, actor=SYSTEM, at=AFTERNOON, submit_too=True)
    runner.run_due()

    page = post(client, "/begin", then="needs", need=str(need.id), **FIVE_ANSWERS)

    assert page.text.count(f'class="nhsuk-card__link" href="/needs/{need.id}"') == 1
    assert "You answer this need" in words(page.text)


@pytest.mark.usefixtures("runner")
@pytest.mark.parametrize("said", ["", "nowhere", "00000000-0000-0000-0000-000000000000"])
def test_a_need_that_there_is_not_is_left_out(client: TestClient, said: str) -> None:
    form = read(client, f"/begin?need={said}")
    page = post(client, "/begin", then="needs", need=said, **FIVE_ANSWERS)

    assert (form.status_code, page.status_code) == (200, 200)
    assert "You answer" not in words(form.text) + words(page.text)


def test_what_came_nearest_is_shown_with_what_is_missing(client: TestClient, make: Callable[..., Any], runner: Any) -> None:
    make(factories.make_need, **FAR)
    runner.sweep()
    runner.run_due()

    page = post(client, "/begin", then="needs", **FIVE_ANSWERS)

    said = words(page.text)
    assert "Nothing fits yet" in said
    assert "Show what came nearest" in said
    assert said.index("Show what came nearest") < said.index("Trees in the park Weak match")
    assert "What fits, and what is missing" in said


def test_what_is_not_read_of_a_long_answer_is_told_before_it_is_sent(client: TestClient, runner: Any) -> None:
    runner.run_due()
    page = post(client, "/begin", then="needs", **FIVE_ANSWERS | {"how_it_works": "The clinic tests attention again. " * 1500})

    assert re.search(r"Not read: the last [\d,]+ characters of “How it works”", words(page.text))


def test_a_need_leads_a_visitor_and_an_innovator_on(
    client: TestClient, client_as: Callable[..., TestClient], call: Any, runner: Any
) -> None:
    runner.run_due()
    address = f"/needs/{call.need_id}"
    innovator, place = client_as(Role.INNOVATOR), client_as(Role.PLACE)

    visitor, offerer, lead = (read(each, address).text for each in (client, innovator, place))

    assert f'href="/begin?need={call.need_id}">I can answer this' in visitor
    assert f'href="/innovations/new?need={call.need_id}">I can answer this' in offerer
    assert "I can answer this" not in lead


@pytest.mark.parametrize("consent", ["yes", ""])
def test_an_innovator_answers_a_call_from_the_account(client_as: Callable[..., TestClient], call: Any, runner: Any, consent: str) -> None:
    runner.run_due()
    innovator = client_as(Role.INNOVATOR)
    (door,) = re.findall(r'href="(/innovations/new\?need=[^"]*)"', read(innovator, f"/calls/{call.reference}").text)
    form = read(innovator, door)
    sent = {"need": str(call.need_id), "then": "submit", "visibility": "hub_only", "consent": consent}
    page = post(innovator, "/innovations/new", **FIVE_ANSWERS | sent)
    refused = post(innovator, "/innovations/new", **sent)

    assert f"You answer call {call.reference}: Trees in the park" in words(form.text)
    assert f'name="need" value="{call.need_id}"' in refused.text
    expected = "Trees in the park Weak match" if consent else "Nobody has agreed yet that we may look for matches."
    assert f"You answer call {call.reference}" in words(page.text)
    assert expected in words(page.text)


def letters(session: Session) -> Sequence[Message]:
    return session.scalars(select(Message).where(Message.template == "save_link")).all()


def test_the_page_after_sending_says_where_to_and_what_was_chosen(client: TestClient, make: Callable[..., Any]) -> None:
    begun(client)
    first: dict[str, Any] = SENDER | {"email": "New.Person@example.org"}
    second: dict[str, Any] = SENDER | {"hand_in": "no", "after": "1", "email": "other@example.org"}
    sent, kept = post(client, "/begin/needs", **first), post(client, "/begin/needs", **second)
    client.cookies.delete("matching_sent")
    client.cookies.set("matching_sent", "broken")
    broken = read(client, "/begin/sent")

    assert "We sent it to New.Person@example.org. Is that the wrong address?" in words(sent.text).replace(" .", ".")
    assert 'href="/begin/needs#send">Go back and give another' in sent.text
    assert "The Hub then reads your answers." in words(sent.text)
    assert ("Your answers are then your draft." in words(kept.text), "Hub then reads" in words(kept.text)) == (True, False)
    assert (broken.status_code, "We sent it to" in broken.text) == (200, False)
    assert len(make(letters)) == 2


def test_the_choices_of_who_reads_say_how_they_differ(client: TestClient) -> None:
    said = words(read(begun(client), "/begin/needs").text)

    assert "They keep it to themselves." in said
    assert "They may also speak of it outside" in said
    assert "You then have an account" not in said
