"""A served app with the real encoder and a few texts, and a real Chromium that may talk to nobody else."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route, expect, sync_playwright

import migrations
from api.main import create_app
from api.services import intake
from api.services.content import InnovationContent, NeedContent
from api.services.library import Libraries
from api.settings import Settings
from models.actors import SYSTEM
from models.documents import Side
from models.people import Role
from models.queries import proposals
from tests import factories
from tests.walk import ADHD_NEED, ADHD_TEST, WOUND_DRESSING

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_MUST_HAVES = [{"kind": "dtac", "value": ""}, {"kind": "minimum_stage", "value": "ADOPTION"}, {"kind": "no_smartphone", "value": ""}]


expect.set_options(timeout=15_000)  # two cores that do other work too


@dataclass(frozen=True, slots=True)
class Site:
    """Where the app is served, and what stands in it."""

    address: str
    app: FastAPI
    need: UUID
    innovation: UUID
    unfit: UUID
    held: UUID
    proposal: UUID


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Iterator[Site]:
    """The app on a port of its own until the last browser test has ended."""
    settings = Settings(home=tmp_path_factory.mktemp("site"), log_level="ERROR", port=0, demo=True)
    migrations.upgrade(settings.url)
    app = create_app(settings)
    app.state.libraries._encoder_folder = encoder_folder
    texts = _fill(app)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Site(f"http://127.0.0.1:{port}", app, *texts, _wait_for_proposal(app, texts[0]))
    server.should_exit = True
    thread.join(timeout=20)


def _fill(app: FastAPI) -> tuple[UUID, UUID, UUID, UUID]:
    """A need with must-haves, an innovation that fits it, one that fits nothing, and one that is held."""
    at = datetime.now(UTC)
    offered = {
        "stage": "ADOPTION",
        "standards": [{"type": "DTAC", "has_met": "YES"}],
        "evidences": [{"submit_type": "REAL_WORLD", "summary": "Fewer visits in two clinics.", "dated_on": "2025-03-01"}],
        "supplier": "Example supplier",
    }
    held = {"name": "Nobody agreed yet", "problems_tackled": "Long waits.", "how_it_works": "A list that is shared."}
    with app.state.database.transaction() as session:
        for role, name in ((Role.HUB, "hub"), (Role.PLACE, "leeds"), (Role.INNOVATOR, "innovator")):
            factories.make_person(session, role, email=f"{name}@example.org", name=f"{name.title()} officer")
        need = intake.create(
            session, Side.NEED, NeedContent.model_validate(ADHD_NEED | {"criteria": _MUST_HAVES}), actor=SYSTEM, at=at, submit_too=True
        )
        need.illustrative, need.source, need.source_url = ["criteria"], "A public report", "https://example.org/report"
        said = [
            intake.create(session, Side.INNOVATION, InnovationContent.model_validate(body), actor=SYSTEM, at=at, submit_too=True).id
            for body in (ADHD_TEST | offered, WOUND_DRESSING, held)
        ]
        return need.id, *said


def _wait_for_proposal(app: FastAPI, need_id: UUID) -> UUID:
    """The jobs of the app embed, rank and propose; that takes seconds."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with app.state.database.reading() as session:
            if found := proposals.of_document(session, SYSTEM, need_id=need_id):
                return found[0].id
        time.sleep(0.2)
    raise TimeoutError("The app proposed no match within two minutes.")


@pytest.fixture(scope="session")
def browser(chromium_path: Path) -> Iterator[Browser]:
    """Chromium."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=str(chromium_path), args=list(_FLAGS))
        yield launched
        launched.close()


@dataclass(slots=True)
class Visitor:
    """A window of the browser; what went wrong in it is noted."""

    page: Page
    site: Site
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to an address of the site."""
        self.page.goto(self.site.address + path)
        return self.page

    def sign_in(self, name: str) -> "Visitor":
        """Sign in by the form."""
        page = self.open("/sign-in")
        page.get_by_label("E-mail address").fill(f"{name}@example.org")
        page.get_by_label("Password", exact=True).fill(factories.PASSWORD)
        page.get_by_role("main").get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        return self


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Visitor]]:
    """`visit(width=320)`: a new window; a request to anybody else and every complaint of the console fails the test."""
    opened: list[tuple[BrowserContext, Visitor]] = []

    def new(*, width: int = 1280, script: bool = True) -> Visitor:
        context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=script)
        context.set_default_timeout(15_000)
        visitor = Visitor(context.new_page(), site)

        def only_here(route: Route) -> None:
            if route.request.url.startswith(site.address):
                route.continue_()
            else:
                visitor.complaints.append(f"asked for {route.request.url}")
                route.abort()

        def note(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"} and "the server responded with a status of 4" not in message.text:
                visitor.complaints.append(message.text)

        context.route("**/*", only_here)
        visitor.page.on("console", note)
        opened.append((context, visitor))
        return visitor

    yield new
    for context, _ in opened:
        context.close()
    assert [complaint for _, visitor in opened for complaint in visitor.complaints] == []


@pytest.fixture
def without_encoder(site: Site) -> Iterator[Any]:
    """The site while it cannot rank."""
    before = site.app.state.libraries
    site.app.state.libraries = Libraries(encoder_folder=Path("nowhere"), snapshot_folder=Path("nowhere"))
    yield site
    site.app.state.libraries = before
