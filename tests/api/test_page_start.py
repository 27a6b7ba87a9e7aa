"""The first page: for each role what to do next, and for everybody else what the service is and how to begin."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.pages import wording
from models.innovations import InnovationStatus
from models.needs import NeedStatus
from models.people import Person, Role
from tests import factories, joint_needs, merges, sign_offs, triage
from tests.links import FIVE_ANSWERS
from tests.pages import HOSTILE, PAGE, Faults, read, words
from tests.place_answers import announced


def page_of(client: TestClient) -> tuple[str, str]:
    reply = read(client, "/")
    assert (reply.status_code, Faults.of(reply.text)) == (200, [])
    return reply.text, words(reply.text)


def test_a_stranger_is_told_what_it_is_and_begins_without_an_account(client: TestClient, make: Callable[..., Any]) -> None:
    make(factories.make_need)

    page, said = page_of(client)
    client.post("/begin", data=FIVE_ANSWERS, headers=PAGE)
    _, again = page_of(client)

    assert "1 need is open for everybody to read." in said
    assert [f'href="{way}"' in page for way in ("/begin", "/needs", "/calls", "/sign-in", "/watches")] == [True] * 4 + [False]
    assert ("Go on where you stopped" in said, "Go on where you stopped" in again) == (False, True)


def test_an_innovator_sees_where_each_innovation_is_and_whose_turn(client_as: Callable[..., TestClient], make: Callable[..., Any]) -> None:
    founder = client_as(Role.INNOVATOR)
    _, nothing = page_of(founder)
    sent = make(triage.submission, name="Sent in")
    draft = make(factories.make_innovation, name="Begun", status=InnovationStatus.DRAFT)

    page, said = page_of(founder)

    assert "You have nothing on offer yet." in nothing
    assert said.index("Begun It is a draft. Send it in when you are ready. Whose turn it is: Yours.") < said.index(
        "Sent in We are reading it."
    )
    assert "Whose turn it is: The Hub’s, by 10 November 2026." in said
    assert all(f'href="/innovations/{each}/status"' in page for each in (sent.innovation_id, draft.id))
    assert [f'href="{way}"' in page for way in ("/my-needs", "/watches", "/innovations/new", "/triage")] == [True] * 3 + [False]


def test_a_place_sees_its_questions_and_its_own_needs(client_as: Callable[..., TestClient], make: Callable[..., Any]) -> None:
    leeds = client_as(Role.PLACE)
    _, nothing = page_of(leeds)
    asked = next(iter(make(announced).place_answers))
    own = {"owner_place_id": make(factories.make_place).id}
    make(factories.make_need, title="Half a need", status=NeedStatus.DRAFT, **own)
    make(factories.make_need, title="Old need", review_date=date(2020, 2, 3), **own)

    page, said = page_of(leeds)

    assert "No question whether your place wants to meet somebody waits for an answer now." in nothing
    assert "renew or close" not in nothing
    assert f'href="/place-answers/{asked.id}"' in page
    assert "Do you want to meet? Please answer by" in said
    assert "Old need Its review was due on 3 February 2020." in said
    assert "Half a need A draft." in said


def test_the_hub_sees_triage_matches_and_what_was_declined(hub: TestClient, make: Callable[..., Any]) -> None:
    _, nothing = page_of(hub)
    row, proposal = make(triage.submission, name="Waits"), make(factories.make_proposal)
    make(lambda session: merges.referral(session, merges.active(session, name="Passed on")))

    page, said = page_of(hub)

    assert "Nothing waits in triage." in nothing
    assert "No match waits for a decision." in nothing
    assert f'href="/triage/{row.id}"' in page
    assert f'href="/proposals/{proposal.id}"' in page
    assert "Passed on, and declined" not in said  # it was not declined
    assert "New organisations" not in said


def test_the_hub_sees_the_question_that_waits_for_itself_with_its_day(hub: TestClient, make: Callable[..., Any]) -> None:
    need = make(factories.make_need, places=tuple(factories.PLACES))
    question = next(iter(make(announced, need).place_answers))

    page, said = page_of(hub)

    assert "Questions for all West Yorkshire, which the Hub answers" in said
    assert f'href="/place-answers/{question.id}"' in page
    assert f"Do we want to meet? Please answer by {wording.day(question.answer_by)}." in said


def test_the_lead_confirms_new_organisations_and_manages(client_as: Callable[..., TestClient], make: Callable[..., Any]) -> None:
    row = make(factories.make_organisation, "Newcomer", confirmed=False)

    page, said = page_of(client_as(Role.LEAD))

    assert f'href="/organisations/{row.id}"' in page
    assert "Newcomer Somebody gave this name." in said
    assert 'href="/manage"' in page


def test_the_board_is_led_to_the_reports(client_as: Callable[..., TestClient]) -> None:
    page, said = page_of(client_as(Role.BOARD))

    assert 'href="/reports"' in page
    assert "What to do next" not in said


def test_who_has_no_role_yet_is_not_asked_to_sign_in_again(client_of: Callable[[Person], TestClient], make: Callable[..., Any]) -> None:
    page, _ = page_of(client_of(make(factories.make_person, None)))

    assert 'nhsuk-card__link" href="/sign-in"' not in page
    assert 'href="/begin"' in page


@pytest.mark.parametrize("role", list(Role))
def test_every_way_on_may_be_gone_and_hostile_words_are_words(
    role: Role, client_as: Callable[..., TestClient], make: Callable[..., Any]
) -> None:
    make(triage.submission, name=HOSTILE)
    make(factories.make_organisation, HOSTILE, confirmed=False)
    client = client_as(role)

    page, _ = page_of(client)

    ways = {part.split('"')[0] for part in page.split('href="')[1:] if part.startswith("/") and not part.startswith(("/assets", "/api"))}
    refused = {way: status for way in ways if (status := read(client, way).status_code) not in {200, 303}}
    assert refused == {}


def test_a_need_that_joined_ones_own_stands_on_the_first_page(client_as: Callable[..., TestClient], make: Callable[..., Any]) -> None:
    make(lambda session: joint_needs.joint(session, *(joint_needs.owned(session, key, title=f"Need of {key}") for key in ("LDS", "WAK"))))

    first, second = (words(read(client_as(Role.PLACE, place=key), "/").text) for key in ("LDS", "WAK"))

    assert "Needs that joined yours Need of WAK It has joined your need “Need of LDS”. You need not do anything." in first
    assert "Needs that joined yours" not in second


def test_a_sign_off_that_waits_stands_on_the_first_page(client_of: Callable[..., TestClient], make: Callable[..., Any]) -> None:
    lead = make(factories.make_person, Role.PLACE)
    row = make(lambda session: sign_offs.asked(session, session.merge(lead)))

    page = read(client_of(lead), "/").text

    assert f'href="/sign-offs/{row.id}"' in page
    assert "Needs to sign off" in page
