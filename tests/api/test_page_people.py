"""Pages of people: who is there, who is invited, roles given and taken, accounts closed, opened and erased."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.people import Role
from tests import factories
from tests.pages import HOSTILE, PAGE, Faults, read, words


@pytest.fixture
def lead(client_as: Callable[..., TestClient]) -> TestClient:
    """A browser of the Hub's lead."""
    return client_as(Role.LEAD)


def send(browser: TestClient, path: str, **form: str) -> Any:
    """A form, as a browser without a script sends it; where it leads is followed."""
    return browser.post(path, data=form, headers=PAGE)


def test_people_are_listed_with_their_roles_and_found_by_name_role_and_account(lead: TestClient, make: Callable[..., Any]) -> None:
    make(factories.make_person, Role.PLACE, name="Place officer of Leeds")
    make(factories.make_person, Role.INNOVATOR, name="Founder", active=False)
    make(factories.make_person, None, name="Newcomer")

    everybody = words(read(lead, "/people").text)

    assert "Place officer of Leeds" in everybody
    assert "Place team of Leeds" in everybody
    assert "Innovator of Example supplier" in everybody
    assert "No role yet" in everybody
    assert "Founder" not in words(read(lead, "/people?account=open").text)
    assert "Newcomer" not in words(read(lead, "/people?role=innovator").text)
    assert "Founder" in words(read(lead, "/people?q=found&role=innovator&account=closed").text)
    assert "Nobody fits these filters" in read(lead, "/people?q=zebra").text
    assert read(lead, "/people?role=king").status_code == 422


@pytest.mark.parametrize("role", [Role.HUB, Role.PLACE, Role.BOARD, Role.INNOVATOR])
def test_people_are_for_the_lead(client_as: Callable[..., TestClient], role: Role) -> None:
    browser = client_as(role)

    assert [read(browser, path).status_code for path in ("/people", "/people/invite")] == [403, 403]


def test_somebody_is_invited_and_taken_back(lead: TestClient, make: Callable[..., Any]) -> None:
    make(factories.make_place)

    invited = send(lead, "/people/invite", email="new@example.org", role="place", place="LDS")
    page = words(invited.text)
    action = invited.text.split('action="/people/invitations/')[1].split('"')[0]
    gone = send(lead, f"/people/invitations/{action}")

    assert "The invitation is on its way" in page
    assert "new@example.org Place team of Leeds. Invited on" in page
    assert "The invitation counts no more" in gone.text
    assert "Nobody is invited at the moment" in gone.text


@pytest.mark.parametrize(
    ("form", "field", "message"),
    [
        ({}, "email", "Enter an e-mail address"),
        ({"email": "new@example.org"}, "role", "Choose a role"),
        ({"email": "no address", "role": "hub"}, "email", "That is no e-mail address"),
        ({"email": "new@example.org", "role": "king"}, "role", "Choose a role"),
        ({"email": "new@example.org", "role": "place"}, "place", "Choose the place"),
        ({"email": "new@example.org", "role": "place", "place": "XYZ"}, "place", "Use place keys among"),
        ({"email": "new@example.org", "role": "innovator"}, "organisation", "Enter the name of the organisation"),
        ({"email": "new@example.org", "role": "innovator", "organisation": "zebra"}, "organisation", "No confirmed organisation"),
        ({"email": "new@example.org", "role": "innovator", "organisation": "example"}, "organisation", "Enter the whole name"),
    ],
)
def test_an_invitation_that_says_too_little_comes_back_as_typed(
    lead: TestClient, make: Callable[..., Any], form: dict[str, str], field: str, message: str
) -> None:
    make(factories.make_organisation)
    make(factories.make_place)

    reply = send(lead, "/people/invite", **form)

    assert reply.status_code == 422
    assert f'href="#{field}"' in reply.text
    assert f'id="{field}"' in reply.text
    assert message in words(reply.text)
    assert f'value="{form.get("email", "")}"' in reply.text


def test_a_bad_address_and_a_missing_role_are_told_together(lead: TestClient) -> None:
    reply = send(lead, "/people/invite", email="no address")

    assert reply.status_code == 422
    assert ('href="#email"' in reply.text, 'href="#role"' in reply.text) == (True, True)
    assert reply.text.index("That is no e-mail address") < reply.text.index("Choose a role")


