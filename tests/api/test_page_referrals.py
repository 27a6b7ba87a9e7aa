"""Referrals on pages: who was asked and waited for, what was said, and what comes next, so that nothing is dropped."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient

from api.services import referring
from models.documents import Visibility
from models.people import Role
from models.referrals import Answered, DeclineCode, ReferralOutcome
from tests import merges
from tests.factories import NOW
from tests.merges import staff
from tests.pages import HOSTILE, PAGE, Faults, read, version_shown, words


def send(browser: TestClient, referral: Any, what: str, version: str = "1", **form: str) -> Any:
    return browser.post(f"/referrals/{referral.id}/{what}", data={"version": version} | form, headers=PAGE)


@pytest.fixture
def declined(make: Callable[..., Any], transaction: Callable[..., Any]) -> Any:
    """A referral that its body declined for want of time."""
    row = make(merges.referral)
    with transaction() as session:
        said = {"code": DeclineCode.NO_CAPACITY, "note": "Ask in spring.", "actor": staff(session), "at": NOW}
        return referring.answer(session, row.id, Answered.DECLINED, **said)


def test_the_list_tells_who_is_waited_for_and_how_long(make: Callable[..., Any], client_as: Callable[..., TestClient]) -> None:
    make(merges.referral)
    with time_machine.travel(NOW + timedelta(days=9), tick=False):
        page = read(client_as(Role.HUB), "/referrals")

    said = words(page.text)
    assert (page.status_code, Faults.of(page.text)) == (200, [])
    assert "Computer test of attention and activity to Regional innovation network Asked Overdue" in said
    assert "on 2 November 2026. Waited for 7 working days." in said
    assert "All (1)" in said


def test_what_was_declined_is_put_before_the_hub(hub: TestClient, declined: Any, make: Callable[..., Any]) -> None:
    make(merges.referral, make(merges.active, name="Another thing"), make(merges.body, name="Another body"))

    everything, narrowed = words(read(hub, "/referrals").text), words(read(hub, "/referrals?state=declined").text)

    assert "1 referral was declined. Pass it on or end it" in everything
    assert ("Another thing" in everything, "Another thing" in narrowed) == (True, False)
    assert "Why not: No capacity." in narrowed
    assert "Declined (1)" in narrowed
    assert "There is no such referral" in read(hub, "/referrals?state=closed").text
    assert read(hub, "/referrals?state=nonsense").status_code == 422


def test_an_empty_list_says_how_a_referral_begins(hub: TestClient) -> None:
    assert "A referral begins when a submission leaves triage" in read(hub, "/referrals").text


def test_an_answer_is_written_down_and_the_referral_ended(hub: TestClient, make: Callable[..., Any]) -> None:
    row = make(merges.referral)

    before = read(hub, f"/referrals/{row.id}/steps")
    answered = send(hub, row, "answer", answer="accepted", note="They rang.")
    ended = send(hub, row, "close", version_shown(answered)["version"], outcome="helped", note="Done.")

    assert "Write down what the body says" in before.text
    assert "We have waited" in before.text
    assert "The answer is written down" in answered.text
    assert "Hub officer said yes on" in words(answered.text)
    assert "Write down what the body says" not in answered.text
    said = words(ended.text)
    assert "The referral has ended" in said
    assert "ended it" in said
    assert "The body helped. “Done.”" in said
    assert "End this referral" not in ended.text


def test_what_was_declined_is_passed_on_and_ended_by_that(hub: TestClient, declined: Any, make: Callable[..., Any]) -> None:
    other = make(merges.body, name="Another body")

    page = read(hub, f"/referrals/{declined.id}/steps").text
    reply = send(hub, declined, "on", body_id=str(other.id), reason="They plan evaluations too.")

    assert ("Another body" in page, "No capacity. “Ask in spring.”" in words(page)) == (True, True)
    assert "The other body is asked by mail" in reply.text
    assert "Passed on to another body" in words(reply.text)
    assert "Computer test of attention and activity to Another body" in words(read(hub, "/referrals?state=offered").text)


@pytest.mark.parametrize(
    ("what", "form", "field", "message"),
    [
        ("answer", {}, "answer", "Choose what the body said"),
        ("answer", {"answer": "declined"}, "code", "Choose why the body declined"),
        ("answer", {"answer": "declined", "code": "other"}, "note", "needs a note"),
        ("answer", {"answer": "accepted", "note": "NHS number 943 476 5919"}, "note", "Remove an NHS number"),
        ("close", {}, "outcome", "Choose how it ended"),
        ("close", {"outcome": "other"}, "end-note", "needs a note"),
        ("close", {"outcome": "helped", "note": "x" * 501}, "end-note", "Make this shorter"),
        ("on", {"reason": "Kept as typed"}, "body_id", "Choose a body"),
        ("on", {"reason": ""}, "reason", "Say why this body may help"),
    ],
)
def test_what_a_form_lacks_is_asked_for_and_what_was_typed_is_kept(
    hub: TestClient, make: Callable[..., Any], what: str, form: dict[str, str], field: str, message: str
) -> None:
    row = make(merges.referral)
    make(merges.body, name="Another body")

    reply = send(hub, row, what, **form)

    assert (reply.status_code, message in reply.text) == (422, True)
    assert (f'href="#{field}"' in reply.text, f'id="{field}"' in reply.text) == (True, True)
    assert all(value in reply.text for value in form.values())


def test_who_comes_second_is_told_who_was_first(client_as: Callable[..., TestClient], make: Callable[..., Any]) -> None:
    row = make(merges.referral)
    first, second = client_as(Role.HUB, name="First officer"), client_as(Role.HUB)
    send(first, row, "answer", answer="accepted")

    late = send(second, row, "answer", answer="declined", code="no_capacity")
    stale = send(second, row, "close", outcome="helped", note="Kept as typed")

    assert (late.status_code, "First officer set it to accepted" in late.text) == (409, True)
    assert (stale.status_code, "First officer set it to accepted" in stale.text, "Kept as typed" in stale.text) == (409, True, True)


def test_a_body_is_not_asked_twice_at_once(hub: TestClient, make: Callable[..., Any]) -> None:
    row = make(merges.referral)

    reply = send(hub, row, "on", body_id=str(row.body_id), reason="Once more.")

    assert (reply.status_code, "has this innovation already" in reply.text) == (409, True)


def test_innovators_read_their_own_and_do_nothing(client_as: Callable[..., TestClient], make: Callable[..., Any]) -> None:
    mine = make(merges.referral)
    theirs = make(merges.referral, make(merges.active, supplier="Rival"), make(merges.body, name="Another body"))
    innovator = client_as(Role.INNOVATOR)

    listed, page = read(innovator, "/referrals").text, read(innovator, f"/referrals/{mine.id}/steps").text

    assert (f"/referrals/{mine.id}/steps" in listed, f"/referrals/{theirs.id}/steps" in listed) == (True, False)
    assert "<form method" not in page.split("<main")[1]
    assert read(innovator, f"/referrals/{theirs.id}/steps").status_code == 404
    assert [send(innovator, mine, what).status_code for what in ("answer", "close", "on")] == [403, 403, 403]
    assert read(client_as(Role.PLACE), "/referrals").status_code == 403


def test_what_is_gone_is_told_as_ended(hub: TestClient, declined: Any, transaction: Callable[..., Any]) -> None:
    with transaction() as session:
        referring.close(session, declined.id, ReferralOutcome.INNOVATION_GONE, actor=staff(session), at=NOW)

    assert "How it ended: The innovation is gone." in words(read(hub, "/referrals").text)


def test_words_of_people_are_text_on_both_pages(hub: TestClient, make: Callable[..., Any]) -> None:
    innovation = make(merges.active, name=HOSTILE, visibility=Visibility.PUBLIC)
    row = make(merges.referral, innovation, make(merges.body, name=HOSTILE), reason=HOSTILE)

    shown = [read(hub, "/referrals"), read(hub, f"/referrals/{row.id}/steps"), send(hub, row, "answer", answer=HOSTILE, note=HOSTILE)]

    assert [(Faults.of(page.text), "<img" in page.text) for page in shown] == [([], False)] * 3
