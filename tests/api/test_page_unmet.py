"""Needs that nothing answers, as a list for those who may do something about it, and the form that publishes one as a call."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.documents import Visibility
from models.needs import NeedStatus
from models.people import Role
from tests import boards, factories, joint_needs
from tests.factories import NOW
from tests.pages import HOSTILE, PAGE, Faults, read, words


def publish(browser: TestClient, need: Any, **form: str) -> Any:
    return browser.post(f"/needs/{need.id}/call", data=form, headers=PAGE)


def test_the_list_tells_since_when_and_how_much_was_looked_at(hub: TestClient, make: Callable[..., Any]) -> None:
    make(boards.unmet, at=NOW, title="Nothing answers this", places=("LDS", "WAK"), theme="Frailty")
    called = make(boards.unmet, at=NOW, title="Published already", looked_at=0)
    call = make(factories.make_call, called)

    page = read(hub, "/unmet-needs")
    said = words(page.text)

    assert (page.status_code, Faults.of(page.text)) == (200, [])
    assert "Nothing answers this Leeds, Wakefield · Frailty Nothing has answered it since 2 November 2026" in said
    assert "7 innovations held against it; the best that was there: Weak match" in said
    assert "No innovations held against it." in said
    assert f'href="/calls/{call.reference}"' in page.text
    assert page.text.count("Publish it as a call") == 1


def test_the_list_is_narrowed_by_place_and_theme(hub: TestClient, make: Callable[..., Any]) -> None:
    make(boards.unmet, at=NOW, title="Of Leeds", theme="Frailty")
    make(boards.unmet, at=NOW, title="Of Wakefield", places=("WAK",), theme="Digital")

    leeds, frailty, neither = (
        words(read(hub, f"/unmet-needs?{query}").text) for query in ("place=LDS", "theme=Frailty", "place=WAK&theme=Frailty")
    )

    assert [("Of Leeds" in each, "Of Wakefield" in each) for each in (leeds, frailty, neither)] == [
        (True, False),
        (True, False),
        (False, False),
    ]
    assert "No need without an answer fits these filters" in neither
    assert read(hub, "/unmet-needs?place=nowhere").status_code == 422


def test_filters_say_how_many_needs_each_choice_would_show(hub: TestClient, make: Callable[..., Any]) -> None:
    make(boards.unmet, at=NOW, places=("LDS", "WAK"), theme="Frailty")
    make(boards.unmet, at=NOW, places=("LDS",), theme="Digital")
    make(factories.make_proposal, make(factories.make_need, places=("LDS",), theme="Frailty"))
    joined = [make(boards.unmet, at=NOW, places=(key,), theme="Falls") for key in ("KIR", "WAK")]
    make(lambda session: joint_needs.joint(session, *(session.merge(each) for each in joined)))

    everything, frail, leeds = (read(hub, f"/unmet-needs{query}").text for query in ("", "?theme=Frailty", "?place=LDS"))

    assert all(each in everything for each in ("Leeds (2)", "Wakefield (2)", "Kirklees (1)", "Digital (1)", "Frailty (1)", "Falls (1)"))
    assert all(each in frail for each in ("Leeds (1)", "Wakefield (1)", "Kirklees (0)", "Digital (1)"))
    assert ("Frailty (1)" in leeds, "Falls" in leeds) == (True, False)


def test_an_empty_list_says_when_a_need_comes_here(hub: TestClient, make: Callable[..., Any]) -> None:
    assert "A need comes here when everything that may answer it was turned down" in words(read(hub, "/unmet-needs").text)


def test_partners_read_the_list_and_only_who_may_publish_is_offered_to(
    client: TestClient, client_as: Callable[..., TestClient], make: Callable[..., Any]
) -> None:
    make(boards.unmet, at=NOW, owner_place_id=make(factories.make_place, "LDS").id)

    offered = {
        name: "Publish it as a call" in read(browser, "/unmet-needs").text
        for name, browser in {
            "leeds": client_as(Role.PLACE),
            "wakefield": client_as(Role.PLACE, place="WAK"),
            "board": client_as(Role.BOARD),
        }.items()
    }

    assert offered == {"leeds": True, "wakefield": False, "board": False}
    assert read(client_as(Role.INNOVATOR), "/unmet-needs").status_code == 403
    assert read(client, "/unmet-needs").status_code == 303


def test_a_need_is_published_once_under_its_reference(hub: TestClient, make: Callable[..., Any]) -> None:
    need = make(boards.unmet, at=NOW)

    form = read(hub, f"/needs/{need.id}/call")
    sent = hub.post(
        f"/needs/{need.id}/call",
        data={"introduction": "We looked at seven.", "closes-day": "31", "closes-month": "3", "closes-year": "2100"},
        headers=PAGE,
        follow_redirects=False,
    )
    again = publish(hub, need, introduction="Once more")

    assert "What everybody will read" in words(form.text)
    assert need.problem in words(form.text)
    assert (sent.status_code, sent.headers["location"]) == (303, "/calls/WYC-2026-0001")
    assert hub.get("/api/v1/calls/WYC-2026-0001").json()["closes_on"] == "2100-03-31"
    assert (again.status_code, 'href="/calls/WYC-2026-0001"' in again.text) == (409, True)
    assert "This need is published already" in words(read(hub, f"/needs/{need.id}/call").text)


@pytest.mark.parametrize(
    ("form", "field", "message"),
    [
        (
            {"closes-day": "31", "closes-month": "2", "closes-year": "2100"},
            "closes",
            "Enter the last day, like 27 3 2027, or leave it empty",
        ),
        ({"closes-day": "1", "closes-month": "1", "closes-year": "2020"}, "closes", "The last day of the call is over"),
        ({"closes-day": "1", "closes-month": "1", "closes-year": "9999"}, "closes", "Last day"),
        ({"introduction": "NHS number 943 476 5919"}, "introduction", "Remove an NHS number"),
    ],
)
def test_what_is_not_right_is_told_beside_its_field_and_kept(
    hub: TestClient, make: Callable[..., Any], form: dict[str, str], field: str, message: str
) -> None:
    need = make(boards.unmet, at=NOW)

    reply = publish(hub, need, **{"introduction": "Kept as typed"} | form)

    assert (reply.status_code, message in reply.text) == (422, True)
    assert (f'href="#{field}"' in reply.text, f'id="{field}"' in reply.text) == (True, True)
    assert form.get("introduction", "Kept as typed") in reply.text
    assert hub.get("/api/v1/calls").json()["items"] == []


def test_what_may_not_be_published_says_why(hub: TestClient, make: Callable[..., Any]) -> None:
    hidden = make(boards.unmet, at=NOW, visibility=Visibility.HUB_ONLY)
    answered = make(factories.make_proposal, make(boards.unmet, at=NOW)).need
    draft = make(factories.make_need, status=NeedStatus.DRAFT)

    assert "Only an open need that everybody may read can be a call" in words(read(hub, f"/needs/{hidden.id}/call").text)
    assert publish(hub, hidden).status_code == 409
    refused = publish(hub, answered, introduction="Kept as typed")
    assert ("There are matches for this need" in refused.text, "Kept as typed" in refused.text) == (True, True)
    assert "This one is draft." in words(read(hub, f"/needs/{draft.id}/call").text)


def test_only_who_may_publish_opens_the_form(client_as: Callable[..., TestClient], make: Callable[..., Any]) -> None:
    need = make(boards.unmet, at=NOW, places=("WAK",))

    for role in (Role.PLACE, Role.BOARD):
        browser = client_as(role)
        assert (read(browser, f"/needs/{need.id}/call").status_code, publish(browser, need).status_code) == (403, 403)


def test_words_of_people_are_text_in_list_and_form(hub: TestClient, make: Callable[..., Any]) -> None:
    need = make(boards.unmet, at=NOW, title=HOSTILE, theme=HOSTILE[:100], problem=HOSTILE)

    shown = [
        read(hub, "/unmet-needs"),
        read(hub, f"/needs/{need.id}/call"),
        publish(hub, need, introduction=HOSTILE, **{"closes-day": HOSTILE}),
    ]

    assert [(Faults.of(page.text), "<img" in page.text) for page in shown] == [([], False)] * 3
