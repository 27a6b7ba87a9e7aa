"""The front door as a founder takes it: begin, be called away, come back, see needs, send, open the link, follow it, delete it."""

import re
import time
from collections.abc import Callable
from email import message_from_bytes, policy

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, Visitor
from tests.links import FIVE_ANSWERS

pytestmark = pytest.mark.browser


def _typed_then_closed(page: Page, *, script: bool) -> Page:
    """Type half of it and close the page; a new one of the same browser has what was typed."""
    page.get_by_label("What is it called?").fill("Attention test for clinics")
    page.get_by_label("What problem does it tackle?").fill(str(FIVE_ANSWERS["problems_tackled"]))
    if script:
        expect(page.locator("[data-saved]")).to_contain_text("Saved in this browser at")
    else:
        page.get_by_role("button", name="Save and come back").click()
        expect(page.get_by_role("main")).to_contain_text("Your answers are saved in this browser")
    context = page.context
    assert [cookie["expires"] > 0 for cookie in context.cookies() if cookie["name"] == "matching_draft"] == [True]  # outlives the browser
    page.close()
    return context.new_page()


def _mailed(site: Site, address: str) -> str:
    """The link that was mailed to an address; the site writes its mails to files within seconds."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for file in site.app.state.settings.mail_folder.glob("*.eml"):
            mail = message_from_bytes(file.read_bytes(), policy=policy.default)
            if mail["to"] == address and (found := re.search(r"/links/[\w-]{43}", mail.get_content())):
                return found[0]
        time.sleep(0.2)
    raise TimeoutError("No mail was written within half a minute.")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_founder_begins_comes_back_sees_needs_and_follows_what_was_sent(visit: Callable[..., Visitor], site: Site, script: bool) -> None:
    visitor, address = visit(width=320, script=script), f"founder-{'with' if script else 'without'}@example.org"
    visitor.page = _typed_then_closed(visitor.open("/begin"), script=script)

    page = visitor.open("/begin")
    expect(page.get_by_label("What is it called?")).to_have_value("Attention test for clinics")
    page.get_by_role("button", name="Show the needs it may answer").click()
    page.get_by_role("link", name="Say how it works").click()
    page.get_by_label("How does it work?").fill(str(FIVE_ANSWERS["how_it_works"]))
    page.get_by_label("Mental health").check()
    page.get_by_label("Adoption").check()
    page.get_by_role("button", name="Show the needs it may answer").click()
    main = page.get_by_role("main")
    expect(main.get_by_role("link", name="ADHD assessment backlog").first).to_be_visible()
    expect(main).to_contain_text("What fits, and what is missing")
    page.get_by_label("Your organisation").fill("New firm")
    page.get_by_label("Who agrees").fill("Managing director")
    page.get_by_label("Your e-mail address").fill(address)
    page.get_by_label("Keep it as a draft").check()
    page.get_by_role("button", name="Send me the link").click()
    expect(main).to_contain_text("We have sent you a link")

    page = visitor.open(_mailed(site, address))
    page.get_by_role("button", name="Keep my draft").click()
    main = page.get_by_role("main")
    expect(main.get_by_role("heading", level=1)).to_have_text("Where it is: Attention test for clinics")
    expect(main).to_contain_text("It is a draft. Send it in when you are ready.")
    page.get_by_role("link", name="Delete it for good").click()
    page.get_by_role("button", name="Delete it for good").click()

    expect(page.get_by_role("main")).to_contain_text("It is deleted.")
    expect(page.get_by_role("main")).to_contain_text("You have nothing on offer yet.")
