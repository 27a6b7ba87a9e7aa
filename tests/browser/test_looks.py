"""Every page without a script: at 200 % zoom, on paper, and in the colours that its reader forces on it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.cases import Case, all_cases
from tests.browser.conftest import Site, Visitor

pytestmark = pytest.mark.browser
_ZOOMED = {"width": 640, "height": 450}  # a window of 1280 by 900 at 200 %
_PAPER = {"width": 680, "height": 960}  # between the margins of A4, in CSS pixels
_CUT_OFF = """() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? []
  : [...document.querySelectorAll("body *")].filter(each => each.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map(each => "cut off: " + each.outerHTML.slice(0, 120)).slice(-3)"""
_NOT_FOR_PAPER = """() => [
  ...[...document.querySelectorAll("nav, button, .nhsuk-button, .nhsuk-skip-link, .nhsuk-back-link")]
    .filter(each => each.checkVisibility()),
  ...[...document.querySelectorAll("h1")].filter(each => !each.checkVisibility()),
].map(each => "on paper: " + each.outerHTML.slice(0, 120)).slice(0, 3)"""
_WITHOUT_BOUNDS = """() => [...document.querySelectorAll("button, .nhsuk-button, input:not([type=hidden]), select, textarea")]
  .filter(each => each.checkVisibility())
  .filter(each => {
    const style = getComputedStyle(each);
    const drawn = style.forcedColorAdjust !== "none" && (parseFloat(style.borderBottomWidth) > 0 || style.textDecorationLine !== "none");
    return !drawn && !["radio", "checkbox"].includes(each.type);
  }).map(each => "no bounds in forced colours: " + each.outerHTML.slice(0, 120)).slice(0, 3)"""


_ONCE = {(case.route, case.who): case for case in all_cases() if case.act is None}  # a page looks alike in most of its states


@pytest.mark.long
@pytest.mark.parametrize("case", _ONCE.values(), ids=str)
def test_a_page_can_be_read_without_script_at_200_percent_on_paper_and_in_forced_colours(
    window_of: Callable[..., Visitor], site: Site, case: Case
) -> None:
    visitor = window_of(case.who, script=False)
    page = visitor.page
    page.emulate_media(media="screen", forced_colors="none")
    page.set_viewport_size(_ZOOMED)

    visitor.open(site.path(case.path))

    assert page.inner_text("main").strip()
    assert [*page.evaluate(_CUT_OFF), *_in_forced_colours(page), *_on_paper(page)] == []


def _in_forced_colours(page: Page) -> list[str]:
    page.emulate_media(forced_colors="active")
    found: list[str] = page.evaluate(_WITHOUT_BOUNDS)
    return found


def _on_paper(page: Page) -> list[str]:
    page.emulate_media(media="print", forced_colors="none")
    page.set_viewport_size(_PAPER)
    found: list[str] = page.evaluate(_CUT_OFF) + page.evaluate(_NOT_FOR_PAPER)
    return found
