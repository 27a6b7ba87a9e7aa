"""What is written on the page of a submission: it lasts, it is told to whom it goes, and it says what is true."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from fastapi.testclient import TestClient

from api.services import concluding
from models.people import Role
from models.triage import Outcome
from tests import factories, merges
from tests.pages import PAGE, read, words
from tests.triage import innovator
from tests.triage_pages import ARCHIVE, SOON, Received, as_it_stands, field_in, give, judge, letter_in


def test_what_was_written_is_kept_while_matches_are_decided_beside_it(hub: TestClient, received: Callable[..., Received]) -> None:
    found = received(3)
    pair, later, last = found.pairs
    written = {"outcome": "archive", "version": "1", "letter": "My own words.", "drafted": "0", "note": "For us.", "reason": "no_budget"}
    act = "/triage/proposals/{}/{}".format

    confirmed = hub.post(act(pair, "decision"), data=written | {"verdict": "confirmed", "pair_version": "1"}, headers=PAGE)
    rejected = written | {"rejected-reason": "skills", "rejected-note": "They must learn.", "pair_version": "1"}
    refused = hub.post(act(later, "decision"), data=rejected | {"rejected-reason": "other", "rejected-note": ""}, headers=PAGE)
    done = hub.post(act(later, "decision"), data=rejected, headers=PAGE)
    skipped = hub.post(act(last, "skip"), data=written | {"pair_version": "1"}, headers=PAGE)
    undone = hub.post(act(later, "undo"), data=written | {"undo_version": "2"}, headers=PAGE)
    taken = hub.post(f"{found.path}/take", data=written, headers=PAGE)
    looked = hub.post(f"{found.path}/outcome", data=written | {"then": "look", "pair": str(last), "rejected-note": "Half"}, headers=PAGE)

    pages = (confirmed, refused, done, skipped, undone, taken, looked)
    assert [each.status_code for each in pages] == [200, 422, 200, 200, 200, 200, 200]
    assert {(letter_in(each.text), field_in(each.text, "note"), "rejected" in each.url.path) for each in pages} == {
        ("My own words.", "For us.", False)
    }
    assert "For us." not in words(re.sub("<textarea.*?</textarea>", "", done.text, flags=re.DOTALL))  # the note of the match is its own
    assert "They must learn." in done.text or "They must learn." in read(hub, f"{found.path}?pair={later}").text
    assert (field_in(looked.text, "rejected-note"), "for Need 3" in words(looked.text)) == ("Half", True)


def test_a_letter_that_was_changed_waits_until_its_outcome_is_chosen_again(hub: TestClient, received: Callable[..., Received]) -> None:
    found = received()
    written = {"outcome": "archive", "letter": "My own words.", "drafted": "0", "note": "For us.", "reason": "no_budget"}

    asked = give(hub, found, choose="ask", **written)
    page = {"outcome": "ask", "letter-archive": "My own words.", "note": "For us.", "reason": "no_budget", "question": "Why?"}
    back = give(hub, found, choose="archive", **page | as_it_stands(asked.text))
    forth = give(hub, found, choose="ask", outcome="archive", letter="My own words.", drafted="0", question="Why?")

    assert ("My own words." in letter_in(asked.text), "[Your question stands here.]" in letter_in(asked.text)) == (False, True)
    assert "The letter that you changed for “Archive” is kept" in words(asked.text)
    assert '<textarea name="letter-archive" hidden>My own words.</textarea>' in asked.text
    assert (letter_in(back.text), field_in(back.text, "note")) == ("My own words.", "For us.")
    assert re.search('value="no_budget" selected', back.text)
    assert field_in(forth.text, "question") == "Why?"


def test_a_letter_that_was_changed_is_there_again_when_its_outcome_is_taken_back(
    hub: TestClient, received: Callable[..., Received], make: Callable[..., Any]
) -> None:
    found, asked, referred, standard = received(), received(), received(), received()
    body = make(merges.body)
    give(hub, found, **ARCHIVE, note="For us.", letter="My own words.")
    give(hub, asked, outcome="ask", question="For which ages?", **SOON)
    give(hub, referred, outcome="refer", body=str(body.id), why="I know them.")
    give(hub, standard)

    one, two, three, four = (
        hub.post(f"{each.path}/undo", data={"version": "3"}, headers=PAGE).text for each in (found, asked, referred, standard)
    )

    assert (letter_in(one), field_in(one, "note")) == ("My own words.", "For us.")
    assert re.search('value="no_budget" selected', one)
    assert (field_in(two, "question"), f'value="{SOON["answer-by-year"]}"' in two) == ("For which ages?", True)
    assert (field_in(three, "why"), "I know them." in letter_in(three)) == ("I know them.", True)
    assert letter_in(four) == ""


def test_what_was_written_is_shown_to_whoever_comes_second(
    hub: TestClient, client_as: Callable[..., TestClient], received: Callable[..., Received]
) -> None:
    found, second = received(1), client_as(Role.HUB, name="Second officer")
    written = {"outcome": "ask", "letter": "For whom? My words.", "question": "For whom?", "letter-archive": "Other words."}
    give(hub, found, leave_undecided="yes")

    late = give(second, found, **written, **SOON)
    pair = f"/triage/proposals/{found.pairs[0]}/decision"
    judge(hub, found.pairs[0])
    closed = second.post(pair, data=written | {"rejected-reason": "skills", "rejected-note": "They must learn.", "pair_version": "1"})

    assert (late.status_code, closed.status_code) == (409, 409)
    for page in (words(late.text), words(closed.text)):
        assert "What you had written It was not saved." in page
        assert "Letter For whom? My words. Letter (Archive) Other words. Question For whom?" in page
    assert "Note on the match They must learn." in words(closed.text)


def test_an_emptied_letter_is_asked_for_and_the_choice_is_kept(
    hub: TestClient, received: Callable[..., Received], given: Callable[[Received], list[Outcome]]
) -> None:
    found = received()

    refused = give(hub, found, **ARCHIVE, letter=" \r\n", drafted="0")
    again = give(hub, found, **ARCHIVE, letter="", then="draft")

    assert (refused.status_code, 'href="#letter"' in refused.text, letter_in(refused.text)) == (422, True, "")
    assert "Write the letter, or choose “Draft the letter again”" in refused.text
    assert re.search('value="no_budget" selected', refused.text)
    assert "no money" in letter_in(again.text)
    assert given(found) == []


def test_a_changed_letter_that_leaves_the_question_out_is_refused(
    hub: TestClient, received: Callable[..., Received], given: Callable[[Received], list[Outcome]]
) -> None:
    found = received()
    asked = {"outcome": "ask", "question": "For which\r\nages?"} | SOON

    refused = give(hub, found, **asked, letter="Dear all.")
    give(hub, found, **asked, letter="Dear all. For which ages?")

    assert (refused.status_code, 'href="#letter"' in refused.text) == (422, True)
    assert "Your question goes where the words “[Your question stands here.]” are" in words(refused.text)
    assert [row.letter for row in given(found)] == ["Dear all. For which ages?"]


def test_it_is_told_to_whom_a_letter_goes_and_one_without_an_address_is_printed(
    client_as: Callable[..., TestClient], received: Callable[..., Received], make: Callable[..., Any], given: Any
) -> None:
    person = make(innovator)
    nobody, known = received(supplier=None, created_by="import"), received()
    with time_machine.travel(datetime(2027, 1, 5, 10, 0, tzinfo=UTC), tick=False) as clock:
        hub = client_as(Role.HUB)
        before = [words(read(hub, f"{each.path}?outcome=active").text) for each in (nobody, known)]
        for each in (nobody, known):
            give(hub, each)
        undoing = [words(read(hub, each.path).text) for each in (nobody, known)]
        clock.shift(timedelta(minutes=11))
        for each in (nobody, known):
            make(lambda session, of=each: concluding.settle(session, given(of)[0].id, at=datetime.now(UTC), undo_window_seconds=600))
        after = [read(hub, each.path).text for each in (nobody, known)]
        (printed,) = re.findall(r'href="(/triage/[^"]+/letters/[^"]+)"', after[0])
        letter, none = read(hub, printed), read(hub, f"{nobody.path}/letters/{known.id}")

    assert "No address is known: this letter must be printed and posted." in before[0]
    assert f"It goes to {person.email} , when" in before[1]
    assert ["print the letter and post it" in page for page in undoing] == [True, False]
    assert ["this letter was not mailed" in page for page in after] == [True, False]
    assert (letter.status_code, "we compare it with every new need" in letter.text.lower()) == (200, True)
    assert none.status_code == 404


def test_the_day_that_is_suggested_for_an_answer_is_a_working_day(
    client_as: Callable[..., TestClient], received: Callable[..., Received]
) -> None:
    found = received()
    with time_machine.travel(datetime(2027, 3, 13, 10, 0, tzinfo=UTC), tick=False):  # a fortnight later is Easter Saturday
        page = read(client_as(Role.HUB), f"{found.path}?outcome=ask").text

    assert [f'value="{each}"' in page for each in ("30", "3", "2027")] == [True, True, True]
    assert "by Tuesday 30 March 2027" in letter_in(page)


def test_a_letter_greets_and_says_whom_to_ask_and_who_writes(hub: TestClient, received: Callable[..., Received]) -> None:
    found = received(1)
    judge(hub, found.pairs[0])

    for kind in ("active", "ask", "refer", "archive"):
        letter = letter_in(read(hub, f"{found.path}?outcome={kind}").text)
        assert letter.startswith("Hello,\n\n")
        assert letter.endswith("Kind regards,\nHub officer, for the Hub")
        assert "Whom to ask: Hub officer at the Hub, matching@localhost." in letter
    assert "the turn of the place that has this need. We ask it whether it wants to meet you" in letter_in(read(hub, found.path).text)


def test_archiving_beside_a_confirmed_match_is_warned_of_and_no_reason_is_put_in_its_mouth(
    hub: TestClient, received: Callable[..., Received]
) -> None:
    found = received(2)
    judge(hub, found.pairs[0])
    judge(hub, found.pairs[1], "rejected", reason="not_this_problem")

    page = read(hub, f"{found.path}?outcome=archive").text
    chosen = give(hub, found, then="draft", outcome="archive", reason="not_this_problem")

    assert "You confirmed a match with “Need 1”. Archiving would end it" in words(page)
    assert 'value="not_this_problem" selected' not in page
    assert ["another problem" in letter_in(each) for each in (page, chosen.text)] == [False, False]


def test_whoever_was_at_work_in_two_windows_is_told_so(hub: TestClient, received: Callable[..., Received]) -> None:
    found = received(1)
    judge(hub, found.pairs[0])

    pair = {"verdict": "rejected", "reason": "skills", "note": "They must learn.", "version": "1"}
    second = hub.post(f"/triage/proposals/{found.pairs[0]}/decision", data=pair, headers=PAGE)
    give(hub, found)
    outcome = give(hub, found, **ARCHIVE, letter="My own words.")

    assert (second.status_code, outcome.status_code) == (409, 409)
    told = words(second.text)
    assert re.search(r"Your decision was not saved. You, in another window, confirmed this proposal at \d{1,2}:\d\d[ap]m", told)
    assert "undo that one first" in second.text
    assert "Note on the match They must learn." in words(second.text)
    assert "Your outcome was not saved. You, in another window, made this submission active" in words(outcome.text)
    assert "Letter My own words." in words(outcome.text)


def test_whoever_gave_a_submission_to_a_colleague_reads_that_they_did(
    hub: TestClient, client_as: Callable[..., TestClient], received: Callable[..., Received], make: Callable[..., Any]
) -> None:
    found, colleague = received(), make(factories.make_person, Role.LEAD, name="Hub lead")
    form = {"do": "assign", "chosen": f"{found.id}.1", "to": str(colleague.id)}
    hub.post("/triage/bulk", data=form, headers=PAGE)

    mine, theirs = (words(read(each, found.path).text) for each in (hub, client_as(Role.HUB, name="Third officer")))

    assert "You gave this submission to Hub lead at" in mine
    assert "Hub lead took this submission at" in theirs


def test_a_match_that_was_skipped_is_told_alike_everywhere(hub: TestClient, received: Callable[..., Received]) -> None:
    found = received(2)
    judge(hub, found.pairs[0])
    hub.post(f"/triage/proposals/{found.pairs[1]}/skip", data={"version": "1"}, headers=PAGE)

    page = words(read(hub, f"{found.path}?pair={found.pairs[1]}").text)

    assert (page.count("You skipped it"), "To decide" in page) == (2, False)
    assert "Every match is decided, or skipped by you (1)." in page
