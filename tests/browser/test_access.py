"""Everybody can use every page: WCAG 2.2 AA by axe, no sideways scrolling, the keyboard alone."""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, Visitor

pytestmark = pytest.mark.browser
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
_WIDTHS = (320, 1280)
ANONYMOUS = (
    "/",
    "/needs",
    "/needs?q=zebra",
    "/needs/{need}",
    "/sign-in",
    "/sign-in?next=/proposals",
    "/nothing/here",
    "/needs?place=nowhere",
)
HUB = (
    "/",
    "/needs",
    "/needs/{need}",
    "/innovations",
    "/innovations/{innovation}",
    "/innovations/{unfit}",
    "/innovations/{held}",
    "/needs/new",
    "/needs/{need}/change",
    "/innovations/new",
    "/innovations/{innovation}/change",
    "/proposals",
    "/proposals?state=rejected",
    "/proposals/{proposal}",
    "/events",
)


def address(site: Site, path: str) -> str:
    ids = {name: getattr(site, name) for name in ("need", "innovation", "unfit", "held", "proposal")}
    return path.format(**ids)


def faults(page: Page) -> list[Any]:
    """What axe finds with everything unfolded, and whether the page has to be scrolled sideways."""
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    found = [(each["id"], each["nodes"][0]["html"][:200]) for each in Axe().run(page, options=_RULES).response["violations"]]
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return [*found, *(["scrolls sideways"] if wide else [])]


@pytest.mark.parametrize("width", _WIDTHS)
def test_pages_for_everybody_have_no_fault(visit: Callable[..., Visitor], site: Site, width: int) -> None:
    visitor = visit(width=width)

    assert {path: found for path in ANONYMOUS if (found := faults(visitor.open(address(site, path))))} == {}


@pytest.mark.parametrize("width", [*_WIDTHS, 640])  # 640: a window of 1280 at 200 % zoom
def test_pages_of_the_hub_have_no_fault(visit: Callable[..., Visitor], site: Site, width: int) -> None:
    visitor = visit(width=width).sign_in("hub")

    assert {path: found for path in HUB if (found := faults(visitor.open(address(site, path))))} == {}


@pytest.mark.parametrize("width", _WIDTHS)
def test_pages_that_tell_of_errors_have_no_fault(visit: Callable[..., Visitor], site: Site, width: int) -> None:
    visitor = visit(width=width).sign_in("hub")
    found = {}

    for path, button in (("/needs/new", "Open this need"), ("/innovations/new", "Send it in")):
        page = visitor.open(path)
        page.get_by_role("button", name=button).click()
        expect(page).to_have_title(re.compile("^Error: "))
        expect(page.locator(".nhsuk-error-summary")).to_be_focused()
        found[path] = faults(page)
    for summary, button in (("Reject this match", "Reject this match"), ("Set it aside until later", "Set aside")):
        page = visitor.open(address(site, "/proposals/{proposal}"))
        page.get_by_text(summary).first.click()
        page.get_by_role("button", name=button).click()
        page.get_by_role("link", name="Choose a reason").click()
        expect(page.locator("details[open] select[name=reason]")).to_be_focused()
        found[summary] = faults(page)

    assert not any(found.values()), found


@pytest.mark.parametrize("width", _WIDTHS)
def test_a_page_that_cannot_rank_has_no_fault(visit: Callable[..., Visitor], without_encoder: Site, width: int) -> None:
    page = visit(width=width).sign_in("hub").open(f"/needs/{without_encoder.need}")

    assert "Ranking is not available" in page.inner_text("main")
    assert faults(page) == []


@pytest.mark.parametrize("name", ["leeds", "innovator"])
def test_pages_of_places_and_innovators_have_no_fault(visit: Callable[..., Visitor], site: Site, name: str) -> None:
    visitor = visit(width=320).sign_in(name)
    paths = {"leeds": ("/", "/proposals", "/proposals/{proposal}"), "innovator": ("/", "/innovations", "/innovations/{innovation}")}[name]

    assert {path: found for path in paths if (found := faults(visitor.open(address(site, path))))} == {}


def test_the_first_key_leads_past_the_menu(visit: Callable[..., Visitor]) -> None:
    page = visit().open("/needs")

    page.keyboard.press("Tab")
    link = page.locator(":focus")
    shown = (link.inner_text(), (link.bounding_box() or {"y": -1})["y"] >= 0)
    page.keyboard.press("Enter")

    assert shown == ("Skip to main content", True)
    page.wait_for_url("**/needs#maincontent")  # the browser moves after the key was taken


def test_headings_and_landmarks_stand_in_order(visit: Callable[..., Visitor], site: Site) -> None:
    visitor = visit().sign_in("hub")

    for path in HUB:
        page = visitor.open(address(site, path))
        levels = [int(tag[1]) for tag in page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(each => each.tagName)")]
        assert levels.count(1) == 1, path
        assert all(after <= before + 1 for before, after in pairwise(levels)), path
        assert page.evaluate("document.documentElement.lang") == "en"
        assert [page.locator(mark).count() for mark in ("main", "body > header", "body > footer")] == [1, 1, 1], path
