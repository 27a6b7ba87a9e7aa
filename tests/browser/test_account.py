"""From the board of calls to one's own account: filter, read, sign in, change role, invite a colleague, leave for good."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from models.people import Role, RoleGrant
from tests import factories
from tests.browser.conftest import Site, Visitor
from tests.browser.test_access import faults

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_who_is_of_the_hub_and_of_a_place_acts_as_one_and_leaves(visit: Callable[..., Visitor], site: Site, script: bool) -> None:
    name = f"both.{uuid4().hex[:8]}"
    with site.app.state.database.transaction() as session:
        person = factories.make_person(session, Role.HUB, email=f"{name}@example.org", name="Officer of both")
        person.grants.append(RoleGrant(role=Role.PLACE, place_id=factories.make_place(session, "LDS").id))
    visitor = visit(width=320, script=script)
    page, main = visitor.open("/calls"), visitor.page.get_by_role("main")

    page.get_by_label("Theme").select_option("Frailty")
    page.get_by_role("button", name="Show").click()
    main.get_by_role("link", name="Falls at home that end in hospital").first.click()
    expect(main).to_contain_text("You need no account to see what fits")
    visitor.sign_in(name).open("/account")
    page.get_by_label("Place team").check()
    page.get_by_role("button", name="Act in this role").click()
    expect(page.get_by_role("navigation", name="Account")).to_contain_text("Officer of both (as Place team)")
    found = faults(page) if script else []
    page.get_by_role("link", name="Invite a colleague").click()
    page.get_by_role("button", name="Send the invitation").click()
    page.get_by_role("link", name="Enter your colleague’s e-mail address").click()
    page.keyboard.type(f"{name}.friend@example.org")
    page.get_by_role("button", name="Send the invitation").click()
    expect(main).to_contain_text(f"{name}.friend@example.org Waiting")
    page.goto(f"{site.address}/account/delete")
    page.get_by_label("Yes, delete my account for good").check()
    page.get_by_role("button", name="Delete my account").click()

    expect(main).to_contain_text("Your account is deleted")
    expect(page.get_by_role("navigation", name="Account")).to_contain_text("Sign in")
    assert found == []
