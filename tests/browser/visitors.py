"""Windows of a real Chromium: who is signed in there, and all that went wrong in them."""

from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, Route, expect

from tests import factories
from tests.browser.sites import Site

_WATCH = """
window.seen = {shifts: [], refused: []};
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) {
    if (!entry.hadRecentInput) {
      window.seen.shifts.push(`${entry.value.toFixed(4)} ${entry.sources.map(each => each.node?.nodeName + "." + each.node?.className)}`);
    }
  }
}).observe({type: "layout-shift", buffered: true});
document.addEventListener("securitypolicyviolation", event => window.seen.refused.push(`${event.violatedDirective} ${event.sample}`));
"""
_TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(window.seen))))"


@dataclass(slots=True)
class Visitor:
    """A window of the browser; what went wrong in it is noted."""

    page: Page
    site: Site
    complaints: list[str] = field(default_factory=list)
    answer: Response | None = None

    def open(self, path: str) -> Page:
        """Go to an address of the site."""
        self.answer = self.page.goto(self.site.address + path)
        return self.page

    def sign_in(self, name: str) -> "Visitor":
        """Sign in by the form."""
        page = self.open("/sign-in")
        page.get_by_label("E-mail address", exact=True).fill(f"{name}@example.org")
        page.get_by_label("Password", exact=True).fill(factories.PASSWORD)
        page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        return self

    def moved(self) -> list[str]:
        """What moved on the page after it was first shown, without anybody having touched it."""
        found: list[str] = self.page.evaluate(_TWO_FRAMES)["shifts"]
        return found

    def refused(self) -> list[str]:
        """What the page wanted to load or run and was not let."""
        found: list[str] = self.page.evaluate(_TWO_FRAMES)["refused"]
        return found


def new_visitor(browser: Browser, site: Site, *, width: int = 1280, script: bool = True) -> tuple[BrowserContext, Visitor]:
    """A new window; a request to anybody else and every complaint of the console are noted."""
    context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=script)
    context.set_default_timeout(15_000)
    context.set_default_navigation_timeout(60_000)  # a page may rank, on two cores that do other work too
    context.add_init_script(_WATCH)
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
    visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    return context, visitor
