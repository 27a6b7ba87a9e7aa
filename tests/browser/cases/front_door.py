"""The front door, where an innovation is, an innovator's needs, and watches."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from models.innovations import InnovationStatus
from models.people import Person
from models.queries import people
from models.watches import WatchKind
from tests import factories, triage
from tests.browser.cases import Case, Part
from tests.browser.cases.standing import sent_empty
from tests.links import FIVE_ANSWERS

STATUS, DELETE, WATCH = "/innovations/{innovation_id}/status", "/innovations/{innovation_id}/delete", "/watches/{watch_id}"
_TEXT = {
    "description": "",
    "problems_tackled": "Wheelchairs in hospitals stand about with flat tyres, and porters look for one that rolls.",
    "how_it_works": "A porter scans a label on the wheelchair and the workshop sees which one to mend.",
    "care_settings": ["ACUTE_TRUSTS_INPATIENT"],
}
_WEEK = timedelta(days=7)


def answered(page: Page) -> None:
    """Answer the five questions and go on to the needs."""
    page.get_by_label("What is it called?").fill(str(FIVE_ANSWERS["name"]))
    page.get_by_label("What problem does it tackle?").fill(str(FIVE_ANSWERS["problems_tackled"]))
    page.get_by_label("How does it work?").fill(str(FIVE_ANSWERS["how_it_works"]))
    page.get_by_label("Mental health").check()
    page.get_by_label("Adoption").check()
    page.get_by_role("button", name="Show the needs it may answer").click()
    expect(page).to_have_title(re.compile("^Needs that it may answer"))


def _sent(page: Page) -> None:
    answered(page)
    page.get_by_label("Your organisation").fill("New firm")
    page.get_by_label("Who agrees").fill("Managing director")
    page.get_by_label("Your e-mail address").fill("new@example.org")
    page.get_by_role("button", name="Send me the link").click()
    expect(page).to_have_title(re.compile("^We have sent you a link"))


def _unsent(page: Page) -> None:
    answered(page)
    sent_empty("Send me the link")(page)


def _cleared(page: Page) -> None:
    """Nothing typed: every question is asked for."""
    page.get_by_label("What is it called?").fill("")
    sent_empty("Show the needs it may answer")(page)


def _kept(page: Page) -> None:
    page.get_by_label("What is it called?").fill("Half an answer")
    page.get_by_role("button", name="Save and come back").click()
    expect(page.get_by_role("alert")).to_contain_text("Your answers are saved")


def _innovator(session: Session) -> Person:
    found = people.by_email(session, "innovator@example.org")
    assert found is not None
    return found


def _fill(session: Session, at: datetime) -> Mapping[str, str | UUID]:
    by = triage.officer(session, name="Hub triage officer")
    asked, refused = (
        triage.submission(session, at=at - _WEEK, name=name, **_TEXT) for name in ("Wheelchair labels", "Wheelchair labels, refused")
    )
    choices = (replace(triage.ASK, answer_by=(at + _WEEK).date()), triage.ARCHIVE)
    for row, choice in zip((asked, refused), choices, strict=True):
        triage.settle(session, triage.conclude(session, row, choice, by, at=at - _WEEK), at=at)
    draft = factories.make_innovation(session, name="Wheelchair labels, begun", status=InnovationStatus.DRAFT, **_TEXT)
    gone = factories.make_innovation(session, name="Wheelchair labels, taken back", status=InnovationStatus.WITHDRAWN, **_TEXT)
    person = _innovator(session)
    paused = factories.make_watch(session, person, kind=WatchKind.THEME, value="Ageing well", muted=True, created_at=at)
    text = factories.make_watch(session, person, kind=WatchKind.TEXT, value="ADHD assessment of adults", created_at=at)
    return {
        "asked_about": asked.innovation_id,
        "refused_offer": refused.innovation_id,
        "draft_offer": draft.id,
        "withdrawn_offer": gone.id,
        "paused_watch": paused.id,
        "text_watch": text.id,
    }


_BEGIN = (
    Case("/begin", "/begin"),
    Case("/begin", "/begin", state="error", act=_cleared),
    Case("/begin", "/begin", state="saved", act=_kept),
    Case("/begin", "/begin?done=gone", state="gone"),
    Case("/begin", "/begin", "innovator", "with an account"),
    Case("/begin/needs", "/begin", state="needs found", act=answered),
    Case("/begin/needs", "/begin", state="error", act=_unsent),
    Case("/begin/sent", "/begin", state="sent", act=_sent),
)
_FOLLOWING = (
    Case(STATUS, "/innovations/{innovation}/status", "innovator", "being read"),
    Case(STATUS, "/innovations/{asked_about}/status", "innovator", "asked"),
    Case(STATUS, "/innovations/{asked_about}/status", "innovator", "answer missing", sent_empty("Send the answer")),
    Case(STATUS, "/innovations/{refused_offer}/status", "innovator", "refused"),
    Case(STATUS, "/innovations/{draft_offer}/status", "innovator", "draft"),
    Case(STATUS, "/innovations/{withdrawn_offer}/status?done=withdrawn", "innovator", "withdrawn"),
    Case(STATUS, "/innovations/{innovation}/status", "hub"),
    Case(STATUS, "/innovations/{innovation}/status", "leeds", "not allowed"),
    Case(DELETE, "/innovations/{draft_offer}/delete", "innovator", "draft"),
    Case(DELETE, "/innovations/{innovation}/delete", "innovator", "sent in"),
    Case("/my-needs", "/my-needs", "innovator"),
)
_WATCHES = (
    Case("/watches", "/watches", "innovator"),
    Case("/watches", "/watches", "hub", "empty"),
    Case("/watches", "/watches", "innovator", "error", sent_empty("Watch these words")),
    Case(WATCH, "/watches/{text_watch}", "innovator", "with an example"),
    Case(WATCH, "/watches/{paused_watch}?done=paused", "innovator", "paused"),
)
PART = Part(cases=_BEGIN + _FOLLOWING + _WATCHES, fill=_fill)
