"""Many matches decided at once: first what will happen to which, then what was done and what was not."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from models.people import Role
from models.proposals import Band, ProposalState
from tests import boards, factories, place_answers
from tests.factories import NOW
from tests.merges import staff
from tests.pages import HOSTILE, PAGE, Faults, read, words
from tests.place_answers import confirm


@pytest.fixture
def two(make: Callable[..., Any]) -> list[Any]:
    return [
        make(factories.make_proposal, innovation=make(factories.make_innovation, name=name)) for name in ("First thing", "Second thing")
    ]


def preview(browser: TestClient, rows: list[Any], do: str = "rejected", back: str = "") -> Any:
    return read(browser, f"/proposals/bulk?do={do}&back={quote(back)}" + "".join(f"&chosen={row.id}" for row in rows))


def send(browser: TestClient, shown: Any, **form: str) -> Any:
    said = {name: re.search(f'name="{name}" value="([^"]*)"', shown.text)[1] for name in ("verdict", "back")}  # type: ignore[index]
    chosen = re.findall(r'name="chosen" value="([^"]*)"', shown.text)
    return browser.post("/proposals/bulk", data={**said, "chosen": chosen, **form}, headers=PAGE)


def test_each_filter_says_how_much_it_would_show(hub: TestClient, make: Callable[..., Any]) -> None:
    need = make(factories.make_need, places=("LDS", "WAK"))
    make(factories.make_proposal, need)
    make(factories.make_proposal, band=Band.POSSIBLE, probability=0.5)
    make(factories.make_proposal, state=ProposalState.REJECTED)

    page, of_leeds = read(hub, "/proposals").text, read(hub, "/proposals?place=WAK&state=rejected").text

    for option in (
        "To decide now (2)",
        "Rejected (1)",
        "Strong match (1)",
        "Possible match (1)",
        "Weak match (0)",
        "Leeds (2)",
        "Wakefield (1)",
    ):
        assert option in page
    for option in ("To decide now (1)", "Rejected (0)", "Strong match (0)", "Leeds (1)"):
        assert option in of_leeds
    assert "No match fits these filters" in of_leeds


def test_nothing_happens_before_the_button_and_all_of_it_after(hub: TestClient, two: list[Any]) -> None:
    shown = preview(hub, two, back="band=strong&nonsense=1")
    before = read(hub, "/proposals").text
    reply = send(hub, shown, reason="no_budget", note="Not this year.")

    assert (shown.status_code, Faults.of(shown.text)) == (200, [])
    assert "Reject 2 matches" in words(shown.text)
    assert "First thing for People wait too long" in words(shown.text)
    assert words(before).count("Strong match") == 2 + 1  # both rows and the filter
    assert str(reply.url).endswith("/proposals?band=strong&done=rejected&count=2")
    assert "You rejected 2 matches." in words(reply.text)
    rejected = words(read(hub, f"/proposals/{two[0].id}").text)
    assert "Reason: No budget. “Not this year.”" in rejected
    assert "Undo my decision" in rejected


@pytest.mark.parametrize(
    ("do", "form", "told"),
    [
        ("deferred", {"reason": "no_budget", "until-day": "27", "until-month": "3", "until-year": "2100"}, "You set 2 matches aside."),
        ("skipped", {}, "You skipped 2 matches. Others still see them."),
    ],
)
def test_many_are_set_aside_or_skipped(hub: TestClient, two: list[Any], do: str, form: dict[str, str], told: str) -> None:
    reply = send(hub, preview(hub, two, do), **form)

    assert told in words(reply.text)
    assert "No match waits for a decision" in reply.text


def test_what_one_form_lacks_is_asked_for_and_what_was_typed_is_kept(hub: TestClient, two: list[Any]) -> None:
    shown = preview(hub, two, "deferred")

    reply = send(hub, shown, note="Kept as typed")
    again = send(hub, reply, reason="no_budget", note="943 476 5919 is an NHS number", **{"until-day": "31"})

    assert reply.status_code == 422
    assert all(f'href="#deferred-{field}"' in reply.text for field in ("reason", "until"))
    assert "Kept as typed" in reply.text
    assert "Set 2 matches aside" in words(reply.text)
    assert ('href="#deferred-note"' in again.text, 'value="no_budget" selected' in again.text) == (True, True)


def test_what_was_decided_meanwhile_is_told_line_by_line_and_the_rest_is_done(
    client_as: Callable[..., TestClient], two: list[Any], make: Callable[..., Any]
) -> None:
    hub, other = client_as(Role.HUB), client_as(Role.HUB, name="Second officer")
    changed = make(factories.make_proposal, innovation=make(factories.make_innovation, name="Changed thing"))
    shown = preview(hub, [*two, changed])
    other.post(f"/proposals/{two[0].id}/decision", data={"verdict": "confirmed", "version": "1"}, headers=PAGE)
    make(lambda session: session.merge(changed).__setattr__("version", 5))

    reply = send(hub, shown, reason="no_budget")
    twice = send(hub, shown, reason="no_budget")

    said = words(reply.text)
    assert (reply.status_code, "Not all was done" in said) == (409, True)
    assert "First thing for People wait too long for an ADHD assessment Second officer confirmed this proposal" in said
    assert "Changed thing for People wait too long for an ADHD assessment Somebody changed it" in said
    assert said.index("Done") < said.rindex("Second thing")
    assert "Nothing was done" in words(twice.text)


def test_what_cannot_be_done_is_told_before(hub: TestClient, two: list[Any], transaction: Callable[..., Any]) -> None:
    with transaction() as session:
        confirm(session, session.merge(two[0]), by=staff(session, name="First officer"))

    some, none = words(preview(hub, two).text), words(preview(hub, two[:1]).text)

    assert "Nothing. First officer confirmed this proposal" in some
    assert "Reject 1 match" in some
    assert "None of these can be changed like this" in none
    assert "Choose a reason" not in none


def test_a_form_that_is_about_nothing_says_what_to_tick(hub: TestClient) -> None:
    empty = preview(hub, [])
    sent = hub.post("/proposals/bulk", data={"verdict": "skipped", "chosen": ["x.1", "y"]}, headers=PAGE)

    assert [(each.status_code, "Tick at least one match in the list" in each.text) for each in (empty, sent)] == [(422, True)] * 2
    assert preview(hub, [], "confirmed").status_code == 422


def test_what_is_gone_is_told_as_gone(hub: TestClient) -> None:
    gone = "8d2f7c1e-6f0c-4f4c-8f63-3c1a5d0e9a11.1"

    reply = hub.post("/proposals/bulk", data={"verdict": "rejected", "reason": "skills", "chosen": gone}, headers=PAGE)

    assert (reply.status_code, "A match It is no longer there" in words(reply.text.replace("<br>", " "))) == (409, True)


def test_only_who_decides_is_offered_to(client_as: Callable[..., TestClient], two: list[Any]) -> None:
    place = client_as(Role.PLACE)

    assert 'id="bulk"' not in read(place, "/proposals").text
    assert preview(place, two).status_code == 403
    assert place.post("/proposals/bulk", data={"verdict": "rejected"}, headers=PAGE).status_code == 403


def test_names_of_people_are_text_in_lists_and_forms(hub: TestClient, make: Callable[..., Any]) -> None:
    row = make(factories.make_proposal, make(factories.make_need, title=HOSTILE), make(factories.make_innovation, name=HOSTILE))

    for page in (read(hub, "/proposals"), preview(hub, [row])):
        assert (Faults.of(page.text), "<img" in page.text) == ([], False)


def test_where_else_it_was_piloted_stands_in_the_list_and_on_the_page(
    hub: TestClient, make: Callable[..., Any], transaction: Callable[..., Any]
) -> None:
    with transaction() as session:
        names = boards.some_months(session, NOW)
        used = session.get(type(factories.make_proposal(session)), names["board_match"]).innovation
        elsewhere = factories.make_proposal(session, factories.make_need(session, places=("KIR",)), used)

    listed, page = read(hub, "/proposals").text, read(hub, f"/proposals/{elsewhere.id}").text
    announced = read(hub, f"/proposals/{names['board_match']}").text

    assert "Piloted elsewhere in West Yorkshire" in listed
    assert "Piloted elsewhere in West Yorkshire" in page
    assert f'href="/proposals/{names["board_match"]}/stages"' in announced
    assert "/stages" not in page


def test_a_list_that_is_not_to_decide_has_nothing_to_tick(hub: TestClient, make: Callable[..., Any]) -> None:
    make(place_answers.announced)

    assert 'name="chosen"' not in read(hub, "/proposals?state=confirmed").text
