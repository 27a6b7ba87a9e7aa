"""What everybody may know of the service: how matching works and how well, who can use the pages, and what is kept about people."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api import browsers
from api.pages import chances, wording
from api.pages.measured import FIGURES
from api.pages.rendering import page
from api.requests import CurrentSettings, Reading, SharedLibraries, StrictRoute
from api.security import Anyone, CurrentVisit
from api.services.devices import REMEMBERED
from api.settings import Settings
from models.proposals import Band

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
_BANDS: Final = {
    Band.STRONG: "It is likely that the two fit. The Hub reads these first.",
    Band.POSSIBLE: "They may fit. A person has to look closely.",
    Band.WEAK: "They have little in common. We show these only when you ask for them.",
}
_VERDICTS: Final = {
    "met": "The innovation does what the need asks for here.",
    "partly": "It does a part of it.",
    "gap": "It does something else, or says that it does not.",
    "unknown": "The text does not say. This is not a point against it: add it, and we look again.",
    "excluded": "A must-have of the need rules it out.",
}


@router.get("/how-matching-works")
def how_matching_works(request: Request, *, visit: CurrentVisit, _: Anyone, session: Reading, libraries: SharedLibraries) -> HTMLResponse:
    """What is compared, what the words mean, how good it was when it was measured, and what it cannot do."""
    sure = chances.in_words(session, libraries)
    return page(
        request,
        "how_matching_works.jinja",
        visit,
        title="How matching works",
        bands=[(wording.BANDS[band], words, sure.get(band, "")) for band, words in _BANDS.items()],
        verdicts=[(wording.VERDICTS[verdict], words) for verdict, words in _VERDICTS.items()],
        figures=FIGURES,
    )


@router.get("/accessibility")
def accessibility(request: Request, *, visit: CurrentVisit, _: Anyone) -> HTMLResponse:
    """Who can use these pages, how that was looked at, what is known not to work, and whom to tell."""
    return page(request, "accessibility.jinja", visit, title="Accessibility of these pages")


@router.get("/privacy")
def privacy(request: Request, *, visit: CurrentVisit, _: Anyone, settings: CurrentSettings) -> HTMLResponse:
    """What is kept about people, for how long, who reads it, which cookies there are, and what people can do about it."""
    return page(
        request,
        "privacy.jinja",
        visit,
        title="Privacy and cookies",
        session_hours=settings.session_hours,
        unclaimed_days=settings.unclaimed_days,
        settled_days=settings.settled_days,
        cookies=[(browsers.cookie_name(name, settings), *said) for name, said in _cookies(settings).items()],
    )


def _cookies(settings: Settings) -> dict[str, tuple[str, str]]:
    """What each cookie is for, and for how long it stays."""
    return {
        browsers.COOKIE: ("Keeps you signed in", f"Until you sign out, at most {settings.session_hours} hours"),
        browsers.DEVICE_COOKIE: (
            "Knows this browser again, so that nobody who guesses passwords locks you out",
            f"{REMEMBERED.days} days",
        ),
        browsers.DRAFT_COOKIE: (
            "Finds the answers that you have begun without an account",
            f"Until you delete them, at most {settings.unclaimed_days} days",
        ),
        browsers.SENT_COOKIE: ("Shows you to which address we sent your answers", "1 hour"),
    }
