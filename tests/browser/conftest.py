"""A served app with the real encoder and a few texts, and a real Chromium that may talk to nobody else."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from api.services.library import Libraries
from tests.browser.sites import Site, served
from tests.browser.visitors import Visitor, new_visitor

__all__ = ["Site", "Visitor"]
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


expect.set_options(timeout=15_000)  # two cores that do other work too


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Iterator[Site]:
    """The app on a port of its own until the last browser test has ended."""
    with served(tmp_path_factory.mktemp("site"), encoder_folder) as found:
        yield found


@pytest.fixture(scope="session")
def browser(chromium_path: Path) -> Iterator[Browser]:
    """Chromium."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=str(chromium_path), args=list(_FLAGS))
        yield launched
        launched.close()


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Visitor]]:
    """`visit(width=320)`: a new window; a request to anybody else and every complaint of the console fails the test."""
    opened: list[tuple[BrowserContext, Visitor]] = []

    def new(*, width: int = 1280, script: bool = True) -> Visitor:
        opened.append(new_visitor(browser, site, width=width, script=script))
        return opened[-1][1]

    yield new
    for context, _ in opened:
        context.close()
    assert [complaint for _, visitor in opened for complaint in visitor.complaints] == []


@pytest.fixture(scope="session")
def _windows(browser: Browser) -> Iterator[dict[tuple[str, int, bool], Visitor]]:
    """Windows that are kept for all tests, by who is signed in there, how wide they are and whether scripts run."""
    kept: dict[tuple[str, int, bool], Visitor] = {}
    yield kept
    for visitor in kept.values():
        visitor.page.context.close()


@pytest.fixture
def window_of(browser: Browser, site: Site, _windows: dict[tuple[str, int, bool], Visitor]) -> Iterator[Callable[..., Visitor]]:
    """`window_of("hub", width=320)`: the one window in which somebody stays signed in; its complaints fail the test as those of `visit`."""
    used: list[Visitor] = []

    def kept(who: str, *, width: int = 1280, script: bool = True) -> Visitor:
        if (found := _windows.get((who, width, script))) is None:
            _, found = new_visitor(browser, site, width=width, script=script)
            _windows[who, width, script] = found.sign_in(who) if who else found
        found.complaints.clear()
        used.append(found)
        return found

    yield kept
    assert [complaint for visitor in used for complaint in visitor.complaints] == []


@pytest.fixture
def without_encoder(site: Site) -> Iterator[Any]:
    """The site while it cannot rank."""
    before = site.app.state.libraries
    site.app.state.libraries = Libraries(encoder_folder=Path("nowhere"), snapshot_folder=Path("nowhere"))
    yield site
    site.app.state.libraries = before
