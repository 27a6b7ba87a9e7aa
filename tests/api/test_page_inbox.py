"""The inbox: what waits in the order of worth, filters that say how many they leave, views, notes, and many at once."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from models.innovations import InnovationKind
from models.people import Role
from models.proposals import Band, ProposalState
from tests import factories, triage
from tests.pages import HOSTILE, PAGE, Faults, read, words
from tests.walk import ADHD_TEST, WOUND_DRESSING

NOW = datetime.now(UTC)
Make = Callable[..., Any]
ASK = replace(triage.ASK, answer_by=(NOW + timedelta(days=7)).date())


@pytest.fixture
def hand_in(make: Make) -> Callable[..., Any]:
    """`hand_in(name="Second")`: a submission of now, with `probability` one open match of it."""

    def made(session: Any, *, days: int = 0, probability: float | None = None, flags: Any = (), **values: Any) -> Any:
        row = triage.submission(session, at=NOW - timedelta(days=days), **values)
        if probability is not None:
            band = Band.STRONG if probability > 0.7 else Band.POSSIBLE
            factories.make_proposal(session, None, row.innovation, probability=probability, band=band, flags=list(flags))
        return row

    return lambda **values: make(made, **values)


def options(page: str, name: str) -> dict[str, str]:
    """The options of one filter and what they say."""
    (found,) = re.findall(rf'<select [^>]*name="{name}">(.*?)</select>', page, flags=re.DOTALL)
    return dict(re.findall(r'<option value="(\w*)"[^>]*>([^<]*)</option>', found))


def bulk(browser: TestClient, do: str, *rows: Any, follow: bool = True, **said: str) -> Any:
    chosen = [f"{row.id}.{said.pop('version', row.version)}" for row in rows]
    return browser.post("/triage/bulk", data={"do": do, "chosen": chosen, **said}, headers=PAGE, follow_redirects=follow)


# The list


def test_an_empty_inbox_says_what_comes_next(hub: TestClient) -> None:
    page = words(read(hub, "/triage").text)

    assert "No submission waits. New ones appear here when an innovator hands something in." in page


def test_what_is_overdue_comes_first_then_the_best_match_then_the_longest_wait(hub: TestClient, hand_in: Any) -> None:
    for values in ({"name": "Old"}, {"name": "Older", "days": 1}, {"name": "Likely", "probability": 0.9}, {"name": "Late", "days": 30}):
        hand_in(**values)

    page = read(hub, "/triage").text

    assert re.findall(r'<h3[^>]*><a href="[^"]*">(\w+)</a>', page) == ["Late", "Likely", "Older", "Old"]
    assert "Overdue 1 strong" in words(page) or "Overdue Waiting" in words(page)
    assert Faults.of(page) == []


def test_a_line_says_whose_turn_it_is_by_when_and_what_to_take_care_of(hub: TestClient, make: Make, hand_in: Any) -> None:
    flag = {"kind": "copied_need", "says": "Copied", "field": None, "start": None, "end": None, "text": ""}
    row = hand_in(probability=0.5, flags=[flag], kind=InnovationKind.SERVICE_MODEL)
    asked = hand_in(name="Asked about")
    make(lambda session: triage.conclude(session, asked.id, triage.ASK, triage.officer(session, name="Second officer"), at=triage.MONDAY))

    page = words(read(hub, "/triage").text)

    assert "Example supplier · " in page
    assert "1 possible" in page
    assert "Take care: Copied from the need." in page
    assert re.search(r"Waits less than a working day for us\. Due by \d+ \w+ 20\d\d\.", page)
    assert "It is the innovator's turn, by 9 November 2026." in page.replace("&#39;", "'")
    assert "Second officer asked the innovator" in page
    assert f"/triage/{row.id}/notes" in read(hub, "/triage").text


def test_filters_say_how_many_they_leave_beside_the_others(hub: TestClient, make: Make, hand_in: Any) -> None:
    hand_in(probability=0.9)
    hand_in(kind=InnovationKind.MEDICINE)
    late = hand_in(days=30, kind=InnovationKind.MEDICINE)
    make(lambda session: triage.conclude(session, hand_in(name="Gone").id, triage.ARCHIVE, triage.officer(session), at=NOW))
    bulk(hub, "take", late)

    everything, medicines = read(hub, "/triage").text, read(hub, "/triage?kind=MEDICINE&age=overdue").text

    assert options(everything, "state") == {
        "": "All in triage (3)",
        "waiting": "Waiting for anybody (2)",
        "in_triage": "Somebody has it (1)",
        "asked": "Innovator was asked (0)",
        "closed": "Left triage",
    }
    assert options(everything, "who")["me"] == "Me (1)"
    assert options(medicines, "age")["overdue"] == "Overdue (1)"
    assert options(medicines, "age")[""] == "All (2)"
    assert options(medicines, "kind")["PRODUCT"].endswith("(0)")
    assert options(medicines, "band")["weak"] == "Nothing fits (1)"
    assert options(read(hub, "/triage?state=closed").text, "state")["closed"] == "Left triage (1)"
    assert options(everything, "flagged")["no"] == "Nothing to take care of (3)"
    assert medicines.count('name="chosen" value="') == 2  # its tick and its button


@pytest.mark.parametrize(
    ("query", "many"),
    [
        ("state=closed", 1), ("who=me", 1), ("who=nobody", 2), ("who=colleague", 0), ("age=in_time", 3), ("band=strong", 1),
        ("kind=MEDICINE", 1), ("flagged=yes", 0), ("flagged=no", 3), ("put_off=yes", 1), ("put_off=all", 4), ("q=second", 1), ("", 3),
        ("band=weak", 2), ("band=decided", 0),
    ],
)  # fmt: skip
def test_each_filter_narrows_the_list(hub: TestClient, make: Make, hand_in: Any, query: str, many: int) -> None:
    hand_in(probability=0.9)
    mine, put_off, _ = hand_in(name="Second"), hand_in(name="Third"), hand_in(name="Fourth", kind=InnovationKind.MEDICINE)
    closed = hand_in(name="Fifth")
    make(lambda session: triage.conclude(session, closed.id, triage.ARCHIVE, triage.officer(session), at=NOW))
    bulk(hub, "take", mine)
    bulk(hub, "snooze", put_off, **day(NOW + timedelta(days=3)))

    page = read(hub, f"/triage?{query}").text

    assert len(re.findall(r"<h3", page)) == many
    assert ("No submission fits these filters" in page) is (many == 0)


def day(moment: datetime) -> dict[str, str]:
    return {"until-day": str(moment.day), "until-month": str(moment.month), "until-year": str(moment.year)}


def test_a_filter_that_is_none_is_refused(hub: TestClient) -> None:
    assert read(hub, "/triage?state=lost").status_code == 422
    assert read(hub, "/triage?state=&who=&q=").status_code == 200
    assert "Done" not in words(read(hub, "/triage?done=nonsense").text)


def test_a_long_list_turns_its_pages_and_keeps_the_filters(hub: TestClient, hand_in: Any) -> None:
    for number in range(21):
        hand_in(name=f"Number {number}")

    page = read(hub, "/triage?who=nobody").text
    (following,) = re.findall(r'href="(/triage\?who=nobody&amp;after=[^"]+)"', page)
    last = read(hub, following.replace("&amp;", "&")).text

    assert len(re.findall(r"<h3", last)) == 1
    assert ("Shown: 1–20 of 21" in page, "Shown: 21–21 of 21" in last) == (True, True)
    assert "Shown:" not in read(hub, following.replace("&amp;", "&").replace("seen=20", "seen=9999")).text


def test_only_the_hub_comes_in(client: TestClient, client_as: Callable[..., TestClient], hand_in: Any) -> None:
    row = hand_in()
    for path in ("/triage", "/triage/bulk", f"/triage/{row.id}/notes", f"/triage/{row.id}/similar"):
        assert read(client_as(Role.PLACE), path).status_code == 403
        assert read(client, path).status_code in {303, 401}


def test_hostile_text_is_text(hub: TestClient, make: Make, hand_in: Any) -> None:
    row = hand_in(name=HOSTILE[:200], supplier=HOSTILE[:100])
    hub.post(f"/triage/{row.id}/notes", data={"text": HOSTILE}, headers=PAGE)
    hub.post("/views", data={"path": "/triage", "name": HOSTILE[:50], "query": "q=<script>"}, headers=PAGE)

    for path in ("/triage", f"/triage/bulk?do=archive&chosen={row.id}", f"/triage/{row.id}/notes", "/views", "/triage?q=<script>"):
        assert Faults.of(read(hub, path).text) == [], path


# Many at once


def test_what_will_happen_is_told_before_it_happens(hub: TestClient, make: Make, hand_in: Any) -> None:
    mine, theirs = hand_in(name="Mine", probability=0.9), hand_in(name="Theirs")
    make(lambda session: triage.conclude(session, theirs.id, ASK, triage.officer(session, name="Second officer"), at=NOW))

    page = words(read(hub, f"/triage/bulk?do=archive&chosen={mine.id}&chosen={theirs.id}&chosen={uuid4()}").text)

    assert "Archive 1 submission" in page
    assert "It is archived, and its innovator is told why. 1 match stays undecided." in page
    assert "Nothing. Second officer has it. Ask them first." in page
    assert "In hand" not in words(read(hub, "/triage?q=mine").text)


def test_several_are_taken_at_once_and_the_list_is_shown_as_it_was(hub: TestClient, hand_in: Any) -> None:
    rows = [hand_in(), hand_in()]

    done = bulk(hub, "take", *rows, back="who=nobody&evil=1", follow=False)
    shown = words(read(hub, "/triage?done=take&count=2").text)

    assert (done.status_code, done.headers["location"]) == (303, "/triage?who=nobody&done=take&count=2")
    assert "You have these 2 submissions now." in shown
    assert shown.count("You have it.") == 2


def test_several_are_archived_with_a_reason_that_each_innovator_is_told(hub: TestClient, hand_in: Any) -> None:
    rows = [hand_in(name="First test", probability=0.9), hand_in(name="Second test")]

    unsaid = bulk(hub, "archive", *rows, note="Typed before")
    other = bulk(hub, "archive", *rows, reason="other")
    done = bulk(hub, "archive", *rows, reason="not_ready", note="Typed before")

    assert (unsaid.status_code, "Choose a reason" in unsaid.text, "Typed before</textarea>" in unsaid.text) == (422, True, True)
    assert (other.status_code, "Say in the note what the other reason is" in other.text) == (422, True)
    assert "2 submissions are archived." in words(done.text)
    assert hub.get(f"/api/v1/submissions/{rows[0].id}").json()["outcomes"][0]["left_undecided"] == 1


def test_the_same_form_twice_does_one_thing_and_says_so(hub: TestClient, hand_in: Any) -> None:
    row = hand_in()
    bulk(hub, "archive", row, reason="not_ready")

    again = bulk(hub, "archive", row, reason="not_ready")

    assert again.status_code == 409
    assert "Nothing was done" in again.text
    assert "archived this submission" in again.text
    assert len(hub.get(f"/api/v1/submissions/{row.id}").json()["outcomes"]) == 1


def test_what_changed_meanwhile_is_told_line_by_line_and_the_rest_is_done(hub: TestClient, make: Make, hand_in: Any) -> None:
    rows = [hand_in(name="Free"), hand_in(name="Changed"), hand_in(name="Confirmed", probability=0.9)]
    hub.post(f"/api/v1/submissions/{rows[1].id}/take", headers=factories.ANY_VERSION)
    proposal = hub.get(f"/api/v1/submissions/{rows[2].id}").json()["proposals"][0]["proposal"]["id"]
    hub.post(f"/api/v1/proposals/{proposal}/decision", json={"verdict": "confirmed"}, headers=factories.ANY_VERSION)
    gone = f"{uuid4()}.1"

    chosen = [f"{row.id}.1" for row in rows] + [gone]
    form = {"do": "archive", "reason": "not_ready", "chosen": chosen}
    told = hub.post("/triage/bulk", data=form, headers=PAGE)
    before = words(read(hub, f"/triage/bulk?do=archive&chosen={rows[2].id}").text)

    said = words(told.text)
    assert (told.status_code, "Not all was done" in said) == (409, True)
    assert "Changed Somebody changed it after you opened the page." in said
    assert "A match of this innovation stands confirmed" in said
    assert "A submission It is no longer there." in said
    assert said.split("Not done")[1].split(" Done ")[1].startswith("Free")
    assert "None of these can be changed like this" in before


def test_a_submission_is_given_to_a_colleague(hub: TestClient, make: Make, hand_in: Any) -> None:
    row, colleague, board = hand_in(), make(factories.make_person, name="Second officer"), make(factories.make_person, Role.BOARD)

    form = read(hub, f"/triage/bulk?do=assign&chosen={row.id}").text
    unsaid, unfit = bulk(hub, "assign", row), bulk(hub, "assign", row, to=str(board.id))
    done = bulk(hub, "assign", row, to=str(colleague.id))
    taken = read(hub, f"/triage/bulk?do=assign&chosen={row.id}").text
    kept = bulk(hub, "assign", row, to=str(board.id), version="2")
    over = bulk(hub, "assign", row, to=str(colleague.id), over="yes", version="2")

    assert "Also give away those" not in form
    assert (unsaid.status_code, "Choose a colleague" in unsaid.text) == (422, True)
    assert (unfit.status_code, "Nobody of the Hub has that account" in unfit.text) == (409, True)
    assert "Your colleague has the submission now." in done.text
    assert "Also give away those that another colleague has" in taken
    assert "Ask them, or take it over" in words(kept.text)
    assert over.status_code == 200


def test_a_submission_is_put_off_and_comes_back(hub: TestClient, hand_in: Any) -> None:
    row = hand_in()
    soon, far = NOW + timedelta(days=5), NOW + timedelta(days=90)

    unsaid, too_far = bulk(hub, "snooze", row, **{"until-day": "x"}), bulk(hub, "snooze", row, **day(far))
    done = bulk(hub, "snooze", row, **day(soon))
    listed = words(read(hub, "/triage?put_off=yes").text)
    woken = bulk(hub, "wake", row, version="2")

    assert (unsaid.status_code, 'href="#until"' in unsaid.text, 'value="x"' in unsaid.text) == (422, True, True)
    assert (too_far.status_code, "within 60 days" in too_far.text) == (422, True)
    assert "The submission is put off. Its clock runs on." in done.text
    assert "No submission" in done.text
    assert "put it off until" in listed
    assert "The submission is in the list again." in woken.text
    assert "It is not put off." in words(read(hub, f"/triage/bulk?do=wake&chosen={row.id}").text)


def test_the_day_that_is_shown_as_an_example_is_one_that_is_taken(hub: TestClient, hand_in: Any) -> None:
    row, example = hand_in(), NOW + timedelta(days=14)

    unsaid = bulk(hub, "snooze", row, **{"until-day": "x"})
    done = bulk(hub, "snooze", row, **day(example))

    told = f"{example.day} {example.month} {example.year}"
    assert f"Enter a day within the next 60 days, like {told}" in words(unsaid.text)
    assert f"A day within the next 60 days, for example {told}." in words(unsaid.text)
    assert "The submission is put off." in done.text


def test_work_is_given_to_colleagues_and_not_to_oneself(client_of: Any, make: Make, hand_in: Any) -> None:
    row, me = hand_in(), make(factories.make_person, Role.HUB, name="Myself")
    alone = words(read(client_of(me), f"/triage/bulk?do=assign&chosen={row.id}").text)
    make(factories.make_person, Role.HUB, name="Colleague", email="colleague@example.org")

    page = words(read(client_of(me), f"/triage/bulk?do=assign&chosen={row.id}").text)

    assert "Nobody else of the Hub has an account yet." in alone
    assert "Choose a colleague Colleague Give" in page


def test_giving_back_is_for_what_one_has(hub: TestClient, hand_in: Any) -> None:
    row = hand_in()

    nobodys = words(read(hub, f"/triage/bulk?do=give_back&chosen={row.id}").text)
    taken = bulk(hub, "take", row)
    back = bulk(hub, "give_back", row, version="2")

    assert "Nothing. Nobody has it." in nobodys
    assert f'<a class="nhsuk-notification-banner__link app-address" href="/triage/{row.id}">' in taken.text
    assert "Anybody can see to this submission now." in back.text


def test_nothing_ticked_is_said_with_a_way_back(hub: TestClient) -> None:
    for page in (read(hub, "/triage/bulk?do=archive&back=who%3Dme"), bulk(hub, "archive", reason="not_ready", back="who=me")):
        assert (page.status_code, "Tick at least one submission" in page.text) == (422, True)
        assert 'href="/triage?who=me"' in page.text
    assert hub.post("/triage/bulk", data={"do": "take", "chosen": "nonsense.1"}, headers=PAGE).status_code == 422
    assert hub.post("/triage/bulk", data={"do": "explode"}, headers=PAGE).status_code == 422


def test_who_offers_it_does_not_archive_it(client_of: Any, make: Make, hand_in: Any) -> None:
    row, person = hand_in(supplier="Example supplier"), make(_staff_of_the_supplier)

    page = words(read(client_of(person), f"/triage/bulk?do=archive&chosen={row.id}").text)

    assert "Your own organisation offers this. Ask a colleague to decide." in page


def _staff_of_the_supplier(session: Any) -> Any:
    from models.people import RoleGrant

    person = factories.make_person(session, Role.INNOVATOR)
    person.grants.append(RoleGrant(role=Role.HUB))
    session.flush()
    return person


# More like this


def test_without_an_encoder_nothing_is_compared_and_the_page_says_so(hub: TestClient, hand_in: Any) -> None:
    page = read(hub, f"/triage/{hand_in().id}/similar")

    assert (page.status_code, "We cannot compare texts at the moment." in page.text) == (200, True)


def test_the_submissions_that_say_the_same_are_found(runner: Any, hub: TestClient, make: Make, hand_in: Any) -> None:
    for body in (ADHD_TEST, ADHD_TEST | {"name": "Another attention test"}, WOUND_DRESSING):
        hub.post("/api/v1/innovations", json=body | {"submit": True})
    unread = hand_in(name="Unread", readability="unreadable")
    runner.run_due()
    (first,) = [each for each in hub.get("/api/v1/submissions").json()["items"] if each["innovation"]["name"] == ADHD_TEST["name"]]

    page = words(read(hub, f"/triage/{first['id']}/similar").text)

    assert page.index("Another attention test") < page.index(WOUND_DRESSING["name"])
    assert "Its text cannot be read as words" in read(hub, f"/triage/{unread.id}/similar").text


def test_an_open_match_that_was_decided_is_no_longer_counted(hub: TestClient, hand_in: Any, make: Make) -> None:
    row = hand_in()
    make(lambda session: factories.make_proposal(session, None, session.merge(row).innovation, state=ProposalState.CONFIRMED))

    said = words(read(hub, "/triage").text)
    assert "Waiting 1 confirmed All matches decided: give it an outcome" in said
    assert "Nothing fits" not in said.split("Shown:")[1]


def test_what_was_decided_is_told_from_what_nothing_fits(hub: TestClient, hand_in: Any, make: Make) -> None:
    decided, undecided, _ = hand_in(name="All rejected"), hand_in(name="To decide", probability=0.9), hand_in(name="Fits nothing")
    for row, state in ((decided, ProposalState.REJECTED), (undecided, ProposalState.CONFIRMED)):
        make(lambda session, row=row, state=state: factories.make_proposal(session, None, session.merge(row).innovation, state=state))

    lists = {band: read(hub, f"/triage?band={band}").text for band in ("", "strong", "decided", "weak")}

    assert {band: re.findall(r"<h3[^>]*><a[^>]*>([^<]+)", page) for band, page in lists.items() if band} == {
        "strong": ["To decide"],
        "decided": ["All rejected"],
        "weak": ["Fits nothing"],
    }
    assert options(lists[""], "band") == {
        "": "All (3)",
        "strong": "Strong match (1)",
        "possible": "Possible match (0)",
        "decided": "All matches decided (1)",
        "weak": "Nothing fits (1)",
    }
