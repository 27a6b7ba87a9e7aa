"""The status page: always where it is, whose turn, by when, a contact; on refusal why, what would change it, and a new version."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from fastapi.testclient import TestClient

from api.services import asking, merging
from models.innovations import InnovationStatus
from models.people import Role
from tests import factories, triage
from tests.pages import HOSTILE, PAGE, Faults, read, words
from tests.triage import ARCHIVE, ASK, LATER, MONDAY

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)


def post(client: TestClient, path: str, **said: str) -> Any:
    return client.post(path, data=said, headers=PAGE)


@pytest.fixture
def founder(client_as: Callable[..., TestClient]) -> TestClient:
    with time_machine.travel(NOON, tick=False):
        return client_as(Role.INNOVATOR, name="Managing director")


@pytest.fixture(autouse=True)
def _noon() -> Any:
    with time_machine.travel(NOON, tick=True):
        yield


def concluded(make: Callable[..., Any], *choices: Any, **values: Any) -> Any:
    """A submission whose letters have left; the innovator has answered before the second."""
    row, by = make(triage.submission, **values), make(triage.officer)
    for number, choice in enumerate(choices):
        if number:
            make(asking.answer, row.id, "Adults.", {}, actor=triage.actor(make(triage.innovator)), at=MONDAY + LATER)
        at = MONDAY + number * LATER
        make(triage.settle, make(triage.conclude, row.id, choice, by, at=at), at=at + LATER)
    return row


def test_what_is_read_says_whose_turn_it_is_by_when_and_whom_to_ask(founder: TestClient, make: Callable[..., Any]) -> None:
    row = make(triage.submission)

    page = read(founder, f"/innovations/{row.innovation_id}/status")

    said = words(page.text)
    assert (page.status_code, Faults.of(page.text)) == (200, [])
    assert "We are reading it. We tell you what we decided." in said
    assert "Sent in on 2 November 2026" in said
    assert "Whose turn it is The Hub’s By when 10 November 2026 Whom to ask The Hub: matching@localhost" in said
    assert "Send a new version" not in said


def test_a_refusal_says_why_what_would_change_it_and_takes_a_new_version(founder: TestClient, make: Callable[..., Any]) -> None:
    row = concluded(make, ARCHIVE)
    url = f"/innovations/{row.innovation_id}/status"

    before = read(founder, url)
    again = post(founder, f"{url}/submit", version=str(make(triage.stored, row.innovation_id).version))

    said = words(before.text)
    assert "Whose turn it is Yours By when There is no last day" in said
    assert "There is not enough proof yet that it works." in said
    assert "Send us results: what changed, by how much, and who measured it." in said
    assert "Send a new version" in said
    assert "It is sent in. The Hub reads it next." in words(again.text)
    assert "the 2nd time" in words(again.text)
    assert "There is not enough proof yet" in again.text  # the last letter stays to be read


def test_a_letter_that_may_still_be_undone_is_not_hinted_at(founder: TestClient, make: Callable[..., Any]) -> None:
    row = make(triage.submission)
    make(triage.conclude, row.id, ARCHIVE, make(triage.officer), at=NOON)

    said = words(read(founder, f"/innovations/{row.innovation_id}/status").text)

    assert "We are reading it" in said
    assert "Archived" not in said
    assert "new version" not in said


def test_earlier_letters_can_be_read_too(founder: TestClient, make: Callable[..., Any]) -> None:
    row = concluded(make, ASK, ARCHIVE)

    page = read(founder, f"/innovations/{row.innovation_id}/status").text

    assert "Earlier letters" in page
    assert page.count("Whom to ask: ") == 2


def test_a_question_is_answered_on_the_page_once(founder: TestClient, make: Callable[..., Any]) -> None:
    row = concluded(make, ASK)
    url = f"/innovations/{row.innovation_id}/status"

    asked = words(read(founder, url).text)
    empty = post(founder, f"{url}/answer", answer=" ")
    wrong = post(founder, f"{url}/answer", answer="NHS number 943 476 5919")
    done = post(founder, f"{url}/answer", answer="Adults.")
    again = post(founder, f"{url}/answer", answer="Adults of all ages.")

    assert "Hub triage officer at the Hub asked on 2 November 2026: For which ages is it?" in asked
    assert "By when 9 November 2026" in asked
    assert (empty.status_code, 'href="#answer">Write your answer' in empty.text) == (422, True)
    assert (wrong.status_code, "943 476 5919" in wrong.text, "Remove an NHS number" in wrong.text) == (422, True, True)
    assert "Thank you. We have your answer" in words(done.text)
    assert (again.status_code, "Managing director answered at" in again.text) == (409, True)


def test_a_late_answer_is_kept_beside_the_decision(founder: TestClient, make: Callable[..., Any]) -> None:
    row, by = make(triage.submission), make(triage.officer)
    make(triage.settle, make(triage.conclude, row.id, ASK, by))
    make(triage.conclude, row.id, ARCHIVE, by, at=NOON)  # its letter has not left

    done = post(founder, f"/innovations/{row.innovation_id}/status/answer", answer="Adults.")

    assert "Thank you. We had decided before your answer came" in words(done.text)


def test_what_nobody_asked_takes_no_answer(founder: TestClient, make: Callable[..., Any]) -> None:
    row, draft = make(triage.submission), make(factories.make_innovation, status=InnovationStatus.DRAFT)

    replies = [post(founder, f"/innovations/{each}/status/answer", answer="Adults.") for each in (row.innovation_id, draft.id)]

    assert [reply.status_code for reply in replies] == [409, 409]
    assert all("This was done meanwhile. Nothing was asked about this" in reply.text for reply in replies)


def test_a_draft_is_sent_in_and_taken_back(founder: TestClient, make: Callable[..., Any]) -> None:
    row = make(factories.make_innovation, status=InnovationStatus.DRAFT)
    url = f"/innovations/{row.id}/status"

    draft = words(read(founder, url).text)
    sent = post(founder, f"{url}/submit", version="1")
    stale = post(founder, f"{url}/withdraw", version="1")
    withdrawn = post(founder, f"{url}/withdraw", version=str(make(triage.stored, row.id).version))
    again = post(founder, f"{url}/submit", version=str(make(triage.stored, row.id).version))

    assert "It is a draft. Send it in when you are ready." in draft
    assert "It is sent in. The Hub reads it next." in words(sent.text)
    assert (stale.status_code, "Somebody changed this innovation after you opened the page" in stale.text) == (409, True)
    assert "It is withdrawn. It no longer appears" in words(withdrawn.text)
    assert "Withdraw this innovation" not in withdrawn.text
    assert 'href="/innovations/new">Offer another innovation' in withdrawn.text
    assert "Nobody reads it any more" not in withdrawn.text
    assert (again.status_code, "An innovation that is withdrawn cannot become submitted" in again.text) == (409, True)


def test_what_was_merged_goes_on_in_another(founder: TestClient, make: Callable[..., Any]) -> None:
    merged, kept = (make(factories.make_innovation).id for _ in range(2))
    make(merging.merge, merged, kept, actor=make(triage.officer), at=NOON)

    page = words(read(founder, f"/innovations/{merged}/status").text)

    assert "It is the same as" in page
    assert "Withdraw" not in page


def test_deleting_asks_first_and_then_leaves_nothing(founder: TestClient, make: Callable[..., Any]) -> None:
    draft, sent = make(factories.make_innovation, status=InnovationStatus.DRAFT), make(triage.submission)

    asked = [words(read(founder, f"/innovations/{each}/delete").text) for each in (draft.id, sent.innovation_id)]
    stale = post(founder, f"/innovations/{draft.id}/delete", version="7")
    deleted = post(founder, f"/innovations/{draft.id}/delete", version="1")

    assert "Nobody has read this draft" in asked[0]
    assert "what was decided, stays on record without its words" in asked[1]
    assert (stale.status_code, "Somebody changed this innovation" in stale.text) == (409, True)
    assert deleted.url.path == "/"
    assert read(founder, f"/innovations/{draft.id}/status").status_code == 404


def test_rivals_and_strangers_follow_nothing(client: TestClient, client_as: Callable[..., TestClient], make: Callable[..., Any]) -> None:
    row = make(triage.submission)
    rival, place = client_as(Role.INNOVATOR, organisation="Rival"), client_as(Role.PLACE)

    for what in ("status", "delete"):
        url = f"/innovations/{row.innovation_id}/{what}"
        assert read(rival, url).status_code == 404
        assert read(place, url).status_code == 403
        assert read(client, url).headers["location"].startswith("/sign-in?next=")
    assert read(place, f"/innovations/{uuid4()}/delete").status_code == 403


def test_the_page_of_an_innovation_leads_whoever_offers_it_there(founder: TestClient, hub: TestClient, make: Callable[..., Any]) -> None:
    url = f"/innovations/{make(triage.submission).innovation_id}"

    assert [f'href="{url}/status"' in read(client, url).text for client in (founder, hub)] == [True, False]


def test_the_hub_sees_what_the_innovator_sees(hub: TestClient, make: Callable[..., Any]) -> None:
    row = make(triage.submission)

    assert "The innovator sees this page." in words(read(hub, f"/innovations/{row.innovation_id}/status").text)


def test_hostile_words_are_words(founder: TestClient, make: Callable[..., Any]) -> None:
    row = concluded(make, ASK, name=HOSTILE)
    url = f"/innovations/{row.innovation_id}"

    pages = [read(founder, f"{url}/status"), read(founder, f"{url}/delete"), post(founder, f"{url}/status/answer", answer=HOSTILE + "\x07")]

    assert [Faults.of(page.text) for page in pages] == [[], [], []]
