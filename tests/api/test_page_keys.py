"""Pages of keys: made once and shown once, ended at once."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.keys import ApiKey
from models.people import Role
from tests import factories
from tests.pages import HOSTILE, PAGE, Faults, read, words

READS = {"name": "Pipeline system", "role": "pipeline", "scopes": ["read", "events"]}


@pytest.fixture
def lead(client_as: Callable[..., TestClient]) -> TestClient:
    """A browser of the Hub's lead."""
    return client_as(Role.LEAD)


def send(browser: TestClient, path: str, **form: Any) -> Any:
    """A form, as a browser without a script sends it; where it leads is followed."""
    return browser.post(path, data=form, headers=PAGE)


def stored(session: Session) -> list[ApiKey]:
    return list(session.scalars(select(ApiKey)))


def test_a_key_is_shown_once_and_opens_what_it_was_made_for(app: FastAPI, lead: TestClient) -> None:
    prefix = re.findall(r'name="prefix" value="([0-9a-f]{8})"', read(lead, "/keys/new").text)[0]

    made = send(lead, "/keys/new", **READS, prefix=prefix)
    listed = read(lead, "/keys").text

    secret = re.findall(r"mk_[0-9a-f]{8}_[\w-]{43}", made.text)[0]
    machine = TestClient(app, headers={"Authorization": f"Bearer {secret}"})
    assert (made.status_code, secret.startswith(f"mk_{prefix}_")) == (201, True)
    assert machine.get("/api/v1/events").status_code == 200
    assert "Pipeline system mk_" in words(listed)
    assert secret not in listed
    assert "Read, Follow events" in words(listed)


def test_the_same_form_sent_twice_makes_one_key(lead: TestClient, make: Callable[..., Any]) -> None:
    first, second = (send(lead, "/keys/new", **READS, prefix="0a1b2c3d") for _ in range(2))

    assert [first.status_code, second.status_code] == [201, 409]
    assert "The secret was shown then, and is never shown again" in second.text
    assert "mk_0a1b2c3d_" not in second.text
    assert len(make(stored)) == 1


def test_a_key_that_decides_names_its_person_and_one_that_ends_its_day(lead: TestClient, make: Callable[..., Any]) -> None:
    person = make(factories.make_person, name="Hub officer of the desk")
    until = datetime.now(UTC) + timedelta(days=300)
    day = {f"until-{part}": str(getattr(until, part)) for part in ("day", "month", "year")}

    made = send(lead, "/keys/new", name="Desk", role="hub", scopes=["decide"], person=person.email, **day)

    said = words(read(lead, "/keys").text)
    assert made.status_code == 201
    assert "in the stead of Hub officer of the desk" in said
    assert str(until.year) in said


@pytest.mark.parametrize(
    ("form", "field", "message"),
    [
        ({"name": " "}, "name", "Say which system uses the key"),
        ({"role": ""}, "role", "Choose a role"),
        ({"scopes": []}, "scopes", "Choose what the key may be used for"),
        ({"scopes": ["decide"]}, "person", "Name the person on whose behalf"),
        ({"person": "nobody@example.org"}, "person", "Nobody has that e-mail address"),
        ({"until-day": "1"}, "until", "Enter a day to come"),
        ({"until-day": "1", "until-month": "1", "until-year": "2020"}, "until", "That day is over"),
        ({"role": "place", "place": "XYZ"}, "place", "Use place keys among"),
        ({"name": "x" * 201}, "name", "1 to 200 characters"),
    ],
)
def test_what_a_key_lacks_is_asked_for(lead: TestClient, make: Callable[..., Any], form: dict[str, Any], field: str, message: str) -> None:
    make(factories.make_place)

    reply = send(lead, "/keys/new", **READS | {"prefix": "0a1b2c3d"} | form)

    assert reply.status_code == 422
    assert f'href="#{field}"' in reply.text
    assert f'id="{field}"' in reply.text
    assert message in words(reply.text)
    assert 'value="0a1b2c3d"' in reply.text
    assert make(stored) == []


def test_the_person_of_a_closed_account_decides_nothing(lead: TestClient, make: Callable[..., Any]) -> None:
    person = make(factories.make_person, active=False)

    reply = send(lead, "/keys/new", **READS | {"scopes": ["decide"], "person": person.email})

    assert (reply.status_code, 'href="#person"' in reply.text) == (422, True)


def test_a_key_is_ended_and_stays_in_the_list(lead: TestClient, make: Callable[..., Any]) -> None:
    empty = read(lead, "/keys").text
    make(factories.make_key, Role.BOARD)
    make(factories.make_key, Role.PIPELINE, expires_at=factories.NOW + timedelta(days=1), name="Past its day")
    key = next(row for row in make(stored) if row.name == "Board system")

    ended = send(lead, f"/keys/{key.id}/end")
    again = send(lead, f"/keys/{key.id}/end")

    assert "No key is in force" in empty
    assert "The key is ended" in ended.text
    assert "No key is in force" in again.text
    assert "past its day, 3 November 2026" in words(again.text)


def test_keys_are_for_the_lead_and_names_are_text(hub: TestClient, lead: TestClient, make: Callable[..., Any]) -> None:
    make(factories.make_key, Role.PIPELINE, name=HOSTILE)

    pages = [read(lead, "/keys").text, send(lead, "/keys/new", name=HOSTILE, person=HOSTILE, organisation=HOSTILE).text]
    pages.append(send(lead, "/keys/new", **READS | {"name": HOSTILE}).text)

    assert [read(hub, path).status_code for path in ("/keys", "/keys/new")] == [403, 403]
    assert [Faults.of(page) for page in pages] == [[]] * 3
