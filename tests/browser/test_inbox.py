"""The inbox as Hub staff use it: narrow, keep the view, tick, see what will happen, do it, note, and find it done."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests import triage
from tests.browser.conftest import Site, Visitor

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_staff_narrow_the_inbox_and_see_to_several_at_once(visit: Callable[..., Visitor], site: Site, script: bool) -> None:
    word = "scripted" if script else "plain"
    with site.app.state.database.transaction() as session:
        for number in (1, 2):
            triage.submission(session, at=datetime.now(UTC), name=f"Walking frame {number} {word}", supplier=None)
    page = visit(width=320 if script else 1280, script=script).sign_in("hub").open("/triage")
    main = page.get_by_role("main")

    page.get_by_role("searchbox", name="Words").fill(f"frame {word}")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(main.get_by_role("heading", level=3)).to_have_count(2)
    page.get_by_text("Keep this view").first.click()
    page.get_by_label("Name of the view").fill(f"Frames {word}")
    page.get_by_role("button", name="Keep this view").click()
    expect(page.get_by_role("link", name=f"Frames {word}")).to_have_attribute("aria-current", "page")

    if script:
        page.get_by_role("button", name="Tick all on this page").click()
    else:
        for number in (1, 2):
            page.get_by_label(f"Tick Walking frame {number} {word}").check()
    page.get_by_label("With the ticked submissions", exact=True).select_option("Put them off until a day")
    page.get_by_role("button", name="See what will happen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Put 2 submissions off")
    page.get_by_role("button", name="Put 2 submissions off").click()
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    page.get_by_role("link", name="Go back and change nothing").click()

    page.get_by_role("button", name=re.compile(f"Take it.*frame 1 {word}")).click()
    expect(main).to_contain_text("You have this submission now.")
    page.get_by_role("link", name=re.compile(f"Write a note.*frame 1 {word}")).click()
    page.get_by_label("New note").fill("They call back on Thursday.")
    page.get_by_role("button", name="Write the note").click()
    expect(main).to_contain_text("The note is written. Only the Hub reads it.")
    page.goto(f"{site.address}/triage?q=frame+{word}&who=me")
    expect(main.get_by_role("link", name=re.compile("^1 note"))).to_be_visible()


def test_three_submissions_stand_on_the_first_screen(visit: Callable[..., Visitor], site: Site) -> None:
    with site.app.state.database.transaction() as session:
        for number in range(3):
            triage.submission(session, at=datetime.now(UTC), name=f"Dense row {number}", supplier=f"Supplier of dense rows {number}")
    page = visit().sign_in("lead").open("/triage?q=dense+row")

    third = page.locator(".app-inbox__row").nth(2).bounding_box()

    assert third is not None
    assert third["y"] + third["height"] <= 900
    assert page.get_by_label("Where it stands").bounding_box()["width"] < 300  # type: ignore[index]


def test_one_takes_a_submission_by_keys_alone(visit: Callable[..., Visitor], site: Site) -> None:
    with site.app.state.database.transaction() as session:
        triage.submission(session, at=datetime.now(UTC), name="Keyboard stair lift", supplier=None)
    page = visit().sign_in("hub").open("/triage?q=keyboard+stair")

    page.get_by_label("Tick Keyboard stair lift").focus()
    page.keyboard.press("Space")
    page.get_by_label("With the ticked submissions", exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Take 1 submission")
    page.get_by_role("button", name="Take 1 submission").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("main")).to_contain_text("You have it.")
