"""Signing in by a link, one's own account, colleagues, and what everybody may know of the service."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from models.links import Invitation
from models.people import Role
from models.queries import people
from tests.browser.cases import Case, Part
from tests.browser.cases.standing import sent_empty


def _fill(session: Session, at: datetime) -> Mapping[str, str | UUID]:
    """Invitations of Leeds, one in each state."""
    person = people.by_email(session, "leeds@example.org")
    assert person is not None
    place_id, days = person.grants[0].place_id, timedelta(days=14)
    said = {"role": Role.PLACE, "place_id": place_id, "invited_by": person.id}
    for name, made_at, states in (
        ("waits", at, {}),
        ("came.in", at, {"accepted_at": at, "accepted_by": person.id}),
        ("taken.back", at, {"taken_back_at": at}),
        ("too.old.and.with.a.very.long.address.that.has.to.break", at - 2 * days, {}),
    ):
        session.add(Invitation(address=f"{name}@example.org", made_at=made_at, expires_at=made_at + days, **said, **states))
    session.flush()
    return {}


def _saved(page: Page) -> None:
    page.get_by_role("button", name="Save this choice").click()
    expect(page.get_by_text("We saved how often you want this mail")).to_be_visible()


PART = Part(
    cases=(
        Case("/sign-in", "/sign-in?done=link", state="link asked for"),
        Case("/sign-in", "/sign-in?done=deleted", state="account deleted"),
        Case("/sign-in", "/sign-in", state="no address for the link", act=sent_empty("Mail me a link")),
        Case("/sign-in", "/sign-in", "hub", "signed in already"),
        Case("/account", "/account", "leeds"),
        Case("/account", "/account", "innovator", "mail preference saved", _saved),
        Case("/account", "/account", "lead"),
        Case("/account", "/account?done=role", "board", "role chosen"),
        Case("/account/delete", "/account/delete", "innovator"),
        Case("/account/delete", "/account/delete", "board", "not sure", sent_empty("Delete my account")),
        Case("/colleagues", "/colleagues", "leeds"),
        Case("/colleagues", "/colleagues", "innovator", "empty"),
        Case("/colleagues", "/colleagues", "leeds", "no address", sent_empty("Send the invitation")),
        Case("/colleagues", "/colleagues", "lead"),
        Case("/colleagues", "/colleagues", "board", "not allowed"),
        Case("/how-matching-works", "/how-matching-works"),
        Case("/accessibility", "/accessibility"),
        Case("/privacy", "/privacy"),
        Case("", "/links/never-made", state="spent link"),
        Case("", "/needs/00000000-0000-0000-0000-000000000000", "leeds", "no such need"),
    ),
    fill=_fill,
)
