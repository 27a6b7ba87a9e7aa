"""The walk as a person takes it: sign in, open an innovation, read why it fits, confirm it, undo it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, Visitor

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
@pytest.mark.parametrize("width", [320, 1280])
def test_hub_staff_reads_why_a_match_fits_confirms_it_and_takes_it_back(
    visit: Callable[..., Visitor], site: Site, width: int, script: bool
) -> None:
    visitor = visit(width=width, script=script).sign_in("hub")

    page = visitor.open("/innovations")
    page.locator(f"main a[href='/innovations/{site.innovation}']").click()
    page.get_by_text("Why: the words of both texts").first.click()
    expect(page.locator(".app-findings").first).to_contain_text("ADHD")
    page.locator(f"main a[href='/proposals/{site.proposal}']").click()
    expect(page.locator("mark").nth(2)).to_be_visible()
    page.get_by_role("button", name="Confirm this match").click()
    expect(page.get_by_role("main")).to_contain_text("You confirmed this match")
    expect(page.get_by_role("main")).to_contain_text("Hub officer confirmed this match on")
    page.get_by_role("button", name="Undo my decision").click()

    expect(page.get_by_role("main")).to_contain_text("You took your decision back")
    expect(page.get_by_role("button", name="Confirm this match")).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_place_writes_a_need_corrects_it_and_opens_it(visit: Callable[..., Visitor], script: bool) -> None:
    page = visit(width=320, script=script).sign_in("leeds").open("/needs/new")

    page.get_by_label("Title").fill("Wounds that heal slowly")
    page.get_by_label("What goes wrong?").fill("Pressure ulcers heal slowly, and dressings are changed too often.")
    page.get_by_role("button", name="Open this need").click()
    page.get_by_role("link", name="Say whose problem it is").click()
    page.get_by_label("Whose problem is it?").fill("People with pressure ulcers in care homes")
    page.get_by_label("What would better look like?").fill("Wounds closed in half the time")
    page.get_by_label("How would we know?").fill("Weeks until a wound is closed")
    page.get_by_role("button", name="Open this need").click()

    main = page.get_by_role("main")
    expect(main).to_contain_text("The need is open")
    expect(main.get_by_role("heading", level=1)).to_have_text("Wounds that heal slowly")
    expect(main).not_to_contain_text("Wound dressing")  # a place does not see what only the Hub may read


def test_signing_out_closes_the_pages(visit: Callable[..., Visitor]) -> None:
    visitor = visit().sign_in("hub")
    visitor.page.get_by_role("button", name="Sign out").click()
    expect(visitor.page.get_by_role("navigation", name="Account")).to_contain_text("Sign in")

    page = visitor.open("/proposals")

    expect(page).to_have_title("Sign in – Needs and innovations")
