"""Everybody can use every page in every state: WCAG 2.2 AA by axe, no sideways scrolling, nothing that moves, headings in order."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.cases import Case, all_cases, first_of_each_route
from tests.browser.conftest import Site, Visitor

pytestmark = pytest.mark.browser
_AXE = Axe()
_OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
    "preload": False,  # only a rule that is still an experiment reads the style sheets
}
_RUN = """options => axe.run(options).then(found => found.violations.map(
  each => each.id + ": " + each.nodes.map(node => node.html.slice(0, 200) + " (" + node.failureSummary + ")").slice(0, 3).join("; ")))"""
_SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
_UNFOLD = "document.querySelectorAll('details').forEach(each => each.open = true)"
_LEVELS = "[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(each => Number(each.tagName[1]))"


def faults(page: Page) -> list[str]:
    """What axe finds with everything unfolded, and whether the page has to be scrolled sideways."""
    page.evaluate(_UNFOLD)
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE.axe_script)
    found: list[str] = page.evaluate(_RUN, _OPTIONS)
    return [*found, *(["scrolls sideways"] if page.evaluate(_SIDEWAYS) else [])]


def furniture(page: Page) -> list[str]:
    """What is wrong with a page's headings, its landmarks, its title and its way back."""
    levels = page.evaluate(_LEVELS)
    found = [] if levels.count(1) == 1 else [f"{levels.count(1)} h1"]
    found += [] if all(after <= before + 1 for before, after in pairwise(levels)) else [f"headings {levels}"]
    found += [] if page.evaluate("document.documentElement.lang") == "en" else ["no language"]
    found += [] if page.title().removeprefix("Error: ").strip() else ["no title"]
    return found + [mark for mark in ("main", "body > header", "body > footer") if page.locator(mark).count() != 1]


@pytest.mark.parametrize("case", first_of_each_route(all_cases()))
def test_a_page_has_no_fault(window_of: Callable[..., Visitor], site: Site, case: Case) -> None:
    """At 320 pixels as it comes, then at 1280: one load serves both."""
    visitor = window_of(case.who, width=320)
    visitor.page.set_viewport_size({"width": 320, "height": 900})

    page = visitor.open(site.path(case.path))
    moved = visitor.moved()
    if case.act:
        case.act(page)
        page.wait_for_load_state()  # with the script that folds the menu of the page to which the act led
    narrow = faults(page)
    page.set_viewport_size({"width": 1280, "height": 900})

    assert (visitor.answer and visitor.answer.headers["content-type"]) == "text/html; charset=utf-8"
    assert {"320": narrow, "1280": faults(page), "furniture": furniture(page), "moved": moved, "refused": visitor.refused()} == {
        "320": [],
        "1280": [],
        "furniture": [],
        "moved": [],
        "refused": [],
    }


def test_a_fault_would_be_found(visit: Callable[..., Visitor]) -> None:
    page = visit(width=320).open("/needs")

    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<h6>Wide</h6><pre>' + 'x'.repeat(900) + '</pre><img src>')"
    )

    assert [each.partition(":")[0] for each in faults(page)] == ["heading-order", "image-alt", "scrolls sideways"]
    assert [each.split()[0] for each in furniture(page)] == ["headings"]


def test_a_page_that_cannot_rank_has_no_fault(window_of: Callable[..., Visitor], without_encoder: Site) -> None:
    page = window_of("hub", width=320).open(f"/needs/{without_encoder.need}")

    assert "Ranking is not available" in page.inner_text("main")
    assert faults(page) == []


def test_the_first_key_leads_past_the_menu(visit: Callable[..., Visitor]) -> None:
    page = visit().open("/needs")

    page.keyboard.press("Tab")
    link = page.locator(":focus")
    shown = (link.inner_text(), (link.bounding_box() or {"y": -1})["y"] >= 0)
    page.keyboard.press("Enter")

    assert shown == ("Skip to main content", True)
    page.wait_for_url("**/needs#maincontent")  # the browser moves after the key was taken