def test_an_organisation_is_named_in_any_case_and_near_names_are_shown(lead: TestClient, make: Callable[..., Any]) -> None:
    make(factories.make_organisation)
    make(factories.make_organisation, "Example supplier of beds")

    near = send(lead, "/people/invite", email="new@example.org", role="innovator", organisation="Example s")
    named = send(lead, "/people/invite", email="new@example.org", role="innovator", organisation="example SUPPLIER")

    assert "Example supplier of beds" in words(near.text)
    assert "Innovator of Example supplier." in words(named.text)


def test_roles_are_given_and_taken_and_twice_is_told(lead: TestClient, make: Callable[..., Any]) -> None:
    person = make(factories.make_person, Role.BOARD)
    taking = f"/people/{person.id}/roles/{person.grants[0].id}/take"

    given = send(lead, f"/people/{person.id}/roles", role="hub")
    again = send(lead, f"/people/{person.id}/roles", role="hub")
    taken = send(lead, taking)
    twice = send(lead, taking)

    assert "The role is given" in given.text
    assert again.text.count("Take this role away") == 2
    assert ("The role is taken away" in taken.text, taken.text.count("Take this role away")) == (True, 1)
    assert (twice.status_code, "does not hold that role" in twice.text) == (409, True)


def test_a_role_that_says_too_little_opens_the_form_again(lead: TestClient, make: Callable[..., Any]) -> None:
    person = make(factories.make_person, None)

    reply = send(lead, f"/people/{person.id}/roles", role="place")
    unknown = send(lead, f"/people/{person.id}/roles", role="place", place="XYZ")

    assert (reply.status_code, 'href="#place"' in reply.text, 'nhsuk-expander" open' in reply.text) == (422, True, True)
    assert (unknown.status_code, 'href="#place"' in unknown.text) == (422, True)


def test_an_account_is_closed_opened_and_erased(lead: TestClient, make: Callable[..., Any]) -> None:
    person = make(factories.make_person, Role.BOARD, name="Leaver")

    closed = send(lead, f"/people/{person.id}/deactivate")
    opened = send(lead, f"/people/{person.id}/reopen")
    unasked = send(lead, f"/people/{person.id}/erase")
    erased = send(lead, f"/people/{person.id}/erase", asked="yes")

    assert "The account is closed" in closed.text
    assert "The account is open again" in opened.text
    assert (unasked.status_code, 'href="#asked"' in unasked.text) == (422, True)
    assert "The account is erased" in erased.text
    assert "Leaver" not in erased.text
    assert read(lead, f"/people/{person.id}").status_code == 404


def test_the_only_lead_stays(client_of: Callable[..., TestClient], make: Callable[..., Any]) -> None:
    person = make(factories.make_person, Role.LEAD)
    browser = client_of(person)

    closed = send(browser, f"/people/{person.id}/deactivate")
    taken = send(browser, f"/people/{person.id}/roles/{person.grants[0].id}/take")

    assert [reply.status_code for reply in (closed, taken)] == [409, 409]
    assert "This is the only lead of the Hub. Make somebody else a lead first." in closed.text
    assert "This is your own account" in closed.text


def test_what_somebody_is_called_is_text(lead: TestClient, make: Callable[..., Any]) -> None:
    person = make(factories.make_person, Role.INNOVATOR, name=HOSTILE, organisation=HOSTILE)

    pages = [read(lead, path).text for path in ("/people", f"/people/{person.id}", "/people?q=%22%3E%3Cscript%3E")]
    pages.append(send(lead, "/people/invite", email=HOSTILE, role="innovator", organisation="alert").text)

    assert [Faults.of(page) for page in pages] == [[]] * 4


def test_managing_leads_hub_staff_to_what_they_may_do(hub: TestClient, lead: TestClient, client_as: Callable[..., TestClient]) -> None:
    ours, theirs = read(hub, "/manage").text, read(lead, "/manage").text

    assert 'href="/running"' in ours
    assert 'href="/people"' not in ours
    assert 'href="/people"' in theirs
    assert 'href="/manage" aria-current="true"' in read(lead, "/people").text
    assert read(client_as(Role.PLACE), "/manage").status_code == 403
