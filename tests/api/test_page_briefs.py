"""One page to take along: what it tells, as far as its reader may know, and that nothing in it is markup."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.pages.sheets import clip
from models.documents import Visibility
from models.innovations import Stage
from models.needs import CriterionKind, NeedStatus
from models.people import Role
from models.pipeline import PipelineStage
from models.proposals import Band, ProposalState
from tests import boards, factories, place_answers
from tests.factories import NOW
from tests.merges import staff
from tests.pages import HOSTILE, Faults, read, words


def test_a_brief_of_a_match_tells_why_how_far_and_by_what_it_was_judged(
    hub: TestClient, make: Callable[..., Any], transaction: Callable[..., Any]
) -> None:
    with transaction() as session:
        factories.make_person(session, Role.PLACE, name="Place lead", email="place.lead@example.org")
        match = place_answers.announced(session)
        boards.stand_in(session, match, "LDS", PipelineStage.INTRODUCED, PipelineStage.PILOTING, at=NOW, by=staff(session))

    page = read(hub, f"/proposals/{match.id}/brief")
    said = words(page.text)

    assert (page.status_code, Faults.of(page.text)) == (200, [])
    assert "Strong match Confirmed Hub officer confirmed this match on 2 November 2026" in said
    assert "The problem: Met Need: “Adults wait years fo” · Innovation: “Assessments for ADHD”" in said
    assert "Leeds: piloting since 3 November 2026" in said
    assert "Leeds: Place lead, place.lead@example.org" in said
    assert "Nobody who offers it has an account; ask the Hub" in said
    assert "Compared on 2 November 2026 at 9:00am by test: version 1 of the need, version 1 of the innovation." in said
    assert f"/proposals/{match.id}" in said
    assert f'href="/proposals/{match.id}"' in page.text


def test_a_place_reads_its_own_people_and_no_board_reads_a_brief_of_a_match(
    client_as: Callable[..., TestClient], make: Callable[..., Any]
) -> None:
    match = make(place_answers.announced)
    leeds = client_as(Role.PLACE, place="LDS", name="Lead of Leeds")

    mine = words(read(leeds, f"/proposals/{match.id}/brief").text)

    assert "Lead of Leeds" in mine
    assert "Who offers it is told to you when your place says that it wants to meet." in mine
    assert read(client_as(Role.PLACE, place="WAK"), f"/proposals/{match.id}/brief").status_code == 404
    assert read(client_as(Role.BOARD), f"/proposals/{match.id}/brief").status_code == 403


def test_what_is_not_decided_or_not_said_is_told_as_such(hub: TestClient, make: Callable[..., Any]) -> None:
    match = make(factories.make_proposal, findings=[], flags=["copied_need"])

    said = words(read(hub, f"/proposals/{match.id}/brief").text)

    assert "Nobody has decided on this match yet" in said
    assert "There is nothing to compare in these two texts" in said
    assert "Take care: Copied from the need." in said
    assert "This match has not begun in any place that you may read of" in said
    assert "How far it has come Not said" in said


def test_all_findings_stand_on_a_sheet_that_has_room_and_what_is_missing_first(hub: TestClient, make: Callable[..., Any]) -> None:
    met = {"aspect": "problem", "criterion": None, "verdict": "met", "missing": ""}
    gap = {"aspect": "setting", "criterion": None, "verdict": "gap", "missing": "It does not say where."}
    asked = {"aspect": "criteria", "criterion": {"kind": "dtac", "value": ""}, "verdict": "unknown", "missing": "Say whether it has DTAC."}
    match = make(factories.make_proposal, findings=[*[met] * 6, gap, asked])

    said = words(read(hub, f"/proposals/{match.id}/brief").text)

    assert (
        said.index("Must-have: DTAC in place: Not known Say whether")
        < said.index("It does not say where.")
        < said.index("The problem: Met")
    )
    assert (said.count("The problem: Met"), "No text was cut." in said, "Left out" in said) == (6, True, False)


def test_what_is_cut_or_left_out_of_a_full_sheet_is_named(hub: TestClient, make: Callable[..., Any]) -> None:
    long = "People wait for weeks and hear nothing. " * 30
    finding = {"aspect": "setting", "criterion": None, "verdict": "unknown", "missing": long}
    match = make(factories.make_proposal, make(factories.make_need, problem=long), findings=[finding] * 40)

    said = words(read(hub, f"/proposals/{match.id}/brief").text)

    assert "Cut to fit this sheet: Why these two; What goes wrong" in said
    shown = said.count("Where care is given: Not known")
    assert f"Left out for want of room: {40 - shown}. They stand on the page of the match." in said


def test_what_was_made_up_is_marked_where_it_stands_on_both_briefs(hub: TestClient, make: Callable[..., Any]) -> None:
    made_up = ["metric", "criteria", "funding", "patients_range"]
    need = make(
        factories.make_need, criteria=((CriterionKind.DTAC, ""),), funding="None yet", patients_range="UP_TO_10000", illustrative=made_up
    )
    innovation = make(factories.make_innovation, stage=Stage.EVALUATION, deployed=True, illustrative=["stage", "standards", "deployed"])
    asked = {"aspect": "criteria", "criterion": {"kind": "dtac", "value": ""}, "verdict": "unknown", "missing": "Say so."}
    quoted = {"aspect": "problem", "criterion": None, "verdict": "met", "missing": ""} | {
        "need_quote": {"field": "metric", "start": 0, "end": 5, "text": "Weeks"}
    }
    match = make(factories.make_proposal, need, innovation, findings=[asked, quoted])

    of_match, of_need = (words(read(hub, f"{path}/brief").text) for path in (f"/proposals/{match.id}", f"/needs/{need.id}"))

    for row in ("How far it has come", "Standards", "In use somewhere", "How we would know", "DTAC in place", "Need: “Weeks”"):
        assert f"{row} (illustrative)" in of_match, row
    assert "Evidence (illustrative)" not in of_match
    for row in ("How we would know", "DTAC in place", "Money", "How many people a year", "Stage: Evaluation"):
        assert f"{row} (illustrative)" in of_need, row
    assert "What goes wrong (illustrative)" not in of_need


def test_a_brief_of_a_need_tells_what_may_answer_it_to_those_who_may_know(
    hub: TestClient, client: TestClient, client_as: Callable[..., TestClient], make: Callable[..., Any]
) -> None:
    need = make(
        factories.make_need,
        criteria=((CriterionKind.DTAC, ""),) * 8,
        patients_range="UP_TO_10000",
        said_by=["PATIENTS"],
        funding="None yet",
    )
    for number in range(7):
        make(factories.make_proposal, need, make(factories.make_innovation, name=f"Answer {number}"), probability=0.9 - number / 100)
    make(factories.make_proposal, need, make(factories.make_innovation, name="Weak one"), band=Band.WEAK, probability=0.1)

    ours, theirs = (words(read(browser, f"/needs/{need.id}/brief").text) for browser in (hub, client))

    assert "Answer 0 Strong match To decide" in ours
    assert (ours.count("Strong match"), "more on the page of the need" in ours, "Weak one" in ours) == (7, False, False)
    assert "Money None yet" in ours
    assert ("Answer" in theirs, "Nothing fits" in theirs) == (False, False)
    assert "Weeks from referral to decision" in theirs
    assert Faults.of(read(client, f"/needs/{need.id}/brief").text) == []


def test_nothing_fits_is_told_and_so_is_the_call(hub: TestClient, make: Callable[..., Any]) -> None:
    need = make(boards.unmet, at=NOW)
    call = make(factories.make_call, need)

    said = words(read(hub, f"/needs/{need.id}/brief").text)

    assert "Nothing fits yet." in said
    assert f"A call for answers is out: {call.reference}." in said


def test_matches_that_a_place_may_not_read_are_not_taken_for_none(client_as: Callable[..., TestClient], make: Callable[..., Any]) -> None:
    need = make(factories.make_need, places=("WAK",))
    make(factories.make_proposal, need)

    assert "There are matches, but none that you may read" in words(read(client_as(Role.PLACE), f"/needs/{need.id}/brief").text)


def test_a_need_that_one_may_not_read_has_no_brief(client: TestClient, make: Callable[..., Any]) -> None:
    closed = make(factories.make_need, visibility=Visibility.HUB_ONLY)
    draft = make(factories.make_need, status=NeedStatus.DRAFT)

    assert [read(client, f"/needs/{need.id}/brief").status_code for need in (closed, draft)] == [404, 404]


def test_words_of_people_are_text_on_both_briefs(hub: TestClient, make: Callable[..., Any]) -> None:
    texts = dict.fromkeys(("problem", "population", "desired_outcome", "metric", "source", "funding"), HOSTILE)
    need = make(factories.make_need, title=HOSTILE, theme=HOSTILE, criteria=((CriterionKind.OTHER, HOSTILE),), **texts)
    innovation = make(factories.make_innovation, name=HOSTILE, how_it_works=HOSTILE, supplier=HOSTILE, source=HOSTILE)
    match = make(factories.make_proposal, need, innovation, state=ProposalState.OPEN)

    for path in (f"/proposals/{match.id}/brief", f"/needs/{need.id}/brief"):
        page = read(hub, path).text
        assert (Faults.of(page), "<img" in page) == ([], False)


@pytest.mark.parametrize(
    ("words_said", "room", "shown"),
    [
        ("a b  c", 10, "a b c"),
        ("one two three", 9, "one two…"),
        ("x" * 20, 10, "x" * 9 + "…"),
        ("a " + "x" * 20, 10, "a xxxxxxx…"),
        ("", 0, ""),
    ],
)
def test_a_text_is_cut_at_a_word_where_there_is_one(words_said: str, room: int, shown: str) -> None:
    assert clip(words_said, room) == shown
