"""What staff are told of flags and possible duplicates, and how they come to compare them."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, Visitor

pytestmark = pytest.mark.browser


def test_staff_read_the_flags_and_compare_what_may_be_one(window_of: Callable[..., Visitor], site: Site) -> None:
    page = window_of("hub").open(site.path("/innovations/{again}"))

    expect(page.get_by_role("heading", name="Possible duplicates")).to_be_visible()
    told = page.inner_text("main")
    page.get_by_role("link", name="Compare side by side").first.click()

    expect(page.locator("mark").first).to_be_visible()
    assert "Take care: Speaks to whoever ranks." in told
    assert "longer than we read" in told
