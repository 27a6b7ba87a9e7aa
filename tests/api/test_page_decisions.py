"""Deciding by form: one click to confirm, a reason to reject, a day to set aside, an undo while the window lasts."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.jobs.context import Context
from api.jobs.runner import Runner
from api.services.library import Libraries
from api.settings import Settings
from models.people import Role
from models.proposals import Band, ProposalState
from tests import factories, place_answers
from tests.factories import ANY_VERSION
from tests.pages import PAGE, read, version_shown, words
from tests.walk import ADHD_NEED, ADHD_TEST, WOUND_DRESSING

AFTERNOON = datetime(2027, 1, 5, 14, 0, tzinfo=UTC)


def decide(browser: TestClient, proposal: Any, **form: str) -> Any:
    return browser.post(f"/proposals/{proposal.id}/decision", data={"version": "1"} | form, headers=PAGE)


def test_the_most_likely_match_comes_first(hub: TestClient, make: Callable[..., Any]) -> None:
    for name, probability, band in (("Second", 0.5, Band.POSSIBLE), ("First", 0.9, Band.STRONG), ("Third", 0.4, Band.POSSIBLE)):
        make(factories.make_proposal, innovation=make(factories.make_innovation, name=name), probability=probability, band=band)

    everything, possible = read(hub, "/proposals").text, read(hub, "/proposals?band=possible").text

    assert re.findall(r"<a [^>]*>(First|Second|Third)", everything) == ["First", "Second", "Third"]
    assert re.findall(r"<a [^>]*>(First|Second|Third)", possible) == ["Second", "Third"]
    assert "No match fits these filters" in read(hub, "/proposals?state=confirmed").text


def test_a_proposal_shows_both_texts_with_the_quoted_words_marked(hub: TestClient, make: Callable[..., Any]) -> None:
    proposal = make(factories.make_proposal)

    page = read(hub, f"/proposals/{proposal.id}").text

    assert "<mark>Adults wait years fo</mark>r" in page
    assert "<mark>Assessments for ADHD</mark> wait on clinician time" in page
    assert "The problem Met Need Adults wait years fo Innovation Assessments for ADHD" in words(page)
    assert "How far it has come Not said" in words(page)


def test_a_confirmed_match_says_who_and_when_and_can_be_undone(client_as: Callable[..., TestClient], make: Callable[..., Any]) -> None:
    proposal = make(factories.make_proposal)

    with time_machine.travel(AFTERNOON, tick=False):
        hub = client_as(Role.HUB)
        confirmed = decide(hub, proposal, verdict="confirmed", version="1")
        undone = hub.post(f"/proposals/{proposal.id}/undo", data=version_shown(confirmed), headers=PAGE)

    assert str(confirmed.url).endswith(f"/proposals/{proposal.id}?done=confirmed")
    said = words(confirmed.text)
    assert "You confirmed this match" in said
    assert "Hub officer confirmed this match on 5 January 2027 at 2:00pm" in said
    assert "You can undo this until 2:10pm" in said
    assert "Confirm this match" not in said
    assert "Hub officer took the decision back" in words(undone.text)
    assert "Confirm this match" in undone.text


def test_after_the_window_there_is_nothing_to_undo(client_as: Callable[..., TestClient], make: Callable[..., Any]) -> None:
    proposal = make(factories.make_proposal)
    with time_machine.travel(AFTERNOON, tick=False) as clock:
        hub = client_as(Role.HUB)
        decide(hub, proposal, verdict="confirmed")
        clock.shift(timedelta(minutes=10))

        page = read(hub, f"/proposals/{proposal.id}").text
        late = hub.post(f"/proposals/{proposal.id}/undo", data={"version": "2"}, headers=PAGE)

    assert "Undo my decision" not in page
    assert (late.status_code, "The time to undo ended" in late.text) == (409, True)


def test_a_match_that_was_announced_says_to_whom_and_what_can_be_done_now(
    hub: TestClient, client_as: Callable[..., TestClient], make: Callable[..., Any]
) -> None:
    make(factories.make_person, Role.LEAD, name="Lead of the Hub", email="lead.of@example.org")
    match = make(place_answers.announced)
    waits = make(factories.make_proposal, state=ProposalState.CONFIRMED)
    question = match.place_answers[0]

    page, theirs = read(hub, f"/proposals/{match.id}").text, words(read(client_as(Role.PLACE), f"/proposals/{match.id}").text)
    said = words(page)

    assert "This match was announced on 2 November 2026 at 9:10am." in said
    assert "We asked Leeds whether they want to meet." in said
    assert "Lead of the Hub, lead.of@example.org" in said
    assert f'href="/place-answers/{question.id}"' in page
    assert f'<li><a href="/proposals/{match.id}/stages">' in page
    assert ("Tell the Hub" in theirs, "lead.of@example.org" in theirs) == (True, False)
    assert "This match was announced" not in words(read(hub, f"/proposals/{waits.id}").text)


def test_after_a_decision_the_next_match_is_offered(hub: TestClient, make: Callable[..., Any]) -> None:
    first = make(factories.make_proposal)
    second = make(factories.make_proposal, probability=0.5, band=Band.POSSIBLE)

    more, last = decide(hub, first, verdict="confirmed").text, decide(hub, second, verdict="confirmed").text

    assert f'href="/proposals/{second.id}">Go to the next match' in more
    assert "No other match waits for your decision" in last


def test_a_rejection_carries_its_reason(hub: TestClient, make: Callable[..., Any]) -> None:
    proposal = make(factories.make_proposal)

    reply = decide(hub, proposal, verdict="rejected", reason="not_ready", note="Try again with results.")

    assert "rejected this match" in reply.text
    assert "Reason: Not ready. “Try again with results.”" in words(reply.text)
    assert "Rejected" in read(hub, "/proposals?state=rejected").text


def test_what_is_set_aside_comes_back_on_its_day(client_as: Callable[..., TestClient], make: Callable[..., Any]) -> None:
    proposal = make(factories.make_proposal)
    day = {"until-day": "27", "until-month": "3", "until-year": "2027"}

    with time_machine.travel(AFTERNOON, tick=False):
        hub = client_as(Role.HUB)
        reply = decide(hub, proposal, verdict="deferred", reason="no_budget", **day)
        waiting, aside = read(hub, "/proposals").text, read(hub, "/proposals?state=deferred").text
    with time_machine.travel(datetime(2027, 3, 27, 9, 0, tzinfo=UTC), tick=False):
        due = read(client_as(Role.HUB), "/proposals").text

    assert "to look again on 27 March 2027. Reason: No budget" in words(reply.text)
    assert "No match waits for a decision" in waiting
    assert "Set aside" in words(aside)
    assert f"/proposals/{proposal.id}" in due


@pytest.mark.parametrize(
    ("form", "field", "message"),
    [
        ({"verdict": "rejected"}, "rejected-reason", "Choose a reason"),
        ({"verdict": "rejected", "reason": "nonsense"}, "rejected-reason", "Choose a reason"),
        ({"verdict": "rejected", "reason": "other", "note": " "}, "rejected-note", "Say in the note what the other reason is"),
        ({"verdict": "rejected", "reason": "skills", "note": "See 943 476 5919"}, "rejected-note", "Remove an NHS number"),
        ({"verdict": "deferred", "reason": "no_budget"}, "deferred-until", "Enter the day on which to look again"),
        (
            {"verdict": "deferred", "reason": "no_budget", "until-day": "1", "until-month": "1", "until-year": "2020"},
            "deferred-until",
            "still to come",
        ),
        (
            {"verdict": "deferred", "reason": "no_budget", "until-day": "31", "until-month": "12", "until-year": "9999"},
            "deferred-until",
            "A time must lie in the years 1900 to 2200",
        ),
        ({"verdict": "perhaps"}, "", "Choose what you decide"),
        ({}, "", "Choose what you decide"),
    ],
)
def test_what_a_decision_lacks_is_asked_for(
    hub: TestClient, make: Callable[..., Any], form: dict[str, str], field: str, message: str
) -> None:
    proposal = make(factories.make_proposal)

    reply = decide(hub, proposal, **form | {"note": form.get("note", "Kept as typed")})

    assert reply.status_code == 422
    assert message in reply.text
    assert not field or (f'href="#{field}"' in reply.text and f'id="{field}"' in reply.text)
    assert not field or re.search(rf'id="{form["verdict"]}" open', reply.text)
    assert not field or form.get("note", "Kept as typed") in reply.text
    assert "To decide" in read(hub, f"/proposals/{proposal.id}").text


@pytest.mark.parametrize("note", ["NHS number 943 476 5919", "x" * 501, "a\x07b"])
@pytest.mark.parametrize("verdict", ["confirmed", "rejected", "deferred"])
def test_a_note_is_held_to_the_same_rules_on_the_page_and_in_the_api(
    hub: TestClient, make: Callable[..., Any], verdict: str, note: str
) -> None:
    proposal = make(factories.make_proposal)
    day = {"until-day": "27", "until-month": "3", "until-year": "2100"}

    on_the_page = decide(hub, proposal, verdict=verdict, reason="skills", note=note, **day)
    in_the_api = hub.post(
        f"/api/v1/proposals/{proposal.id}/decision", json={"verdict": verdict, "reason": "skills", "note": note}, headers=ANY_VERSION
    )

    assert (on_the_page.status_code, in_the_api.status_code) == (422, 422)
    assert "Note: " in on_the_page.text
    assert "To decide" in read(hub, f"/proposals/{proposal.id}").text


def test_a_note_that_cannot_be_stored_is_refused(hub: TestClient, make: Callable[..., Any]) -> None:
    reply = decide(hub, make(factories.make_proposal), verdict="confirmed", note="NHS number 943 476 5919\0" + "x" * 200_000)

    assert (reply.status_code, "Something is not right" in reply.text) == (422, True)


def test_a_reason_that_nobody_can_see_is_none(hub: TestClient, make: Callable[..., Any]) -> None:
    proposal = make(factories.make_proposal)

    page = decide(hub, proposal, verdict="rejected", reason="other", note="\u200b")
    told = hub.post(
        f"/api/v1/proposals/{proposal.id}/decision", json={"verdict": "rejected", "reason": "other", "note": "\u200b"}, headers=ANY_VERSION
    )

    assert (page.status_code, "Say in the note" in page.text) == (422, True)
    assert (told.status_code, told.json()["title"]) == (422, "ReasonMissing")


def test_who_comes_second_is_told_who_decided(client_as: Callable[..., TestClient], make: Callable[..., Any]) -> None:
    proposal = make(factories.make_proposal)
    first, second = client_as(Role.HUB, name="First officer"), client_as(Role.HUB, name="Second officer")
    decide(first, proposal, verdict="confirmed", version="1")

    reply = decide(second, proposal, verdict="rejected", reason="skills", version="1")

    assert reply.status_code == 409
    assert "First officer confirmed this proposal" in words(reply.text)
    assert "Undo my decision" not in reply.text
    refused = second.post(f"/proposals/{proposal.id}/undo", data={"version": "2"}, headers=PAGE)
    assert (refused.status_code, "Only First officer" in refused.text) == (409, True)


def test_what_changed_since_it_was_read_is_not_decided(hub: TestClient, make: Callable[..., Any]) -> None:
    proposal = make(factories.make_proposal, version=4)

    reply = decide(hub, proposal, verdict="rejected", reason="skills", note="As the board said.", version="3")

    assert (reply.status_code, "Somebody changed this match after you opened the page" in reply.text) == (409, True)
    assert "As the board said." in reply.text
    assert "rejected this match" in decide(hub, proposal, verdict="rejected", reason="skills", **version_shown(reply)).text


@pytest.mark.parametrize("version", ["1", "", "x"])
def test_a_decision_that_changed_since_it_was_read_is_not_undone(hub: TestClient, make: Callable[..., Any], version: str) -> None:
    proposal = make(factories.make_proposal)
    decide(hub, proposal, verdict="rejected", reason="skills")

    reply = hub.post(f"/proposals/{proposal.id}/undo", data={"version": version}, headers=PAGE)

    assert (reply.status_code, "Somebody changed this match after you opened the page" in reply.text) == (409, True)
    assert "Undo my decision" in reply.text


def test_what_changed_since_it_was_read_is_not_skipped_and_what_was_decided_is_told(
    hub: TestClient, client_as: Callable[..., TestClient], make: Callable[..., Any]
) -> None:
    changed, decided = make(factories.make_proposal, version=2), make(factories.make_proposal)
    decide(client_as(Role.HUB, name="First officer"), decided, verdict="confirmed")

    stale = hub.post(f"/proposals/{changed.id}/skip", data={"version": "1"}, headers=PAGE)
    late = hub.post(f"/proposals/{decided.id}/skip", data={"version": "1"}, headers=PAGE)

    assert (stale.status_code, "Somebody changed this match after you opened the page" in stale.text) == (409, True)
    assert (late.status_code, "First officer confirmed this proposal" in late.text) == (409, True)


def test_skipping_hides_a_match_from_one_reviewer_and_goes_on(client_as: Callable[..., TestClient], make: Callable[..., Any]) -> None:
    first, second = make(factories.make_proposal), make(factories.make_proposal, probability=0.5)
    mine, theirs = client_as(Role.HUB), client_as(Role.HUB)

    following = mine.post(f"/proposals/{first.id}/skip", data={"version": "1"}, headers=PAGE)
    done = mine.post(f"/proposals/{second.id}/skip", data=version_shown(following), headers=PAGE)

    assert str(following.url).endswith(f"/proposals/{second.id}")
    assert "You skipped the match" in done.text
    assert "No match waits for a decision" in done.text
    assert f"/proposals/{first.id}" in read(theirs, "/proposals").text


def test_a_place_reads_what_is_proposed_for_it_and_decides_nothing(client_as: Callable[..., TestClient], make: Callable[..., Any]) -> None:
    proposal = make(factories.make_proposal, make(factories.make_need, places=("LDS",)))
    ours, others = client_as(Role.PLACE, place="LDS"), client_as(Role.PLACE, place="WAK")

    page = read(ours, f"/proposals/{proposal.id}").text

    assert "Why these two" in page
    assert "Confirm this match" not in page
    assert decide(ours, proposal, verdict="confirmed").status_code == 403
    assert read(others, f"/proposals/{proposal.id}").status_code == 404
    assert "Proposed matches" in words(read(ours, "/proposals").text)


def test_a_text_that_changed_since_is_shown_as_it_was_compared(hub: TestClient, make: Callable[..., Any]) -> None:
    proposal = make(factories.make_proposal)
    form = {
        "title": "New title",
        "population": "p",
        "problem": "Quite another story.",
        "desired_outcome": "d",
        "metric": "m",
        "places": "LDS",
        "version": "1",
    }
    hub.post(f"/needs/{proposal.need_id}/change", data=form)

    page = read(hub, f"/proposals/{proposal.id}").text

    assert "The text changed after this match was proposed" in page
    assert "<mark>Adults wait years fo</mark>r" in page
    assert "Quite another story" not in page.split("Both texts in full")[-1].replace("Quite another story.</a>", "")


@pytest.fixture
def ranked(app: FastAPI, settings: Settings, encoder_folder: Path) -> Iterator[Runner]:
    """The app with the real encoder; the runner does what is owed."""
    before = app.state.libraries
    app.state.libraries = Libraries(encoder_folder=encoder_folder, snapshot_folder=settings.snapshot_folder)
    yield Runner(Context(app.state.database, app.state.libraries, settings))
    app.state.libraries = before


def test_matches_stand_on_the_page_of_either_side_with_band_verdict_and_words(
    ranked: Runner, hub: TestClient, client_as: Callable[..., TestClient], make: Callable[..., Any]
) -> None:
    make(factories.make_place, "LDS")
    need = hub.post("/api/v1/needs", json=ADHD_NEED | {"submit": True}).json()
    test, dressing = (hub.post("/api/v1/innovations", json=body | {"submit": True}).json() for body in (ADHD_TEST, WOUND_DRESSING))
    ranked.run_due()

    ours, theirs = words(read(hub, f"/needs/{need['id']}").text), words(read(hub, f"/innovations/{test['id']}").text)
    unfit = words(read(hub, f"/innovations/{dressing['id']}").text)
    at_the_place = words(read(client_as(Role.PLACE), f"/needs/{need['id']}").text)
    to_an_innovator = words(read(client_as(Role.INNOVATOR), f"/needs/{need['id']}").text)

    assert re.search(r"Attention test (Strong|Possible) match To decide", ours)
    assert "The problem: " in ours
    assert "Decide on this match : Attention test" in ours
    sure = "“Strong”: the program expects that at least 3 in 4 pairs like this fit. “Possible”: between 1 in 2 and 3 in 4 pairs"
    assert all(sure in page and "How matching works" in page for page in (ours, theirs, at_the_place))
    proposal = read(hub, hub.get("/api/v1/proposals").json()["items"][0]["id"].join(["/proposals/", ""])).text
    assert re.search("How sure: the program expects that (at least 3 in 4|between 1 in 2 and 3 in 4) pairs like this fit", words(proposal))
    assert 'href="/how-matching-works#bands"' in proposal
    assert re.search(r"ADHD assessment backlog (Strong|Possible) match", theirs)
    assert "Nothing fits yet. We compared 1 need that you may read" in unfit
    assert re.search(r"Attention test (Strong|Possible) match (?!To decide)", at_the_place)
    assert "Decide on this match" not in at_the_place
    assert "Attention test" not in to_an_innovator
    assert "Your organisation has no innovation yet that we can compare with this need" in to_an_innovator


def test_the_count_of_matches_stands_where_the_filter_leads(hub: TestClient, make: Callable[..., Any]) -> None:
    make(factories.make_proposal)
    make(factories.make_proposal)

    page = read(hub, "/proposals?band=strong").text

    assert 'action="/proposals#results"' in page
    assert '<h2 class="nhsuk-heading-m" id="results" tabindex="-1">2 matches</h2>' in page
