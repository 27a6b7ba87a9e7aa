"""The page of activity: events found by what happened, to what, by whom and when, at addresses that stay."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from api.services import delivering
from models.events import Event
from models.people import Role
from tests import factories, triage
from tests.pages import HOSTILE, Faults, read, words

BEGAN = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)


def happen(session: Session, *told: tuple[str, str, str], subject: Any = None) -> None:
    """Events of (kind, what it is about, who), a day apart."""
    for number, (kind, what, who) in enumerate(told):
        at = BEGAN + timedelta(days=number)
        session.add(Event.of(kind, subject_kind=what, subject_id=subject or factories.uuid4(), actor=who, at=at))
    session.flush()
    delivering.seal(session, at=datetime.now(UTC))


def shown(browser: TestClient, query: str) -> list[str]:
    """What happened, as the rows of the page tell it."""
    return re.findall(r'aria-hidden="true">What </span><span>([^(<]*?)(?: \(|<)', read(browser, f"/events?{query}").text)


@pytest.fixture
def past(make: Callable[..., Any]) -> Any:
    """Three things that happened, the first by somebody who is known."""
    person = make(factories.make_person, name="Triage officer of the desk")
    told = (
        ("proposal.confirmed", "proposal", f"person:{person.id}"),
        ("key.created", "key", "system"),
        ("need.opened", "need", "key:0a1b2c3d"),
    )
    make(happen, *told)
    return person


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kind=need.opened", ["Need opened"]),
        ("what=key", ["Key made"]),
        ("who=desk", ["Match confirmed"]),
        ("who=the+service", ["Key made"]),
        ("who=key:0a1b2c3d", ["Need opened"]),
        ("since=2026-10-02&until=2026-10-02", ["Key made"]),
        ("until=2026-10-01", ["Match confirmed"]),
        ("since=2026-10-02&until=2026-10-03&what=need", ["Need opened"]),
        ("kind=need.closed", []),
        ("who=nobody+at+all", []),
    ],
)
def test_events_are_found_by_what_who_and_when(hub: TestClient, past: Any, query: str, expected: list[str]) -> None:
    assert shown(hub, query) == expected


def test_what_something_happened_to_is_called_by_its_name_where_it_may_be_read(hub: TestClient, make: Callable[..., Any]) -> None:
    row = make(triage.submission, name="Asked about this")
    unread = factories.uuid4()
    make(happen, ("submission.asked", "innovation", "system"), subject=row.innovation_id)
    make(happen, ("submission.taken", "submission", "system"), subject=row.id)
    make(happen, ("innovation.erased", "innovation", "system"), subject=unread)

    page = read(hub, "/events").text
    said = words(page)

    assert f'href="/innovations/{row.innovation_id}">Asked about this<' in page
    assert f'href="/triage/{row.id}">Asked about this<' in page
    assert "Question asked (innovation: Asked about this of event" in said
    assert f'href="/innovations/{unread}">innovation<' in page


def test_an_address_names_one_person_or_one_subject(hub: TestClient, past: Any, make: Callable[..., Any]) -> None:
    need = make(factories.make_need)
    make(happen, ("need.changed", "need", "system"), subject=need.id)

    one = read(hub, f"/events?what=need&about={need.id}").text

    assert shown(hub, f"who=person:{past.id}") == ["Match confirmed"]
    assert shown(hub, f"about={need.id}") == ["Need changed"]
    assert "Only what happened to one need" in words(one)
    assert f'name="about" value="{need.id}"' in one


def test_pages_of_a_filtered_list_keep_the_filter(hub: TestClient, make: Callable[..., Any]) -> None:
    make(happen, *[("need.opened", "need", "system"), ("key.created", "key", "system")] * 60)

    latest = read(hub, "/events?what=key").text
    before = re.findall(r'href="(/events\?[^"]*before=\d+)"', latest)[0].replace("&amp;", "&")
    older = read(hub, before).text
    back = re.findall(r'href="(/events\?[^"]*after=\d+)"', older)[0].replace("&amp;", "&")

    assert before.startswith("/events?what=key&before=")
    assert (latest.count("Key made<") > 1, "Later" in words(latest).split("Activity")[-1]) == (True, False)
    assert "Need opened" not in re.sub(r"<select.*?</select>", "", older, flags=re.DOTALL)
    assert shown(hub, back.partition("?")[2]) == ["Key made"] * 50
    assert "Nothing like that has happened" in read(hub, "/events?what=key&before=1").text


def test_a_day_that_is_none_is_told_at_its_field(hub: TestClient, past: Any) -> None:
    reply = read(hub, "/events?since=yesterday&until=9999-12-31&who=desk")

    assert reply.status_code == 422
    assert 'href="#since"' in reply.text
    assert 'value="yesterday"' in reply.text
    assert 'value="desk"' in reply.text
    assert "Nothing is shown until the days are mended" in reply.text


def test_people_are_linked_for_who_may_look_at_them(
    hub: TestClient, client_as: Callable[..., TestClient], past: Any, make: Callable[..., Any]
) -> None:
    make(happen, ("person.created", "person", "system"), subject=past.id)
    lead = client_as(Role.LEAD)

    pages = [read(browser, "/events?kind=person.created").text for browser in (hub, lead)]

    assert [f'href="/people/{past.id}"' in page for page in pages] == [False, True]


def test_what_was_typed_is_text(hub: TestClient, make: Callable[..., Any]) -> None:
    make(factories.make_person, name=HOSTILE)
    make(happen, ("strange.kind", "strange", "strange:actor"))

    page = hub.get("/events", params={"who": HOSTILE[:40], "since": "<b>"}, headers={"accept": "text/html"}).text

    assert Faults.of(page) == []
    assert "Strange kind" in read(hub, "/events").text
    assert read(hub, "/events?kind=%3Cb%3E").status_code == 422
