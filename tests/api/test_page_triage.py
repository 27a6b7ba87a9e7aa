"""The page of one submission: what is shown, a verdict on each pair, the next one at once, and who was faster."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from api.services import noting, stages, triaging
from api.services.stages import Step
from models.documents import Readability
from models.people import Role
from models.pipeline import PipelineStage
from models.proposals import ProposalState
from models.queries import proposals, triage
from tests import factories, place_answers
from tests.pages import HOSTILE, PAGE, Faults, read, words
from tests.triage import ARCHIVE, actor, conclude, officer, submission
from tests.triage_pages import Received, handed_in

MORNING = datetime(2027, 1, 5, 10, 0, tzinfo=UTC)
PART = PAGE | {"x-part": "triage"}


@pytest.fixture
def received(make: Callable[..., Any]) -> Callable[..., Received]:
    return lambda count=1, **values: make(handed_in, count, **values)


def judge(client: TestClient, pair: Any, verdict: str = "confirmed", *, what: str = "decision", version: str = "1", **form: str) -> Any:
    said = form | {"version": version} | ({"verdict": verdict} if what == "decision" else {})
    return client.post(f"/triage/proposals/{pair}/{what}", data=said, headers=PAGE)


def state_of(make: Callable[..., Any], pair: Any) -> ProposalState:
    return make(lambda session: proposals.get(session, pair, actor(factories.make_person(session)))).state


def test_a_submission_stands_beside_its_best_need(hub: TestClient, received: Callable[..., Received]) -> None:
    found = received(2)

    page = read(hub, found.path)

    said = words(page.text)
    assert page.status_code == 200
    assert "Waits to be read" in said
    assert "Has waited less than a working day; due on" in said
    assert "Computer test of attention and activity for Need 1" in said
    assert "<mark>Adults wait years fo</mark>r" in page.text
    assert "<mark>Assessments for ADHD</mark>" in page.text
    assert f'href="{found.path}?pair={found.pairs[1]}"' in page.text
    assert "How far it has come Not said" in said
    assert "No place has adopted anything" in said or "We cannot compare texts" in said
    assert Faults.of(page.text) == []


def test_at_most_five_matches_are_shown_at_first(hub: TestClient, received: Callable[..., Received]) -> None:
    found = received(7)

    first, everything, sixth = (read(hub, found.path + query).text for query in ("", "?all=true", f"?pair={found.pairs[5]}"))

    assert [words(page).count("To decide") for page in (first, everything)] == [6, 8]  # each in the list, and the one in hand
    assert "Show 2 more matches" in first
    assert "Show 2 more" not in everything
    assert "Computer test of attention and activity for Need 6" in words(sixth)
    assert read(hub, f"{found.path}?pair=nonsense").status_code == 422


def test_what_staff_should_look_at_is_told(hub: TestClient, make: Callable[..., Any]) -> None:
    flags = [
        {"kind": "copied_need", "says": "Forty words stand in the need", "field": None, "start": None, "end": None, "text": "wait years"}
    ]
    flagged = make(handed_in, 1, flags=flags)
    unread = make(handed_in, 0, readability=Readability.FOREIGN_LANGUAGE)
    held = make(handed_in, 0, consent_at=None, consent_by="")
    long = make(handed_in, 0, how_it_works="Word " * 5_000)

    assert "Take care: Copied from the need" in words(read(hub, flagged.path).text)
    assert "The text is not in English" in read(hub, unread.path).text
    assert "Nobody has agreed yet that we may use it" in read(hub, held.path).text
    assert "Not read: the last" in words(read(hub, long.path).text)


def test_nothing_fits_is_an_answer_and_looking_still_is_none(hub: TestClient, make: Callable[..., Any]) -> None:
    none = make(handed_in, 0)
    unranked = make(lambda session: submission(session, at=datetime.now(UTC), ranked=False)).id

    assert "Nothing fits yet." in read(hub, none.path).text
    assert "Problem it tackles" in read(hub, none.path).text or "The problem it tackles" in read(hub, none.path).text
    looking = read(hub, f"/triage/{unranked}").text
    assert ("still looking for matches" in looking, "Nothing fits yet" in looking) == (True, False)


def test_where_it_is_in_use_what_answered_such_a_need_and_what_was_noted_stand_beside_it(
    hub: TestClient, runner: Any, make: Callable[..., Any]
) -> None:
    def adopted(session: Session) -> Received:
        found = handed_in(session, 2)
        row = triage.by_id(session, found.id)
        assert row is not None
        other = place_answers.announced(session, factories.make_need(session, title="Need before", places=("BDC",)), row.innovation)
        by = actor(factories.make_person(session))
        for stage in (PipelineStage.INTRODUCED, PipelineStage.PILOTING, PipelineStage.ADOPTED):
            stages.change(session, other.id, Step("BDC", stage), actor=by, at=datetime.now(UTC))
        noting.write(session, found.id, "They call back.", actor=by, at=datetime.now(UTC))
        return found

    found = make(adopted)
    page = words(read(hub, f"{found.path}?pair={found.pairs[0]}").text)

    assert "In use or on trial already: Bradford District and Craven (adopted since" in page
    assert "Piloted elsewhere in West Yorkshire" in page
    assert re.search(
        r"Bradford District and Craven has Computer test of attention and activity \(adopted, since .*\) for Need before", page
    )
    assert "Hub officer wrote on" in page
    assert "They call back." in page


def test_what_was_said_before_and_likely_duplicates_are_told(hub: TestClient, runner: Any, make: Callable[..., Any]) -> None:
    def again(session: Session) -> UUID:
        first = submission(session, at=MORNING - timedelta(days=60), embedded_revision=None)
        conclude(session, first, ARCHIVE, officer(session), at=MORNING - timedelta(days=59))
        twin = submission(session, at=MORNING, embedded_revision=None)
        second = triaging.receive(session, first.innovation, at=MORNING)
        return second.id if second.id != twin.id else first.id

    found = make(again)
    runner.sweep()
    runner.run_due()
    page = unescape(words(read(hub, f"/triage/{found}").text))
    parts = [hub.get(f"/triage/{found}", headers=PAGE | {"x-part": shown}).text for shown in (str(found), "another")]

    assert "handed in for the 2nd time" in page
    assert "archived this submission" in page
    assert "Take care: possible duplicate." in page
    assert ["possible duplicate" in part for part in parts] == [False, True]  # our script keeps what it has of the same one


def test_each_verdict_leads_to_the_next_match(hub: TestClient, received: Callable[..., Received]) -> None:
    found = received(4)
    day = {"until-day": "27", "until-month": "3", "until-year": "2100"}

    first = judge(hub, found.pairs[0])
    second = judge(hub, found.pairs[1], "rejected", reason="not_ready")
    third = judge(hub, found.pairs[2], "deferred", reason="no_budget", **day)
    fourth = judge(hub, found.pairs[3], what="skip")

    assert str(first.url).endswith(f"{found.path}?pair={found.pairs[1]}&done=confirmed")
    assert "You confirmed the match." in first.text
    assert "Computer test of attention and activity for Need 3" in words(second.text)
    assert "You set the match aside." in third.text
    assert "You skipped the match." in fourth.text
    assert "The verdicts speak for: Active" in words(fourth.text)


def test_our_script_is_shown_what_changed_at_once(hub: TestClient, received: Callable[..., Received]) -> None:
    found = received(2)

    reply = hub.post(f"/triage/proposals/{found.pairs[0]}/decision", data={"verdict": "confirmed", "version": "1"}, headers=PART)
    looked = hub.get(f"{found.path}?pair={found.pairs[0]}", headers=PART)

    assert (reply.status_code, reply.history) == (200, [])
    assert "<html" not in reply.text
    assert f'data-address="{found.path}?pair={found.pairs[1]}"' in reply.text
    assert "<html" not in looked.text
    assert "Hub officer</strong> confirmed this match" in looked.text


@pytest.mark.parametrize(
    ("form", "field", "message"),
    [
        ({"verdict": "rejected"}, "rejected-reason", "Choose a reason"),
        ({"verdict": "rejected", "reason": "other"}, "rejected-note", "Say in the note what the other reason is"),
        ({"verdict": "deferred", "reason": "skills"}, "deferred-until", "Enter the day on which to look again"),
        ({"verdict": "perhaps"}, "", "Choose what you decide"),
    ],
)
def test_what_a_verdict_lacks_is_asked_for(
    hub: TestClient, received: Callable[..., Received], form: dict[str, str], field: str, message: str
) -> None:
    found = received()
    kept = {"note": "Kept as typed"} if form.get("reason") != "other" else {}

    reply = judge(hub, found.pairs[0], **form | kept)

    assert (reply.status_code, message in reply.text) == (422, True)
    assert not field or (f'href="#{field}"' in reply.text and f'id="{field}"' in reply.text)
    assert not (field and kept) or ("Kept as typed" in reply.text and re.search(rf'id="{form["verdict"]}" open', reply.text))


def test_the_latest_verdict_is_undone_and_the_pair_is_there_again(hub: TestClient, received: Callable[..., Received]) -> None:
    found = received(2)
    after = judge(hub, found.pairs[0])

    undone = judge(hub, found.pairs[0], what="undo", version="2")
    again = judge(hub, found.pairs[0], what="undo", version="2")

    assert "You confirmed the match with “Need 1” at" in words(after.text)
    assert f'action="/triage/proposals/{found.pairs[0]}/undo"' in after.text
    assert (undone.status_code, again.status_code) == (200, 200)
    assert str(undone.url).endswith(f"pair={found.pairs[0]}&done=undone")
    assert "You took it back." in undone.text
    assert "You can undo this until" not in undone.text


def test_after_the_window_there_is_nothing_to_undo(client_as: Callable[..., TestClient], received: Callable[..., Received]) -> None:
    found = received()
    with time_machine.travel(MORNING, tick=False) as clock:
        hub = client_as(Role.HUB)
        judge(hub, found.pairs[0])
        clock.shift(timedelta(minutes=10))
        page, late = read(hub, found.path), judge(hub, found.pairs[0], what="undo", version="2")

    assert "You can undo this until" not in page.text
    assert (late.status_code, "The time to undo ended" in late.text) == (409, True)


def test_sending_a_form_twice_does_one_thing(hub: TestClient, received: Callable[..., Received], make: Callable[..., Any]) -> None:
    found = received(2)
    day = {"until-day": "27", "until-month": "3", "until-year": "2100"}

    confirmed = [judge(hub, found.pairs[0]).status_code for _ in range(2)]
    deferred = [judge(hub, found.pairs[1], "deferred", reason="skills", **day).status_code for _ in range(2)]

    assert (confirmed, deferred) == ([200, 200], [200, 200])
    decisions = make(lambda session: proposals.get(session, found.pairs[1], actor(factories.make_person(session))).decisions)
    assert len(decisions) == 1


def test_who_comes_second_is_told_who_decided_and_when_and_is_offered_the_next(
    hub: TestClient, client_as: Callable[..., TestClient], received: Callable[..., Received]
) -> None:
    found = received(2)
    judge(client_as(Role.HUB, name="First officer"), found.pairs[0])

    late = judge(hub, found.pairs[0], "rejected", reason="skills")
    skipped = judge(hub, found.pairs[0], what="skip")
    stale = judge(hub, found.pairs[1], version="7")
    undo = judge(hub, found.pairs[0], what="undo", version="2")

    assert (late.status_code, skipped.status_code, stale.status_code, undo.status_code) == (409,) * 4
    assert re.search(r"First officer confirmed this proposal at \d{1,2}:\d\d[ap]m on", words(late.text))
    assert f'href="{found.path}?pair={found.pairs[1]}"' in late.text
    assert f'href="/triage/next?after={found.id}"' in late.text
    assert "not the version of the proposal" in stale.text
    assert "Only First officer" in undo.text


def test_the_next_submission_is_one_press_away(hub: TestClient, received: Callable[..., Received]) -> None:
    found, another = received(1), received(1)

    passing = read(hub, f"/triage/next?after={found.id}")
    judge(hub, found.pairs[0])
    link = re.search(r'href="(/triage/next[^"]+)"', read(hub, found.path).text)
    hub.post(f"{another.path}/outcome", data={"outcome": "active", "leave_undecided": "yes", "version": "1"}, headers=PAGE)
    last = read(hub, f"/triage/next?after={found.id}&done=true")

    assert (passing.status_code, passing.headers["location"]) == (303, another.path)
    assert link is not None
    assert unescape(link[1]) == f"/triage/next?after={found.id}&done=true"
    assert last.headers["location"] == "/triage"


def test_a_match_that_was_never_handed_in_is_decided_and_shown_on_its_own_page(hub: TestClient, make: Callable[..., Any]) -> None:
    pair = make(factories.make_proposal).id

    done, wrong = judge(hub, pair), judge(hub, pair, "rejected")

    assert [str(each.url).rsplit("8000")[-1].endswith(f"/proposals/{pair}") for each in (done, wrong)] == [True, True]


def test_a_submission_is_taken_and_given_back_and_a_colleague_is_told(
    hub: TestClient, client_as: Callable[..., TestClient], received: Callable[..., Received]
) -> None:
    found, second = received(), client_as(Role.HUB, name="Second officer")

    taken = hub.post(f"{found.path}/take", data={"version": "1"}, headers=PAGE)
    seen = read(second, found.path)
    refused = second.post(f"{found.path}/take", data={"version": "1"}, headers=PAGE)
    over = second.post(f"{found.path}/take", data={"version": "2", "over": "yes"}, headers=PAGE)
    late = hub.post(f"{found.path}/give-back", data={"version": "2"}, headers=PAGE)
    back = second.post(f"{found.path}/give-back", data={"version": "3"}, headers=PAGE)

    assert "You have this submission now." in taken.text
    assert "Hub officer took this submission at" in seen.text
    assert not re.search('data-key="[cra]"', seen.text)
    assert (refused.status_code, "Hub officer took this submission at" in refused.text) == (409, True)
    assert "You have this submission." in over.text
    assert (late.status_code, "Second officer took this submission at" in late.text) == (409, True)
    assert "Nobody has this submission." in back.text


@pytest.mark.parametrize("role", [None, Role.PLACE, Role.INNOVATOR, Role.BOARD])
def test_nobody_but_the_hub_sees_a_submission(
    client_as: Callable[..., TestClient], received: Callable[..., Received], role: Role | None
) -> None:
    found, other = received(), client_as(role)

    assert (read(other, found.path).status_code, judge(other, found.pairs[0]).status_code) == (403, 403)


def test_who_is_not_signed_in_is_sent_to_do_so(client: TestClient, received: Callable[..., Received]) -> None:
    found = received()

    assert read(client, found.path).headers["location"].startswith("/sign-in?next=")


def test_each_id_stands_once_and_every_label_and_error_leads_to_a_field(hub: TestClient, make: Callable[..., Any]) -> None:
    found = make(handed_in, 2)
    wrong = judge(hub, found.pairs[0], "deferred", reason="skills").text

    pages = [read(hub, found.path + query).text for query in ("", "?outcome=active", "?outcome=ask", "?outcome=archive", "?outcome=refer")]

    for page in (*pages, wrong):
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert sorted(set(ids)) == sorted(ids)
        assert set(re.findall(r'<label[^>]* for="([^"]+)"', page)) <= set(ids)
    assert re.search(r'<input[^>]* id="deferred-until"', wrong)
    assert 'href="#deferred-until"' in wrong


def test_what_a_reason_and_its_note_do_is_told(hub: TestClient, received: Callable[..., Received]) -> None:
    page = words(read(hub, received(1).path).text)

    assert "Pressing a reason rejects the match at once." in page
    assert "Pressing a reason sets the match aside for everybody at once." in page
    assert page.count("Note (needed only for “Other”)") == 2
    assert "What would change your mind" not in page
    assert "Skip hides the match from you alone. Set aside hides it from everybody until the day that you say." in page


def test_hostile_text_is_text(hub: TestClient, make: Callable[..., Any]) -> None:
    found = make(handed_in, 1, title=HOSTILE, name=HOSTILE, how_it_works=HOSTILE, supplier=HOSTILE[:100])
    judge(hub, found.pairs[0], "rejected", reason="other", note=HOSTILE)

    for query in ("", "?outcome=active", "?outcome=ask", "?outcome=archive", "?outcome=refer"):
        page = read(hub, found.path + query).text
        assert Faults.of(page) == [], query
        assert "&lt;script&gt;alert(1)" in page
