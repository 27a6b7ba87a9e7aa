"""Needs, innovations and proposals as everybody sees them, signing in, and what is told when something is not right."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.cases import Case, Part

NEED, INNOVATION, PROPOSAL = "/needs/{need_id}", "/innovations/{innovation_id}", "/proposals/{proposal_id}"


def sent_empty(button: str) -> Callable[[Page], None]:
    """Press a form's button with nothing in its fields: the errors are told and linked."""

    def act(page: Page) -> None:
        page.get_by_role("main").get_by_role("button", name=button).click()
        expect(page).to_have_title(re.compile("^Error: "))
        expect(page.locator(".nhsuk-error-summary")).to_be_focused()

    return act


def _unfolded(summary: str, button: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        page.get_by_text(summary).first.click()
        page.get_by_role("button", name=button).click()
        page.get_by_role("link", name="Choose a reason").click()
        expect(page.locator("details[open] select[name=reason]")).to_be_focused()

    return act


_ANYBODY = (
    Case("/", "/"),
    Case("/needs", "/needs"),
    Case("/needs", "/needs?q=zebra", state="nothing found"),
    Case(NEED, "/needs/{need}"),
    Case("/sign-in", "/sign-in"),
    Case("/sign-in", "/sign-in?next=/proposals", state="sent here"),
    Case("/sign-in", "/sign-in", state="error", act=sent_empty("Sign in")),
    Case("", "/nothing/here"),
    Case("/needs", "/needs?place=nowhere", state="unknown filter"),
)
_HUB = (
    Case("/", "/", "hub"),
    Case("/needs", "/needs", "hub"),
    Case(NEED, "/needs/{need}", "hub"),
    Case("/innovations", "/innovations", "hub"),
    Case("/innovations", "/innovations?q=zebra", "hub", "nothing found"),
    Case(INNOVATION, "/innovations/{innovation}", "hub"),
    Case(INNOVATION, "/innovations/{unfit}", "hub", "fits nothing"),
    Case(INNOVATION, "/innovations/{held}", "hub", "held"),
    Case("/needs/new", "/needs/new", "hub"),
    Case("/needs/new", "/needs/new", "hub", "error", sent_empty("Open this need")),
    Case("/needs/{need_id}/change", "/needs/{need}/change", "hub"),
    Case("/innovations/new", "/innovations/new", "hub"),
    Case("/innovations/new", "/innovations/new", "hub", "error", sent_empty("Send it in")),
    Case("/innovations/{innovation_id}/change", "/innovations/{innovation}/change", "hub"),
    Case("/proposals", "/proposals", "hub"),
    Case("/proposals", "/proposals?state=rejected", "hub", "empty"),
    Case(PROPOSAL, "/proposals/{proposal}", "hub"),
    Case(PROPOSAL, "/proposals/{proposal}", "hub", "rejected without reason", _unfolded("Reject this match", "Reject this match")),
    Case(PROPOSAL, "/proposals/{proposal}", "hub", "set aside without reason", _unfolded("Set it aside until later", "Set aside")),
    Case("/events", "/events", "hub"),
    Case("", "/nothing/here", "hub"),
)
_OTHERS = (
    Case("/", "/", "leeds"),
    Case("/proposals", "/proposals", "leeds"),
    Case(PROPOSAL, "/proposals/{proposal}", "leeds"),
    Case("/needs/new", "/needs/new", "leeds"),
    Case("/events", "/events", "leeds", "not allowed"),
    Case("/", "/", "innovator"),
    Case("/innovations", "/innovations", "innovator"),
    Case(INNOVATION, "/innovations/{innovation}", "innovator"),
    Case("/", "/", "board"),
    Case("/", "/", "lead"),
)
PART = Part(cases=_ANYBODY + _HUB + _OTHERS)
