"""Pages of bodies that help: read by everybody who signs in, kept by the lead."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.people import Role
from models.referrals import BodyKind, SupportBody
from tests import factories, merges
from tests.pages import HOSTILE, PAGE, Faults, read, version_shown, words

NEW = {"name": "Evaluation office", "kind": "evaluator", "geography": "west_yorkshire", "evidence": "any", "active": "yes"}


@pytest.fixture
def lead(client_as: Callable[..., TestClient]) -> TestClient:
    """A browser of the Hub's lead."""
    return client_as(Role.LEAD)


def send(browser: TestClient, path: str, **form: Any) -> Any:
    """A form, as a browser without a script sends it; where it leads is followed."""
    return browser.post(path, data=form, headers=PAGE)


def count(session: Session) -> int:
    return session.scalars(select(func.count()).select_from(SupportBody)).one()


def test_bodies_are_found_by_kind_and_use(lead: TestClient, make: Callable[..., Any]) -> None:
    empty = words(read(lead, "/bodies").text)
    make(merges.body)
    make(merges.body, name="Funding office", kind=BodyKind.FUNDER)
    make(merges.body, name="Office of old", active=False)

    asked, funders, out = (words(read(lead, f"/bodies{query}").text) for query in ("", "?kind=funder", "?use=out"))

    assert "No body is kept yet. Add one" in empty
    assert ("Regional innovation network" in asked, "Office of old" in asked) == (True, False)
    assert ("Regional innovation network" in funders, "Funding office" in funders) == (False, True)
    assert "Office of old" in out
    assert "No body fits these filters" in read(lead, "/bodies?kind=regulator").text


def test_everybody_who_signs_in_reads_them_and_the_address_is_for_the_hub(
    hub: TestClient, client_as: Callable[..., TestClient], make: Callable[..., Any]
) -> None:
    row = make(merges.body)
    innovator = client_as(Role.INNOVATOR)

    ours, theirs = read(hub, f"/bodies/{row.id}").text, read(innovator, f"/bodies/{row.id}").text

    assert ("front.door@example.org" in ours, "front.door@example.org" in theirs) == (True, False)
    assert "Yorkshire and the Humber" in theirs
    assert "Regional innovation network" in read(innovator, "/bodies").text
    assert "Add a body" not in read(innovator, "/bodies").text
    assert [read(browser, f"/bodies/{row.id}/change").status_code for browser in (hub, innovator)] == [403, 403]


def test_a_body_is_added_once_however_often_the_form_is_sent(lead: TestClient, make: Callable[..., Any]) -> None:
    make(factories.make_place)
    once = re.findall(r'name="once" value="([^"]+)"', read(lead, "/bodies/new").text)[0]
    said = NEW | {"once": once, "geography": "places", "places": ["LDS"], "stages": ["EVALUATION"], "helps_with": "Planning"}

    first, second = (send(lead, "/bodies/new", **said) for _ in range(2))

    assert "The body is added" in first.text
    assert str(second.url) == str(first.url)
    assert make(count) == 1
    shown = words(first.text)
    assert "Whom it serves Leeds" in shown
    assert "How far an innovation has come Evaluation" in shown
    assert "Where offers are mailed Nowhere: the Hub tells it" in shown


@pytest.mark.parametrize(
    ("form", "field", "message"),
    [
        ({"name": ""}, "name", "Enter the name of the body"),
        ({"kind": ""}, "kind", "Choose what kind of body it is"),
        ({"kind": "nonsense"}, "kind", "choose from the list"),
        ({"contact_email": "nowhere"}, "contact_email", "That is no e-mail address"),
        ({"contact_url": "javascript:alert(1)"}, "contact_url", "Page about how to reach it"),
        ({"geography": "places"}, "places", "Tick the places that it serves"),
        ({"geography": "places", "places": ["XYZ"]}, "places", "Use place keys among"),
        ({"categories": ["nonsense"]}, "categories", "choose from the list"),
    ],
)
def test_what_is_wrong_comes_back_as_typed(
    lead: TestClient, make: Callable[..., Any], form: dict[str, Any], field: str, message: str
) -> None:
    make(factories.make_place)

    reply = send(lead, "/bodies/new", **NEW | {"helps_with": "Kept as typed"} | form)

    assert reply.status_code == 422
    assert f'href="#{field}"' in reply.text
    assert f'id="{field}"' in reply.text
    assert message in words(reply.text)
    assert "Kept as typed" in reply.text
    assert make(count) == 0


def test_a_body_is_changed_and_put_out_of_use_and_who_is_late_is_told(lead: TestClient, make: Callable[..., Any]) -> None:
    row = make(merges.body)
    path = f"/bodies/{row.id}/change"
    form = read(lead, path)

    changed = send(lead, path, **{**NEW, "active": ""} | version_shown(form))
    late = send(lead, path, **NEW | {"name": "Late name"} | version_shown(form))
    wrong = send(lead, path, **NEW | {"contact_email": "nowhere"} | version_shown(late))
    nameless = send(lead, path, **NEW | {"name": ""} | version_shown(late))
    again = send(lead, path, **NEW | {"name": "Late name"} | version_shown(late))

    assert 'value="Regional innovation network"' in form.text
    assert ("Evaluation office" in changed.text, "Asked no more" in changed.text) == (True, True)
    assert (late.status_code, 'value="Late name"' in late.text, "save again to replace it" in late.text) == (409, True, True)
    assert [reply.status_code for reply in (wrong, nameless)] == [422, 422]
    assert "Late name" in again.text


def test_what_a_body_says_is_text(lead: TestClient, make: Callable[..., Any]) -> None:
    row = make(
        merges.body, name=HOSTILE, helps_with=HOSTILE, contact_url="javascript:alert(1)", source_url="https://example.org/x", verified=False
    )

    pages = [read(lead, path).text for path in ("/bodies", f"/bodies/{row.id}", f"/bodies/{row.id}/change")]
    pages.append(send(lead, "/bodies/new", name=HOSTILE, kind=HOSTILE, contact_url=HOSTILE, once=HOSTILE).text)

    assert [Faults.of(page) for page in pages] == [[]] * 4
    assert "Nobody has checked this against its source yet" in pages[1]
