"""Triage in a real browser: by the keyboard without a page being loaded, and by the forms without a script."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from playwright.sync_api import Dialog, Page, expect
from sqlalchemy import select

from models.triage import Outcome, OutcomeKind, Submission
from tests import merges
from tests.browser.cases.triage import needs, submission
from tests.browser.conftest import Site, Visitor

pytestmark = pytest.mark.browser
TEN = 10
OVERDUE = timedelta(days=30)
_TURNS = count()
_VERDICTS = (("c",), ("r", "4"), ("s",), ("d", "8"))


def _waiting(site: Site, name: str, count: int) -> list[Submission]:
    """Submissions that are worth a look before all others, also those of an earlier test, the first one first, and are ranked no more."""
    at = datetime.now(UTC) - OVERDUE
    ranked = {"embedded_revision": 1, "proposed_revision": 1, "embedded_encoder": site.app.state.libraries.encoder.id}
    with site.app.state.database.transaction() as session:
        beside = needs(session, 2, **ranked)
        best = 0.999 + next(_TURNS) / 10_000
        return [submission(session, at, f"{name} {each + 1}", beside, best=best - each / 1_000_000, **ranked) for each in range(count)]


def _outcomes(site: Site, rows: list[Submission]) -> list[OutcomeKind]:
    with site.app.state.database.reading() as session:
        found = {row.submission_id: row.kind for row in session.scalars(select(Outcome).order_by(Outcome.given_at))}
    return [found[row.id] for row in rows if row.id in found]


class _Keys:
    """Presses keys, waits for each answer and counts presses."""

    def __init__(self, page: Page) -> None:
        self.page, self.pressed = page, 0

    def __call__(self, *keys: str) -> None:
        for key in keys[:-1]:
            self.page.keyboard.press(key)
        self.page.evaluate("document.querySelector('[data-triage]').dataset.old = 'yes'")
        self.page.keyboard.press(keys[-1])
        self.page.wait_for_selector("[data-triage]:not([data-old])")
        self.pressed += len(keys)


def test_ten_submissions_are_triaged_by_keys_alone_and_no_page_is_loaded(visit: Callable[..., Visitor], site: Site) -> None:
    rows = _waiting(site, "By keys", TEN)
    visitor = visit().sign_in("hub")
    page = visitor.open(f"/triage/{rows[0].id}")
    page.locator("[data-triage-ready]").wait_for(state="attached")
    page.evaluate("window.never = 'loaded anew'")
    press, decided = _Keys(page), 0

    for number, row in enumerate(rows):
        expect(page.get_by_role("heading", level=1)).to_have_text(f"By keys {number + 1}")
        for pair in range(2):
            press(*_VERDICTS[(number + pair) % len(_VERDICTS)])
            decided += 1
        verdicts = press.pressed
        if page.locator("[data-send]").count():  # the first press leads to the letter
            key = page.locator("[data-send]").get_attribute("data-key") or ""
            press(key, key)
        else:
            press("a")
            press("a")
        assert (press.pressed - verdicts <= 2, page.url.split("?")[0].endswith(str(row.id))) == (True, False)

    assert page.evaluate("window.never") == "loaded anew"
    assert len(_outcomes(site, rows)) == TEN
    assert press.pressed <= 2 * (decided + TEN)


def test_the_last_steps_are_undone_by_a_key_and_shortcuts_can_be_switched_off(visit: Callable[..., Visitor], site: Site) -> None:
    (row,) = _waiting(site, "Undone", 1)
    page = visit().sign_in("hub").open(f"/triage/{row.id}")
    page.locator("[data-triage-ready]").wait_for(state="attached")
    press = _Keys(page)

    press("j")
    expect(page.locator("#pair-heading")).to_contain_text("Need 2")
    press("k")
    press("c")
    press("c")
    page.keyboard.press("a")
    expect(page.locator("[data-letter]")).to_be_focused()
    press("a")
    press("u")
    expect(page.get_by_role("heading", level=1)).to_have_text("Undone 1")
    press("u")
    press("u")
    expect(page.locator("[data-triage]")).to_contain_text("Still to decide: 2 matches.")
    page.keyboard.press("u")
    expect(page.get_by_text("There is nothing of yours to undo on this submission.")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Switch them off").click()
    page.reload()
    page.locator("[data-triage-ready]").wait_for(state="attached")
    page.keyboard.press("c")

    expect(page.get_by_text("Keyboard shortcuts are off.")).to_be_visible()
    expect(page.locator("[data-triage]")).to_contain_text("Still to decide: 2 matches.")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_submission_is_decided_by_its_forms(visit: Callable[..., Visitor], site: Site, script: bool) -> None:
    (row,) = _waiting(site, f"By forms {script}", 1)
    page = visit(width=320, script=script).sign_in("hub").open(f"/triage/{row.id}")

    page.get_by_role("button", name="Confirm").click()
    page.locator("#rejected summary").click()
    page.get_by_role("button", name="Not ready").first.click()
    expect(page.get_by_text("The verdicts speak for: Active")).to_be_visible()
    page.get_by_role("button", name="Archive", exact=True).click()
    page.get_by_label("Reason").select_option("no_budget")
    page.get_by_role("button", name="Archive it").click()
    expect(page.locator(".nhsuk-error-summary:not([hidden])")).to_contain_text("stands confirmed")
    page.get_by_role("button", name="Active", exact=True).click()
    letter = page.get_by_label("Letter to the innovator")
    expect(letter).to_have_value(re.compile("We think that it may help"))
    letter.fill("Thank you. We like it.")
    page.get_by_role("button", name="Make it active").click()

    expect(page.locator(".app-last")).to_contain_text("then the letter leaves")
    with site.app.state.database.reading() as session:
        (outcome,) = session.scalars(select(Outcome).where(Outcome.submission_id == row.id))
        assert (outcome.kind, outcome.letter) == (OutcomeKind.ACTIVE, "Thank you. We like it.")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_letter_that_was_changed_outlasts_what_is_done_beside_it(visit: Callable[..., Visitor], site: Site, script: bool) -> None:
    (row,) = _waiting(site, f"Kept {script}", 1)
    page = visit(script=script).sign_in("hub").open(f"/triage/{row.id}?outcome=active")
    letter = page.get_by_label("Letter to the innovator")

    letter.fill("My own words.")
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("#pair-heading")).to_contain_text("Need 2")
    expect(letter).to_have_value("My own words.")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(letter).to_have_value(re.compile("Your question stands here"))
    page.get_by_label("What do you want to ask?").fill("For whom?")
    page.get_by_role("button", name="Active", exact=True).click()
    expect(letter).to_have_value("My own words.")
    page.locator("#deferred summary").click()
    page.locator("#deferred").get_by_label("Day").press("Enter")
    expect(page.get_by_text("Still to decide: 1 match.")).to_be_visible()
    page.locator("#rejected summary").click()
    page.locator("#rejected").get_by_role("button", name="Not ready").click()
    expect(page.locator(".app-last")).to_contain_text("You rejected the match")
    page.get_by_role("button", name="Make it active").click()
    page.get_by_role("button", name="Undo, and go back").or_(page.locator(".app-last").get_by_role("button", name="Undo")).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Kept {script} 1")

    expect(letter).to_have_value("My own words.")


def test_a_pair_is_looked_at_where_it_stands_and_another_submission_from_its_top(visit: Callable[..., Visitor], site: Site) -> None:
    rows = _waiting(site, "In view", 2)
    page = visit().sign_in("hub").open(f"/triage/{rows[0].id}")
    page.locator("[data-triage-ready]").wait_for(state="attached")
    press = _Keys(page)
    press("c")
    press("c")

    page.get_by_label("Letter to the innovator").fill("My own words.")
    page.locator(".app-picks a").first.click()
    expect(page.locator("#pair-heading")).to_be_focused()
    expect(page.locator("#pair-heading")).to_be_in_viewport()
    expect(page.locator("#pair-heading")).to_have_text("In view 1 for Need 1")
    expect(page.get_by_label("Letter to the innovator")).to_have_value("My own words.")
    page.locator("#pair-heading").focus()
    press("a", "a")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport()


def test_the_reason_of_a_referral_follows_the_body_as_it_is_chosen(visit: Callable[..., Visitor], site: Site) -> None:
    with site.app.state.database.transaction() as session:
        bodies = [merges.body(session, name=f"Chosen {each}", helps_with=f"Choosing {each}") for each in ("one", "two")]
    (row,) = _waiting(site, "Referred", 1)
    page = visit().sign_in("hub").open(f"/triage/{row.id}?outcome=refer")
    page.locator("[data-triage-ready]").wait_for(state="attached")

    for body in bodies:
        page.get_by_label("To whom?").select_option(str(body.id))
        expect(page.get_by_label("Why may this body help?")).to_have_value(f"They help with: {body.helps_with}.")
        expect(page.get_by_label("Letter to the innovator")).to_have_value(re.compile(f"{body.name}.*{body.helps_with}", re.DOTALL))


def test_who_leaves_a_changed_letter_is_asked_first(visit: Callable[..., Visitor], site: Site) -> None:
    here, _ = _waiting(site, "Half written", 2)
    page = visit().sign_in("hub").open(f"/triage/{here.id}?outcome=archive")
    page.locator("[data-triage-ready]").wait_for(state="attached")
    letter, heading = page.get_by_label("Letter to the innovator"), page.get_by_role("heading", level=1)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    letter.fill("My own words.")
    page.once("dialog", stay)
    page.get_by_role("link", name="Next submission").click()
    page.once("dialog", stay)
    page.get_by_role("link", name="Triage", exact=True).first.click(no_wait_after=True)
    expect(letter).to_have_value("My own words.")
    assert asked == ["confirm", "beforeunload"]

    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("link", name="Next submission").click()
    expect(heading).to_have_text("Half written 2")
