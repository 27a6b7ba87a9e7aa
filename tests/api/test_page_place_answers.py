"""A place answers by form: meet, not now until a day, or no with a reason; and says how far a match has come."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient

from models.documents import Visibility
from models.people import Role
from tests import factories, place_answers
from tests.pages import HOSTILE, PAGE, Faults, read, version_shown, words

MORNING = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
SPRING = {"until-day": "27", "until-month": "3", "until-year": "2027"}


@pytest.fixture
def question(make: Callable[..., Any]) -> Any:
    """What Leeds was asked on 2 November, to be answered by the ninth."""
    (row,) = make(place_answers.announced).place_answers
    return row


@pytest.fixture
def leeds(client_as: Callable[..., TestClient], question: Any) -> TestClient:
    with time_machine.travel(MORNING, tick=False):
        return client_as(Role.PLACE, name="Place lead of Leeds")


def say(client: TestClient, row: Any, **form: str) -> Any:
    return client.post(f"/place-answers/{row.id}/answer", data={"version": "2"} | form, headers=PAGE)


def test_a_place_reads_what_it_was_asked_and_by_when(leeds: TestClient, question: Any, client_as: Callable[..., TestClient]) -> None:
    with time_machine.travel(MORNING, tick=False):
        listed, shown = read(leeds, "/place-answers").text, words(read(leeds, f"/place-answers/{question.id}").text)
        others = client_as(Role.PLACE, place="WAK")
        theirs, hidden = read(others, "/place-answers").text, read(others, f"/place-answers/{question.id}")

    assert f'href="/place-answers/{question.id}"' in listed
    assert "Leeds · answer by 9 November 2026" in words(listed)
    assert "Questions to us" in words(listed)
    assert "Please answer by 9 November 2026" in shown
    assert "The problem Met" in shown
    assert ("Nobody has been asked yet" in theirs, hidden.status_code) == (True, 404)
    assert "state=all" not in theirs  # it would show nothing either, and lead back


def test_what_is_overdue_stands_first_and_says_so(make: Callable[..., Any], client_as: Callable[..., TestClient]) -> None:
    late = make(place_answers.announced, at=factories.NOW - timedelta(days=14)).place_answers[0]
    soon = make(place_answers.announced).place_answers[0]

    with time_machine.travel(MORNING, tick=False):
        page = read(client_as(Role.PLACE), "/place-answers").text

    assert page.index(str(late.id)) < page.index(str(soon.id))
    assert "Overdue" in words(page)


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"answer": "meet"}, "You said that you want to meet"),
        ({"answer": "not_now"} | SPRING, "You said not now"),
        ({"answer": "no", "reason": "already_in_use", "note": "In two practices."}, "You said no"),
    ],
)
def test_an_answer_is_kept_told_and_may_be_changed_for_a_while(
    leeds: TestClient, question: Any, form: dict[str, str], told: str, client_as: Callable[..., TestClient]
) -> None:
    with time_machine.travel(MORNING, tick=False):
        reply = say(leeds, question, **form)
        colleague = read(client_as(Role.PLACE), f"/place-answers/{question.id}").text
    with time_machine.travel(MORNING + timedelta(minutes=11), tick=False):
        later = read(leeds, f"/place-answers/{question.id}").text

    said = words(reply.text)
    assert told in said
    assert "Place lead of Leeds answered for Leeds on 3 November 2026 at 9:00am" in said
    assert "You can change your answer until 9:10am" in said
    assert "Change your answer" in said
    assert "Change your answer" not in words(colleague)
    assert "You can change" not in words(later)


def test_a_day_a_reason_and_a_note_are_shown_with_the_answer(leeds: TestClient, question: Any) -> None:
    with time_machine.travel(MORNING, tick=False):
        first = say(leeds, question, answer="not_now", note="After the winter.", **SPRING)
        second = say(leeds, question, answer="no", reason="no_budget", **version_shown(first))
        listed = words(read(leeds, "/place-answers?state=answered").text)

    assert "To ask again on 27 March 2027. “After the winter.”" in words(first.text)
    assert "Reason: No budget." in words(second.text)
    assert "Place lead of Leeds answered" in listed


@pytest.mark.parametrize(
    ("form", "field", "message"),
    [
        ({"answer": "no"}, "no-reason", "Choose a reason"),
        ({"answer": "no", "reason": "other", "note": " "}, "no-note", "Say in the note what the other reason is"),
        ({"answer": "no", "reason": "skills", "note": "See 943 476 5919"}, "no-note", "Remove an NHS number"),
        ({"answer": "not_now"}, "not_now-until", "Enter the day on which to ask again"),
        ({"answer": "not_now"} | SPRING | {"until-year": "2020"}, "not_now-until", "Enter a day to come, within a year"),
        ({"answer": "not_now"} | SPRING | {"until-year": "2029"}, "not_now-until", "Enter a day to come, within a year"),
        ({"answer": "perhaps"}, "", "Choose an answer"),
        ({}, "", "Choose an answer"),
    ],
)
def test_what_an_answer_lacks_is_asked_for(leeds: TestClient, question: Any, form: dict[str, str], field: str, message: str) -> None:
    with time_machine.travel(MORNING, tick=False):
        reply = say(leeds, question, **{"note": "Kept as typed"} | form)

    assert (reply.status_code, message in reply.text) == (422, True)
    assert not field or (f'href="#{field}"' in reply.text and f'id="{field}"' in reply.text)
    assert not field or re.search(rf'id="{form["answer"]}" open', reply.text)
    assert not field or form.get("note", "Kept as typed") in reply.text


def test_the_hub_writes_down_what_a_place_said_and_by_whom(hub: TestClient, question: Any) -> None:
    with time_machine.travel(MORNING, tick=False):
        silent = say(hub, question, answer="meet")
        told = say(hub, question, answer="meet", note="The lead, by telephone.")

    assert (silent.status_code, "Say in the note who of the place told you" in silent.text) == (422, True)
    assert "Hub officer answered for Leeds" in words(told.text)
    assert "written down by the Hub" in words(told.text)


def test_who_comes_second_is_told_who_answered_and_goes_on(
    leeds: TestClient, question: Any, client_as: Callable[..., TestClient], make: Callable[..., Any]
) -> None:
    other = make(place_answers.announced).place_answers[0]
    with time_machine.travel(MORNING, tick=False):
        say(leeds, question, answer="meet")
        reply = say(client_as(Role.PLACE), question, answer="no", reason="skills")
        stale = say(leeds, other, answer="meet", version="1")

    assert (reply.status_code, "Place lead of Leeds answered" in words(reply.text)) == (409, True)
    assert f'href="/place-answers/{other.id}">Go to the next question' in reply.text
    assert (stale.status_code, "Somebody changed this question after you opened the page" in stale.text) == (409, True)


def test_pressed_twice_it_is_answered_once(leeds: TestClient, question: Any) -> None:
    with time_machine.travel(MORNING, tick=False):
        say(leeds, question, answer="meet")
        again = say(leeds, question, answer="meet")

    assert again.status_code == 409
    assert words(again.text).count("answered for Leeds on") == 1


def test_the_hub_reads_of_every_place_what_is_held_and_what_was_closed(hub: TestClient, make: Callable[..., Any]) -> None:
    held = make(place_answers.announced, innovation=make(factories.make_innovation, visibility=Visibility.HUB_ONLY)).place_answers[0]

    with time_machine.travel(MORNING, tick=False):
        shown = words(read(hub, "/place-answers?state=held").text)
        page = words(read(hub, f"/place-answers/{held.id}").text)
        empty = words(read(hub, "/place-answers?state=closed&place=LDS").text)

    assert "Held back" in shown
    assert "This is not put to Leeds while the innovation is for the Hub alone" in page
    assert "Your answer" not in page
    assert "No question fits these filters" in empty


def step(client: TestClient, row: Any, **form: str) -> Any:
    return client.post(f"/proposals/{row.proposal_id}/stages", data={"place": "LDS"} | form, headers=PAGE)


def test_a_place_writes_step_by_step_how_far_a_match_has_come(leeds: TestClient, question: Any) -> None:
    with time_machine.travel(MORNING, tick=False):
        before = words(read(leeds, f"/proposals/{question.proposal_id}/stages").text)
        step(leeds, question, stage="introduced")
        piloting = step(
            leeds, question, stage="piloting", note="Two clinics.", evidence_link="https://example.org/pilot",
            **{"on-day": "2", "on-month": "11", "on-year": "2026"},
        )  # fmt: skip
        first = step(leeds, question, stage="piloting", **{"on-day": "3", "on-month": "11", "on-year": "2026"})
        stopped = step(leeds, question, stage="stopped", reason="no_budget")

    assert "Leeds Not introduced yet" in before
    assert "Enter" not in before
    assert (piloting.status_code, "That day is" in piloting.text or "give that day" in piloting.text.lower()) == (422, True)
    assert first.status_code == 200
    said = words(stopped.text)
    assert "Leeds Stopped" in said
    assert "Piloting on 3 November 2026, written by Place lead of Leeds." in said
    assert "Stopped on 3 November 2026, written by Place lead of Leeds. Reason: No budget." in said
    assert "What happened next" not in said


def test_evidence_is_linked_to_and_other_places_read_of_the_pilot(
    leeds: TestClient, question: Any, make: Callable[..., Any], client_as: Callable[..., TestClient]
) -> None:
    innovation = make(lambda session: session.get_one(type(question.proposal.innovation), question.proposal.innovation_id))
    elsewhere = make(
        lambda session: place_answers.announced(
            session, factories.make_need(session, places=("WAK",)), session.merge(innovation), at=factories.NOW
        )
    ).place_answers[0]
    with time_machine.travel(MORNING, tick=False):
        step(leeds, question, stage="introduced")
        page = step(leeds, question, stage="piloting", note="Two clinics.", evidence_link="https://example.org/pilot")
        told = words(read(client_as(Role.PLACE, place="WAK"), f"/place-answers/{elsewhere.id}").text)

    assert 'href="https://example.org/pilot" rel="noreferrer nofollow"' in page.text
    assert "“Two clinics.”" in words(page.text)
    assert "Piloted elsewhere in West Yorkshire" in told


@pytest.mark.parametrize(
    ("form", "field", "message"),
    [
        ({}, "stage", "Choose how far it has come"),
        ({"stage": "stopped"}, "reason_code", "Choose why it was stopped"),
        ({"stage": "stopped", "reason": "other"}, "note", "Say in the note what the other reason is"),
        ({"stage": "introduced", "on-day": "99"}, "on", "Enter a day, like 27 3 2027"),
        ({"stage": "introduced", "on-day": "1", "on-month": "1", "on-year": "2028"}, "on", "That day is still to come"),
        ({"stage": "introduced", "on-day": "1", "on-month": "1", "on-year": "0001"}, "on", "On which day"),
        ({"stage": "introduced", "evidence_link": "javascript:alert(1)"}, "evidence_link", "Give a web address"),
        ({"stage": "introduced", "place": "WAK"}, "place", "Choose a place that the match concerns"),
        ({"stage": "introduced", "place": ""}, "place", "Choose a place that the match concerns"),
        ({"stage": "introduced", "place": "XXX"}, "place", "Choose a place that the match concerns"),
    ],
)
def test_what_a_step_lacks_is_asked_for(
    hub: TestClient, question: Any, make: Callable[..., Any], form: dict[str, str], field: str, message: str
) -> None:
    make(factories.make_place, "WAK")

    with time_machine.travel(MORNING, tick=False):
        reply = step(hub, question, **form)

    assert (reply.status_code, message in reply.text) == (422, True), words(reply.text)
    assert f'href="#{field}"' in reply.text


def test_a_step_that_was_written_meanwhile_is_told(leeds: TestClient, hub: TestClient, question: Any) -> None:
    with time_machine.travel(MORNING, tick=False):
        step(leeds, question, stage="introduced")
        again = step(hub, question, stage="introduced", note="Kept as typed")

    assert (again.status_code, "The match is introduced already" in words(again.text)) == (409, True)
    assert "Kept as typed" in again.text


def test_a_match_that_is_not_confirmed_has_no_steps(
    client_as: Callable[..., TestClient], hub: TestClient, make: Callable[..., Any]
) -> None:
    proposal = make(factories.make_proposal)

    page = words(read(client_as(Role.PLACE), f"/proposals/{proposal.id}/stages").text)
    refused = hub.post(f"/proposals/{proposal.id}/stages", data={"place": "LDS", "stage": "introduced"}, headers=PAGE)

    assert "Steps are written of matches that the Hub has confirmed" in page
    assert (refused.status_code, "Only a match that was confirmed" in refused.text) == (409, True)


def test_hostile_text_in_answers_and_steps_stays_text(leeds: TestClient, question: Any) -> None:
    hostile = HOSTILE[:80]
    with time_machine.travel(MORNING, tick=False):
        answered = say(leeds, question, answer="no", reason="skills", note=hostile)
        typed = say(leeds, question, answer="not_now", note=hostile, **{"until-day": hostile})
        step(leeds, question, stage="introduced")
        stepped = step(leeds, question, stage="piloting", note=hostile)

    for reply in (answered, typed, stepped):
        assert Faults.of(reply.text) == []
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in reply.text


def test_a_match_leads_a_place_to_its_question_and_says_afterwards_what_was_answered(
    leeds: TestClient, question: Any, client_as: Callable[..., TestClient]
) -> None:
    address, link = f"/proposals/{question.proposal_id}", f'href="/place-answers/{question.id}"'
    with time_machine.travel(MORNING, tick=False):
        asked, listed = read(leeds, address).text, read(leeds, "/proposals?state=confirmed").text
        say(leeds, question, answer="meet")
        answered, after = read(leeds, address).text, read(leeds, "/proposals?state=confirmed").text
        pipeline = read(client_as(Role.HUB), address).text

    assert "It is your turn. Leeds is asked whether it wants to meet them, by 9 November 2026." in words(asked)
    assert f"{link}>Answer the question to Leeds" in asked
    assert f"{link}>Leeds is asked: do you want to meet?" in listed
    assert "Place lead of Leeds answered for Leeds on 3 November 2026 at 9:00am: Leeds wants to meet ." in words(answered)
    assert "It is your turn" not in answered
    assert "Leeds wants to meet" in words(after)
    assert "Leeds wants to meet" in words(pipeline)
    assert "It is your turn" not in pipeline


def test_a_place_is_told_who_decides_and_that_a_question_follows(
    client_as: Callable[..., TestClient], hub: TestClient, make: Callable[..., Any]
) -> None:
    proposal = make(factories.make_proposal)
    place = client_as(Role.PLACE)

    waiting = words(read(place, "/proposals").text)
    hub.post(f"/proposals/{proposal.id}/decision", data={"version": "1", "verdict": "confirmed"}, headers=PAGE)
    confirmed = words(read(place, f"/proposals/{proposal.id}").text)

    assert "The Hub decides on each match." in waiting
    assert ("For the Hub to decide (1)" in waiting, "To decide now" in waiting) == (True, False)
    assert "When the time to undo has passed, each place that has the need is asked whether it wants to meet them." in confirmed


def introduce(make: Callable[..., Any], question: Any, at: datetime) -> None:
    make(lambda session: place_answers.introduce(session, session.get_one(type(question), question.id), at=at))


@pytest.mark.parametrize("offered_by", ["somebody", "nobody"])
def test_an_introduction_is_told_as_it_was_mailed(leeds: TestClient, question: Any, make: Callable[..., Any], offered_by: str) -> None:
    if offered_by == "somebody":
        make(factories.make_person, Role.INNOVATOR)
    make(factories.make_person, Role.HUB)
    with time_machine.travel(MORNING, tick=False):
        say(leeds, question, answer="meet")
        soon = words(read(leeds, f"/proposals/{question.proposal_id}/stages").text)
    introduce(make, question, MORNING + timedelta(minutes=11))
    with time_machine.travel(MORNING + timedelta(minutes=12), tick=False):
        told = words(read(leeds, f"/place-answers/{question.id}").text)
        staged = words(read(leeds, f"/proposals/{question.proposal_id}/stages").text)

    both, missing = "Both sides were introduced by mail.", "It is for the Hub to find out whom to talk to."
    expected, other = (both, missing) if offered_by == "somebody" else (missing, both)
    assert "We introduce both sides by mail when the time to change the answer has passed." in soon
    assert "It begins when the place says" not in soon
    for page in (told, staged):
        assert (expected in page, other in page) == (True, False), page


def test_an_introduction_whose_mail_came_back_is_not_told_as_made(leeds: TestClient, question: Any, make: Callable[..., Any]) -> None:
    make(factories.make_person, Role.INNOVATOR, email="no address")
    with time_machine.travel(MORNING, tick=False):
        say(leeds, question, answer="meet")
    introduce(make, question, MORNING + timedelta(minutes=11))
    with time_machine.travel(MORNING + timedelta(minutes=12), tick=False):
        told = words(read(leeds, f"/place-answers/{question.id}").text)

    assert "Our mail to those who offer this did not arrive." in told
    assert "Both sides were introduced" not in told


def test_the_stages_of_a_place_that_said_no_do_not_read_as_if_it_went_on(leeds: TestClient, question: Any) -> None:
    with time_machine.travel(MORNING, tick=False):
        met = say(leeds, question, answer="meet")
        step(leeds, question, stage="introduced")
        say(leeds, question, answer="no", reason="no_budget", **version_shown(met))
        page = words(read(leeds, f"/proposals/{question.proposal_id}/stages").text)

    assert "Leeds The place said no" in page
    assert "Leeds said no, as it answered on 3 November 2026. They are not to meet, and nothing goes on here." in page


def test_a_reason_to_stop_is_asked_for_where_it_can_stop(leeds: TestClient, question: Any) -> None:
    with time_machine.travel(MORNING, tick=False):
        before = read(leeds, f"/proposals/{question.proposal_id}/stages").text
        after = step(leeds, question, stage="introduced").text

    assert ("If it stopped" in before, "If it stopped" in after) == (False, True)


def test_the_form_is_one_step_from_the_top_and_advice_to_write_is_not_for_a_place(
    client_as: Callable[..., TestClient], make: Callable[..., Any]
) -> None:
    finding = {
        "aspect": None,
        "criterion": {"kind": "dtac", "value": ""},
        "verdict": "unknown",
        "need_quote": None,
        "innovation_quote": None,
        "missing": "Say whether this is in place: DTAC.",
    }
    row = make(lambda session: place_answers.announced(session, findings=[finding])).place_answers[0]
    with time_machine.travel(MORNING, tick=False):
        page = read(client_as(Role.PLACE), f"/place-answers/{row.id}").text

    assert page.index('href="#answer"') < page.index('id="why-heading"') < page.index('id="answer"')
    assert "It does not say whether this is in place: DTAC." in page
    assert "Say whether" not in page
