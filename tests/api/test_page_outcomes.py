"""The outcome of a submission by its form: four choices, a letter drafted from the verdicts, and one outcome, whoever sends it."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient

from models.people import Role
from models.triage import Outcome, OutcomeKind
from tests import merges
from tests.pages import PAGE, read, words
from tests.triage_pages import ARCHIVE, SOON, Received, as_it_stands, field_in, give, judge, letter_in

FUTURE = {"answer-by-day": "27", "answer-by-month": "3", "answer-by-year": str(datetime.now(UTC).year + 1)}


def test_every_outcome_says_what_it_means_and_opens_with_its_letter(hub: TestClient, received: Callable[..., Received]) -> None:
    found = received()

    pages = {kind: read(hub, f"{found.path}?outcome={kind}").text for kind in ("active", "ask", "refer", "archive")}

    assert letter_in(read(hub, found.path).text) == ""
    assert "it is on our list of active innovations" in letter_in(pages["active"])
    assert "[Your question stands here.]" in letter_in(pages["ask"])
    assert "a body that may help you" in letter_in(pages["refer"])
    assert "another problem than those" in letter_in(pages["archive"])  # no need is near it
    assert re.search('value="not_this_problem" selected', pages["archive"])
    assert read(hub, f"{found.path}?outcome=perhaps").status_code == 422


def test_the_verdicts_open_the_form_that_they_speak_for(hub: TestClient, received: Callable[..., Received]) -> None:
    fits, misfits = received(1), received(2)
    judge(hub, fits.pairs[0])
    for pair in misfits.pairs:
        judge(hub, pair, "rejected", reason="not_ready")

    fitting, unfitting = read(hub, fits.path).text, read(hub, misfits.path).text

    assert "The verdicts speak for: Active" in words(fitting)
    assert "Need 1 (Leeds)" in letter_in(fitting)
    assert "The verdicts speak for: Archive" in words(unfitting)
    assert "not come far enough yet" in letter_in(unfitting)


def test_a_letter_that_nobody_changed_says_what_was_chosen_in_the_end(
    hub: TestClient, received: Callable[..., Received], given: Callable[[Received], list[Outcome]]
) -> None:
    found = received()
    page = read(hub, f"{found.path}?outcome=archive").text

    give(hub, found, **ARCHIVE | as_it_stands(page))

    (row,) = given(found)
    assert (row.kind, row.reason_code, "no money" in row.letter) == (OutcomeKind.ARCHIVE, "no_budget", True)


def test_a_letter_that_was_changed_leaves_as_it_was_written(
    hub: TestClient, received: Callable[..., Received], given: Callable[[Received], list[Outcome]]
) -> None:
    found, asked = received(), received()
    page = read(hub, f"{asked.path}?outcome=ask").text
    changed = as_it_stands(page) | {"letter": "Dear all.\r\n\r\n[Your question stands here.]"}

    give(hub, found, **ARCHIVE, letter="Thank you.\r\nNot now.")
    give(hub, asked, outcome="ask", question="For which ages?", **SOON | changed)

    assert given(found)[0].letter == "Thank you.\nNot now."
    assert given(asked)[0].letter == "Dear all.\n\nFor which ages?"


def test_the_letter_is_drafted_again_on_demand_and_nothing_is_given(
    hub: TestClient, received: Callable[..., Received], given: Callable[[Received], list[Outcome]]
) -> None:
    found = received()
    page = read(hub, f"{found.path}?outcome=archive").text

    again = give(hub, found, then="draft", **ARCHIVE | as_it_stands(page) | {"note": "Kept as typed"})
    other = give(hub, found, then="draft", outcome="archive", reason="other")
    own = give(hub, found, then="draft", **ARCHIVE, letter="My own words.")

    assert again.status_code == 200
    assert "no money" in letter_in(again.text)
    assert "Kept as typed" in again.text
    assert "we will not take it further now" in letter_in(other.text)
    assert letter_in(own.text) == "My own words."
    assert given(found) == []


def test_a_question_stops_the_clock_and_is_shown_with_its_day(hub: TestClient, received: Callable[..., Received]) -> None:
    found = received()

    reply = give(hub, found, outcome="ask", question="For which ages?", **SOON)
    page = words(read(hub, found.path).text)
    twice = give(hub, found, outcome="ask", question="And for whom?", version="3", **SOON)

    assert reply.status_code == 200
    assert "it is the innovator’s turn" in page
    assert "For which ages?" in page
    assert "was asked and has not answered yet" in page
    assert (twice.status_code, "asked the innovator at" in twice.text) == (409, True)


def test_a_body_is_proposed_with_its_reason(
    hub: TestClient, received: Callable[..., Received], make: Callable[..., Any], given: Callable[[Received], list[Outcome]]
) -> None:
    found = received()
    body = make(merges.body, name="Evaluation centre", helps_with="Planning an evaluation")
    other = make(merges.body, name="For medicines only", kinds=["MEDICINE"])

    page = read(hub, f"{found.path}?outcome=refer").text
    give(hub, found, outcome="refer", body=str(body.id), why=" ")

    assert re.search(f'value="{body.id}" selected', page)
    assert "They help with: Planning an evaluation." in page
    assert f'<option value="{other.id}"' in page.split('label="Others"')[1]
    (row,) = given(found)
    assert (row.body_id, row.note) == (body.id, "They help with: Planning an evaluation.")
    assert "Evaluation centre" in row.letter


def test_a_reason_that_nobody_wrote_follows_the_body_that_is_chosen(
    hub: TestClient, received: Callable[..., Received], make: Callable[..., Any], given: Callable[[Received], list[Outcome]]
) -> None:
    found = received()
    bodies = [make(merges.body, name=f"Centre {each}", helps_with=f"Planning {each}") for each in ("one", "two")]
    page = read(hub, f"{found.path}?outcome=refer").text
    as_opened = as_it_stands(page) | {"outcome": "refer"}
    other = next(each for each in bodies if f'value="{each.id}" selected' not in page)
    chosen = as_opened | {"body": str(other.id)}

    again = give(hub, found, then="draft", **chosen).text
    emptied = give(hub, found, then="draft", **chosen | {"why": " "}).text
    own = give(hub, found, then="draft", **chosen | {"why": "I know them."}).text
    give(hub, found, **chosen)

    says = f"They help with: {other.helps_with}."
    assert (says in as_opened["why"], field_in(again, "why"), field_in(emptied, "why")) == (False, says, says)
    assert (says in letter_in(again), as_opened["why"] in letter_in(again)) == (True, False)
    assert (field_in(own, "why"), "I know them." in letter_in(own)) == ("I know them.", True)
    (row,) = given(found)
    assert (row.body_id, row.note, says in row.letter) == (other.id, says, True)


@pytest.mark.parametrize(
    ("form", "field", "message"),
    [
        ({"outcome": "archive"}, "reason", "Choose a reason"),
        ({"outcome": "archive", "reason": "nonsense"}, "reason", "Choose a reason"),
        ({"outcome": "archive", "reason": "other"}, "note", "needs a note"),
        ({"outcome": "archive", "reason": "skills", "note": "See 943 476 5919"}, "note", "Remove an NHS number"),
        ({"outcome": "ask"} | SOON, "question", "Write what you want to ask"),
        ({"outcome": "ask", "question": "Why?"}, "answer-by", "Enter the day by which an answer helps"),
        ({"outcome": "ask", "question": "Why?"} | FUTURE | {"answer-by-year": "2020", "letter": "Why?"}, "answer-by", "a day to come"),
        ({"outcome": "refer", "why": "They help."}, "body", "Choose a body"),
        ({"outcome": "active", "letter": "Patient 943 476 5919"}, "letter", "Remove an NHS number"),
    ],
)
def test_what_an_outcome_lacks_is_asked_for_and_what_was_typed_is_kept(
    hub: TestClient,
    received: Callable[..., Received],
    given: Callable[[Received], list[Outcome]],
    form: dict[str, str],
    field: str,
    message: str,
) -> None:
    found = received()

    reply = give(hub, found, **{"letter": "My own words."} | form)

    assert (reply.status_code, message in reply.text) == (422, True)
    assert f'href="#{field}"' in reply.text
    assert f'id="{field}"' in reply.text
    assert letter_in(reply.text) == form.get("letter", "My own words.")
    assert given(found) == []


def test_a_reason_for_a_body_that_fits_not_is_asked_for(
    hub: TestClient, received: Callable[..., Received], make: Callable[..., Any]
) -> None:
    found, body = received(), make(merges.body, name="For medicines only", kinds=["MEDICINE"])

    reply = give(hub, found, outcome="refer", body=str(body.id))

    assert (reply.status_code, 'href="#why"' in reply.text) == (422, True)


def test_an_outcome_that_is_none_is_refused(hub: TestClient, received: Callable[..., Received]) -> None:
    reply = give(hub, received(), outcome="undone")

    assert (reply.status_code, "Choose an outcome" in reply.text) == (422, True)


def test_what_is_not_decided_is_told_or_left_knowingly(
    hub: TestClient, received: Callable[..., Received], given: Callable[[Received], list[Outcome]]
) -> None:
    found = received(2)

    refused = give(hub, found)
    done = give(hub, found, leave_undecided="yes")

    assert (refused.status_code, 'href="#leave-undecided"' in refused.text) == (409, True)
    assert "Proposals still to be decided: 2" in refused.text
    assert done.status_code == 200
    assert given(found)[0].left_undecided == 2


def test_what_goes_against_a_verdict_or_has_no_consent_is_refused(hub: TestClient, received: Callable[..., Received]) -> None:
    fits, held = received(1), received(consent_at=None, consent_by="")
    judge(hub, fits.pairs[0])

    archived, active = give(hub, fits, **ARCHIVE), give(hub, held)

    assert (archived.status_code, "stands confirmed" in archived.text) == (409, True)
    assert (active.status_code, "Nobody has consented" in active.text) == (409, True)


def test_the_next_submission_is_shown_at_once_and_the_outcome_can_be_undone_there(
    hub: TestClient, received: Callable[..., Received], given: Callable[[Received], list[Outcome]]
) -> None:
    found, following = received(name="The first"), received(name="The second")

    after = give(hub, found)
    (version,) = re.findall(rf'action="{found.path}/undo">.*?name="version" value="(\d+)"', after.text, re.DOTALL)
    undone = hub.post(f"{found.path}/undo", data={"version": version}, headers=PAGE)
    twice = hub.post(f"{found.path}/undo", data={"version": version}, headers=PAGE)

    assert str(after.url).endswith(f"{following.path}?done=outcome")
    assert "You made “The first” active at" in after.text
    assert "then print the letter and post it, because no address is known" in words(after.text)
    assert str(undone.url).endswith(f"{found.path}?done=undone")
    assert twice.status_code == 200
    assert [row.kind for row in given(found)] == [OutcomeKind.ACTIVE, OutcomeKind.UNDONE]


def test_each_submission_offers_to_take_back_what_was_done_on_it_and_nothing_else(
    hub: TestClient, received: Callable[..., Received], given: Callable[[Received], list[Outcome]]
) -> None:
    first, second, third = received(1, name="The first"), received(1, name="The second"), received(1, name="The third")
    judge(hub, first.pairs[0])
    moved = give(hub, third).text
    ticked = {"do": "archive", "chosen": [f"{second.id}.1"], "reason": "no_budget"}
    give(hub, third, leave_undecided="yes")
    judged = read(hub, first.path).text
    hub.post("/triage/bulk", data=ticked, headers=PAGE)

    bulked, other, after = (read(hub, each).text for each in (second.path, third.path, f"{first.path}?done=outcome"))

    offered = [re.findall(r'action="(/triage/[^"]*/undo)"', page) for page in (moved, judged, bulked, other, after)]
    of_pair, of_outcome = f"/triage/proposals/{first.pairs[0]}/undo", [f"{each.path}/undo" for each in (second, third)]
    assert offered == [[], [of_pair], of_outcome[:1], of_outcome[1:], [of_outcome[0], of_pair]]
    assert "You archived “The second” at" in words(bulked)
    assert "Just now: You archived “The second” at" in words(after)
    assert [page.count('data-key="u"') for page in (judged, bulked, after)] == [1, 1, 1]


def test_after_the_last_one_nothing_waits(hub: TestClient, received: Callable[..., Received]) -> None:
    found = received()

    reply = give(hub, found)

    assert str(reply.url).endswith(f"{found.path}?done=last")
    assert "No other submission waits for you" in reply.text
    assert "made this submission active at" in html.unescape(reply.text)


def test_an_outcome_sent_twice_is_given_once_and_a_colleague_is_told_who_gave_it(
    hub: TestClient,
    client_as: Callable[..., TestClient],
    received: Callable[..., Received],
    given: Callable[[Received], list[Outcome]],
) -> None:
    found, taken, second = received(), received(), client_as(Role.HUB, name="Second officer")
    hub.post(f"{taken.path}/take", data={"version": "1"}, headers=PAGE)

    replies = [give(hub, found, **ARCHIVE).status_code for _ in range(2)]
    late = give(second, found)
    not_theirs = give(second, taken)
    undo = second.post(f"{found.path}/undo", data={"version": "3"}, headers=PAGE)

    assert (replies, len(given(found))) == ([200, 200], 1)
    assert late.status_code == 409
    assert re.search(r"Hub officer archived this submission at \d{1,2}:\d\d[ap]m", html.unescape(late.text))
    assert "Next submission" in late.text
    assert (not_theirs.status_code, "Hub officer took this submission at" in not_theirs.text) == (409, True)
    assert (undo.status_code, "Only Hub officer" in undo.text) == (409, True)


def test_after_the_window_the_letter_has_left(client_as: Callable[..., TestClient], received: Callable[..., Received]) -> None:
    found = received()
    morning = datetime(2027, 1, 5, 10, 0, tzinfo=UTC)
    with time_machine.travel(morning, tick=False) as clock:
        hub = client_as(Role.HUB)
        give(hub, found)
        clock.shift(timedelta(minutes=11))

        page = read(hub, found.path).text
        late = hub.post(f"{found.path}/undo", data={"version": "3"}, headers=PAGE)

    assert "You can undo this until" not in page
    assert "The letter, word for word" in page
    assert (late.status_code, "The time to undo ended" in late.text) == (409, True)


def test_a_body_that_is_asked_no_more_is_told(hub: TestClient, received: Callable[..., Received], make: Callable[..., Any]) -> None:
    found, body = received(), make(merges.body, name="Gone", active=False)

    reply = give(hub, found, outcome="refer", body=str(body.id), why="They help.")

    assert (reply.status_code, "is asked no more" in reply.text) == (409, True)


def test_a_stale_outcome_tells_that_something_changed(hub: TestClient, received: Callable[..., Received]) -> None:
    found = received()
    reply = give(hub, found, version="9")

    assert (reply.status_code, "Read the submission again before you change it" in reply.text) == (409, True)
