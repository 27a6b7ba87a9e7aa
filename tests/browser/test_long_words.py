"""On a phone no text is wider than its page: a word of 300 letters and a long address are poured into every text shown.

Tags and the heads of tables are left as they are: they hold words of ours alone.
"""

from collections.abc import Callable

import pytest

from tests.browser.cases import Case, all_cases
from tests.browser.conftest import Site, Visitor

pytestmark = pytest.mark.browser
_LONG = "M" * 300, f"https://www.example.nhs.uk/{'pathways/' * 40}index.html?page={'1' * 60}"
_OURS = "script, style, svg, textarea, th, caption, .nhsuk-table-responsive__heading, .nhsuk-tag, .app-illustrative"
_POUR = """([long, ours]) => {
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) found.push(texts.currentNode);
  for (const each of found) {
    if (each.data.trim() && !each.parentElement.closest(ours)) each.data = long;
  }
  for (const details of document.querySelectorAll("main details")) details.open = true;
}"""
_TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")].filter(each => each.getBoundingClientRect().right > width + 1)
    .map(each => `too wide: ${each.tagName} ${each.className} in ${each.parentElement.className}`).slice(0, 3);
}"""
_LISTS = {"/needs", "/innovations", "/calls", "/needs/{need_id}/change", "/begin/needs"}
_ONCE = {(case.route, case.who): case for case in all_cases() if case.act is None}


def too_wide(visitor: Visitor, path: str) -> list[str]:
    """What sticks out of a page at 320 px with one of the long texts in every place."""
    visitor.page.set_viewport_size({"width": 320, "height": 800})
    visitor.open(path)
    found: list[str] = []
    for long in _LONG:
        visitor.page.evaluate(_POUR, [long, _OURS])
        found += visitor.page.evaluate(_TOO_WIDE)
    return found


@pytest.mark.parametrize("case", [case for case in _ONCE.values() if case.route in _LISTS], ids=str)
def test_lists_and_forms_hold_long_words(window_of: Callable[..., Visitor], site: Site, case: Case) -> None:
    assert too_wide(window_of(case.who, width=320), site.path(case.path)) == []


@pytest.mark.long
@pytest.mark.parametrize("case", [case for case in _ONCE.values() if case.route not in _LISTS], ids=str)
def test_every_page_holds_long_words(window_of: Callable[..., Visitor], site: Site, case: Case) -> None:
    assert too_wide(window_of(case.who, width=320), site.path(case.path)) == []
