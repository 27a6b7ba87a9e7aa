"""The page of one submission, in every state that it has."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from playwright.sync_api import Page
from sqlalchemy.orm import Session

from api.services import triaging
from models.needs import Need
from models.proposals import Band, ProposalState
from models.triage import Submission
from tests import factories, triage
from tests.browser.cases import Case, Part

ROUTE = "/triage/{submission_id}"
_FLAG = {
    "kind": "copied_need",
    "says": "Forty words stand in the need too",
    "field": None,
    "start": None,
    "end": None,
    "text": "wait years",
}


_ELSEWHERE = {
    "description": "A list that is shared.",
    "problems_tackled": "Nobody knows who parks where.",
    "how_it_works": "People write it down.",
    "care_settings": [],
}


def needs(session: Session, count: int, **values: Any) -> list[Need]:
    """So many to stand beside a submission."""
    return [factories.make_need(session, title=f"Need {number + 1}", **values) for number in range(count)]


def submission(
    session: Session, at: datetime, name: str, beside: Sequence[Need] = (), *, best: float = 0.6, aside: bool = False, **values: Any
) -> Submission:
    """One that waits, with a pair to judge for each need; those that were set `aside` stay when others are ranked in their place."""
    state = {"state": ProposalState.DEFERRED, "deferred_until": at} if aside else {}
    row = triage.submission(session, at=at, name=name, **({} if beside else _ELSEWHERE) | values)
    for number, need in enumerate(beside):
        band, flags = (Band.POSSIBLE, [_FLAG]) if number else (Band.STRONG, [])
        factories.make_proposal(session, need, row.innovation, probability=best - number / 1_000_000, band=band, flags=flags, **state)
    return row


def fill(session: Session, at: datetime) -> Mapping[str, str | UUID]:
    """A submission in each state; what is ranked meanwhile adds to their matches."""
    by, beside = triage.officer(session, name="Officer of the queue"), needs(session, 7)
    found = {
        name: submission(session, at, f"Handed in, {name}", beside[:2], aside=True) for name in ("waiting", "taken", "asked", "archived")
    }
    found |= {"alone": submission(session, at, "Handed in, alone"), "many": submission(session, at, "Handed in, many", beside, aside=True)}
    found["held"] = triage.submission(session, at=at, name="Handed in, held", consent_at=None, consent_by="")
    triaging.take(session, found["taken"].id, actor=by, at=at)
    triage.conclude(session, found["asked"], replace(triage.ASK, answer_by=(at + timedelta(days=7)).date()), by, at=at)
    letter = triage.conclude(session, found["archived"], triage.ARCHIVE, by, at=at, leave_undecided=True)
    return {f"triage_{name}": row.id for name, row in found.items()} | {"triage_letter": letter.id}


def _press(label: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("button", name=label).first.click()


def _reject_without_words(page: Page) -> None:
    page.locator("#rejected summary").click()
    page.get_by_role("button", name="Other (say what)").first.click()
    page.locator(".nhsuk-error-summary a").wait_for()


def _stale(page: Page) -> None:
    page.evaluate("document.querySelectorAll('.app-verdict [name=pair_version]').forEach(each => each.value = '999')")
    page.get_by_role("button", name="Confirm").click()
    page.locator(".nhsuk-error-summary:not([hidden])").wait_for()


def _help(page: Page) -> None:
    _press("Show all shortcuts")(page)
    page.locator("dialog[open]").wait_for()


def _without_question(page: Page) -> None:
    _press("Ask this question")(page)
    page.locator("#question-error").wait_for()


PART = Part(
    cases=(
        Case(ROUTE, "/triage/{triage_waiting}", "hub", "waits"),
        Case(ROUTE, "/triage/{triage_waiting}", "hub", "a reason is missing", _reject_without_words),
        Case(ROUTE, "/triage/{triage_waiting}", "hub", "stale", _stale),
        Case(ROUTE, "/triage/{triage_waiting}", "hub", "the shortcuts", _help),
        *(Case(ROUTE, f"/triage/{{triage_waiting}}?outcome={each}", "hub", each) for each in ("active", "ask", "refer", "archive")),
        Case(ROUTE, "/triage/{triage_waiting}?outcome=ask", "hub", "the question is missing", _without_question),
        Case(ROUTE, "/triage/{triage_many}?all=true", "hub", "all of its matches"),
        *(Case(ROUTE, f"/triage/{{triage_{each}}}", "hub", each) for each in ("alone", "taken", "asked", "archived", "held")),
        Case(ROUTE, "/triage/{triage_waiting}", "lead", "waits"),
        Case(f"{ROUTE}/letters/{{outcome_id}}", "/triage/{triage_archived}/letters/{triage_letter}", "hub", "to print"),
    ),
    fill=fill,
)
