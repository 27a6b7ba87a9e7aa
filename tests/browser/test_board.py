"""A board member reads how things stand and where it stops, by keyboard, with a script and without one; the Hub clears its list."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from models.actors import SYSTEM
from models.proposals import ProposalState
from models.queries import proposals
from tests import factories, place_answers
from tests.browser.sites import Site
from tests.browser.visitors import Visitor

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("script", [True, False])
def test_a_board_member_reads_a_report_of_the_days_they_ask_for(visit: Callable[..., Visitor], script: bool) -> None:
    page = visit(script=script).sign_in("board").open("/reports")

    page.get_by_role("link", name="Needs by theme and place").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/reports/needs-by-place")  # loaded with its styles, which show one of the two widths of a chart
    expect(page.get_by_role("img", name="Open needs", exact=True)).to_be_visible()
    assert page.get_by_role("row", name="Ageing well").count() >= 2

    page.get_by_role("link", name="All reports").click()
    page.get_by_role("link", name="Barriers").click()
    expect(page.get_by_role("row", name="Wrong setting").first).to_be_visible()
    page.get_by_role("link", name="Last quarter").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Last quarter")).to_have_attribute("aria-current", "page")
    page.get_by_label("First day").fill("2020-01-01")
    page.get_by_label("Last day").fill("2020-12-31")
    page.get_by_role("button", name="Show these days").click()
    expect(page.get_by_text("From 1 January 2020 to 31 December 2020")).to_be_visible()
    expect(page.get_by_text("There is nothing to count yet in this time")).to_be_visible()


@pytest.mark.parametrize("script", [True, False])
def test_the_hub_sees_what_will_happen_before_it_rejects_two_matches(visit: Callable[..., Visitor], site: Site, script: bool) -> None:
    with site.app.state.database.transaction() as session:
        at, need = datetime.now(UTC), factories.make_need(session, title=f"Rejected at once {script}", places=("CAL",))
        rows = [
            factories.make_proposal(session, need, factories.make_innovation(session, name=f"Thing {number} {script}"), created_at=at)
            for number in range(3)
        ]
        place_answers.confirm(session, rows[2], at=at)
    page = visit(script=script).sign_in("hub").open("/proposals?place=CAL")

    for number in range(2):
        page.get_by_role("checkbox", name=f"Thing {number} {script}").check()
    page.get_by_label("With the ticked matches", exact=True).select_option("Reject them")
    page.get_by_role("button", name="See what will happen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Reject 2 matches")
    page.get_by_label("Reason", exact=True).select_option("No budget")
    page.get_by_role("button", name="Reject 2 matches").click()

    expect(page.get_by_text("You rejected 2 matches.")).to_be_visible()
    with site.app.state.database.reading() as session:
        states = [proposals.get(session, row.id, SYSTEM).state for row in rows]
    assert states == [ProposalState.REJECTED, ProposalState.REJECTED, ProposalState.CONFIRMED]
