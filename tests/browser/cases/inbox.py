"""The inbox of triage and what stands beside it: many at once, notes, views, and more like one submission."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from playwright.sync_api import Page
from sqlalchemy.orm import Session

from api.services import assigning, keeping_views, noting
from api.services.accounts import actor_of_person
from models.people import Role
from models.queries import people
from models.triage import OutcomeKind
from tests import factories, triage
from tests.browser.cases import Case, Part

BULK, NOTES, ALIKE = "/triage/bulk", "/triage/{submission_id}/notes", "/triage/{submission_id}/similar"
FLAG = {"kind": "copied_need", "says": "Copied", "field": None, "start": None, "end": None, "text": ""}


def _fill(session: Session, at: datetime) -> Mapping[str, str | UUID]:
    hub = people.by_email(session, "hub@example.org") or factories.make_person(session, Role.HUB, email="hub@example.org")
    by, colleague = actor_of_person(hub), triage.officer(session, name="Second officer")
    late = triage.submission(session, at=at - timedelta(days=20), name="A bed that says when somebody gets up")
    factories.make_proposal(session, None, late.innovation, flags=[FLAG])
    noting.write(session, late.id, "They call back on Thursday.\nAsk for the price then.", actor=by, at=at)
    theirs, put_off, gone = (triage.submission(session, at=at, name=name) for name in ("Taken bed", "Later bed", "Archived bed"))
    assigning.assign(session, theirs.id, colleague.person_id or theirs.id, actor=colleague, at=at)
    assigning.snooze(session, put_off.id, (at + timedelta(days=14)).date(), actor=by, at=at)
    triage.conclude(session, gone, triage.Choice(kind=OutcomeKind.ARCHIVE, reason=triage.ARCHIVE.reason), colleague, at=at)
    for name, query in (("Late and mine", "age=overdue&who=me"), ("Nobody's", "who=nobody")):
        keeping_views.save(session, path="/triage", name=name, query=query, actor=by, at=at)
    return {"late": late.id, "theirs": theirs.id, "put_off": put_off.id, "quiet": triage.submission(session, at=at, name="Quiet bed").id}


def _press(name: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        page.get_by_role("main").get_by_role("button", name=name).first.click()
        page.wait_for_load_state()

    return act


def _changed_meanwhile(page: Page) -> None:
    """Take a submission in a version that it no longer has."""
    page.locator("input[name=chosen]").first.evaluate("each => each.value = each.value.replace(/[0-9]+$/, '999')")
    _press("Take")(page)


def _nameless(page: Page) -> None:
    page.get_by_text("Keep this view").first.click()
    _press("Keep this view")(page)


PART = Part(
    cases=(
        Case("/triage", "/triage", "hub"),
        Case("/triage", "/triage?put_off=all&state=closed", "hub", "left triage"),
        Case("/triage", "/triage?put_off=yes", "hub", "put off"),
        Case("/triage", "/triage?age=overdue&flagged=yes", "hub", "overdue, with a flag"),
        Case("/triage", "/triage?who=nobody", "hub", "a view of one's own"),
        Case("/triage", "/triage?q=zebra", "hub", "nothing found"),
        Case("/triage", "/triage?done=archive&count=3", "hub", "done"),
        Case("/triage", "/triage?done=take&one={late}", "hub", "done to one"),
        Case("/triage", "/triage?state=lost", "hub", "unknown filter"),
        Case("/triage", "/triage", "leeds", "not for them"),
        Case(BULK, "/triage/bulk?do=archive&chosen={late}&chosen={theirs}", "hub", "before archiving"),
        Case(BULK, "/triage/bulk?do=archive&chosen={late}", "hub", "without a reason", _press("Archive 1 submission")),
        Case(BULK, "/triage/bulk?do=assign&chosen={late}&chosen={theirs}", "hub", "before giving to a colleague"),
        Case(BULK, "/triage/bulk?do=assign&chosen={late}", "hub", "without a colleague", _press("Give 1 submission to a colleague")),
        Case(BULK, "/triage/bulk?do=snooze&chosen={late}", "hub", "before putting off"),
        Case(BULK, "/triage/bulk?do=snooze&chosen={late}", "hub", "without a day", _press("Put 1 submission off")),
        Case(BULK, "/triage/bulk?do=wake&chosen={put_off}", "hub", "before putting off no longer"),
        Case(BULK, "/triage/bulk?do=take&chosen={theirs}", "hub", "none can be changed"),
        Case(BULK, "/triage/bulk?do=take", "hub", "nothing ticked"),
        Case(BULK, "/triage/bulk?do=take&chosen={late}", "hub", "changed meanwhile", _changed_meanwhile),
        Case(NOTES, "/triage/{late}/notes", "hub"),
        Case(NOTES, "/triage/{quiet}/notes", "hub", "none yet"),
        Case(NOTES, "/triage/{quiet}/notes", "hub", "nothing written", _press("Write the note")),
        Case(NOTES, "/triage/{late}/notes?done=deleted", "hub", "deleted"),
        Case(ALIKE, "/triage/{late}/similar", "hub"),
        Case("/views", "/views", "hub"),
        Case("/views", "/views", "board", "none yet"),
        Case("/views", "/triage?who=me", "hub", "without a name", _nameless),
        Case("/views", "/views?done=deleted", "hub", "deleted"),
    ),
    fill=_fill,
)
