"""A place team's work in a real browser, with scripts and without: four answers, a like need joined, an answer, a pilot written down."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.cases import places
from tests.browser.conftest import Site, Visitor

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_place_writes_a_need_and_joins_another_place(visit: Callable[..., Visitor], script: bool) -> None:
    page = visit(width=320, script=script).sign_in("leeds").open("/needs/new")

    places.looked_first(page)
    page.locator("input[name=join]").nth(1).check(force=True)
    page.get_by_role("button", name="Open this need").click()

    expect(page.get_by_text("The need is open and joined with the other one")).to_be_visible()
    expect(page.get_by_role("heading", name="Joined with others")).to_be_visible()
    _withdraw(page)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_like_need_is_read_in_a_new_tab_and_what_was_typed_stays(visit: Callable[..., Visitor], script: bool) -> None:
    page = visit(width=320, script=script).sign_in("leeds").open("/needs/new")
    places.looked_first(page)
    typed = page.locator("#problem").input_value()

    with page.context.expect_page() as opened:
        page.locator("#coach a", has_text="(opens in a new tab)").first.click()
    opened.value.wait_for_load_state()

    expect(opened.value.get_by_role("heading", name="What it says")).to_be_visible()
    assert (typed != "", page.locator("#problem").input_value()) == (True, typed)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("path", ["/needs", "/calls", "/innovations", "/proposals"])
def test_a_filter_leads_to_its_results_on_a_phone(visit: Callable[..., Visitor], script: bool, path: str) -> None:
    page = visit(width=320, script=script).sign_in("hub").open(path)

    page.locator("search button", has_text="Show").click()

    expect(page.locator("h2#results")).to_be_in_viewport()
    expect(page.locator("h2#results")).to_contain_text(re.compile(r"^(\d[\d,]*|No) (need|call|innovation|match)"))


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_place_answers_by_keyboard_and_changes_its_mind(visit: Callable[..., Visitor], site: Site, script: bool) -> None:
    page = visit(script=script).sign_in("leeds").open(site.path(f"/place-answers/{{place_to_change_{'one' if script else 'two'}}}"))

    _by_keyboard(page, "Yes, we want to meet")
    expect(page.get_by_text("You said that you want to meet").first).to_be_visible()
    page.locator("details#no summary").click()
    page.locator("#no-reason").select_option("no_budget")
    _by_keyboard(page, "No, it is not for us")

    expect(page.get_by_text("You said no").first).to_be_visible()
    expect(page.get_by_text("Reason: No budget.")).to_be_visible()


def _by_keyboard(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).focus()
    page.keyboard.press("Enter")


def _withdraw(page: Page) -> None:
    """Leave the site as it was, for the other tests."""
    page.locator("summary", has_text="Withdraw this need").last.click()
    page.get_by_role("button", name="Withdraw this need").click()
    expect(page.get_by_text("The need is withdrawn").first).to_be_visible()
