"""The pictures of the README, taken from a running demonstration: `python -m tests.browser.pictures ADDRESS FOLDER ACCOUNTS`.

ACCOUNTS is the file of the demonstration's passwords. Each picture is what somebody in a role sees at 1280 pixels.
"""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

_WIDTH, _HEIGHT = 1280, 1500


def _first_submission(page: Page) -> None:
    page.locator("main a[href^='/triage/']").first.click()


def _first_match(page: Page) -> None:
    page.locator("main h3 a[href^='/proposals/'], main a[href^='/proposals/']").first.click()


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: its name, where to begin, as whom, and the step from there."""

    name: str
    path: str
    who: str = ""
    step: Callable[[Page], None] | None = None


PICTURES = (
    Picture("triage", "/triage", "hub.triage@example.org", _first_submission),
    Picture("inbox", "/triage", "hub.triage@example.org"),
    Picture("match", "/proposals", "hub.triage@example.org", _first_match),
    Picture("front-door", "/begin"),
    Picture("needs-by-place", "/reports/needs-by-place", "board@example.org"),
)


def password_of(accounts: Path) -> str:
    """The password that the demonstration gave to its accounts; raises LookupError."""
    for line in accounts.read_text(encoding="utf-8").splitlines():
        if line.startswith("password: "):
            return line.removeprefix("password: ")
    raise LookupError(f"{accounts} names no password.")


def take(address: str, folder: Path, accounts: Path) -> None:
    """Write every picture as NAME.png."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        for picture in PICTURES:
            page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT})
            if picture.who:
                page.goto(f"{address}/sign-in")
                page.get_by_label("E-mail address", exact=True).fill(picture.who)
                page.get_by_label("Password", exact=True).fill(password_of(accounts))
                page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
                page.get_by_role("button", name="Sign out").wait_for()
            page.goto(address + picture.path)
            if picture.step is not None:
                picture.step(page)
                page.wait_for_load_state("networkidle")
            page.screenshot(path=folder / f"{picture.name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    _, where, into, passwords = sys.argv
    take(where.rstrip("/"), Path(into), Path(passwords))
