"""Pages of mail for staff: what became of each, and sending one again that did not arrive."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.mail import MessageState
from models.people import Role
from tests import mails
from tests.pages import HOSTILE, PAGE, Faults, read, words


@pytest.fixture
def lead(client_as: Callable[..., TestClient]) -> TestClient:
    """A browser of the Hub's lead."""
    return client_as(Role.LEAD)


def test_mails_are_found_by_what_became_of_them(hub: TestClient, make: Callable[..., Any]) -> None:
    for state, subject in ((MessageState.FAILED, "Failed one"), (MessageState.SENT, "Sent one"), (MessageState.UNSURE, "Doubtful one")):
        make(mails.make_mail, state=state, subject=subject)

    lost, sent = words(read(hub, "/mail?state=undelivered").text), words(read(hub, "/mail?state=sent").text)

    assert ("Failed one" in lost, "Doubtful one" in lost, "Sent one" in lost) == (True, True, False)
    assert ("Failed one" in sent, "Sent one" in sent) == (False, True)
    assert "No mail fits this filter" in read(hub, "/mail?state=bounced").text
    assert read(hub, "/mail?state=lost").status_code == 422


def test_the_lead_sends_again_what_did_not_arrive_and_twice_is_told(lead: TestClient, make: Callable[..., Any]) -> None:
    row = make(mails.make_mail, state=MessageState.UNSURE)
    path = f"/mail/{row.id}"

    shown = read(lead, path).text
    again = lead.post(f"{path}/send-again", headers=PAGE)
    twice = lead.post(f"{path}/send-again", headers=PAGE)

    assert "Ask its receiver first whether it arrived" in shown
    assert "It is being sent again" in again.text
    assert (twice.status_code, "Only one that was not delivered can be sent again" in twice.text) == (409, True)


def test_staff_read_letters_and_no_links(hub: TestClient, make: Callable[..., Any]) -> None:
    letter, link = make(mails.make_mail, body="You are welcome."), make(mails.make_mail, template="sign_in_link", body="A secret link.")

    said, kept = read(hub, f"/mail/{letter.id}").text, read(hub, f"/mail/{link.id}").text

    assert ("You are welcome." in said, "Send it again" in said) == (True, False)
    assert ("A secret link." in kept, "Its text is for its receiver alone" in kept) == (False, True)
    assert hub.post(f"/mail/{letter.id}/send-again", headers=PAGE).status_code == 403
    assert read(hub, "/mail/00000000-0000-4000-8000-000000000000").status_code == 404


def test_what_a_mail_says_is_text(lead: TestClient, make: Callable[..., Any]) -> None:
    row = make(mails.make_mail, subject=HOSTILE, body=HOSTILE, address=HOSTILE, last_error=HOSTILE)

    assert [Faults.of(read(lead, path).text) for path in ("/mail", f"/mail/{row.id}")] == [[], []]
