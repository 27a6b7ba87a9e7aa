"""The lead's round: somebody comes in, a key is made and ended, what failed is tried again, and work is watched as it changes."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from api.queue import Job, enqueue
from models.jobs import JobRow, JobState
from tests.browser.conftest import Site, Visitor

pytestmark = pytest.mark.browser


def fail_a_job(site: Site) -> None:
    """Put one down that failed five times and says so by a name of its own."""
    at = datetime.now(UTC)
    with site.app.state.database.transaction() as session:
        session.add(
            JobRow(
                name=Job.NOTICE,
                dedupe_key=str(uuid4()),
                arguments={},
                state=JobState.DEAD,
                due_at=at + timedelta(days=300),
                created_at=at,
                finished_at=at,
                attempts=5,
                last_error="Out of reach",
                correlation_id="",
            )
        )


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_the_lead_invites_somebody_makes_a_key_and_has_work_tried_again(visit: Callable[..., Visitor], site: Site, script: bool) -> None:
    fail_a_job(site)
    visitor = visit(width=320, script=script).sign_in("lead")
    main = visitor.page.get_by_role("main")

    page = visitor.open("/manage")
    main.get_by_role("link", name="People").click()
    main.get_by_role("link", name="Invite somebody").first.click()
    page.get_by_label("E-mail address").fill(f"{uuid4().hex}@example.org")
    page.get_by_label("Place team").check()
    page.get_by_role("button", name="Send the invitation").click()
    main.get_by_role("link", name="Choose the place").click()
    page.get_by_label("Place", exact=True).select_option("Leeds")
    page.get_by_role("button", name="Send the invitation").click()
    expect(main).to_contain_text("The invitation is on its way")

    visitor.open("/keys/new")
    page.get_by_label("Which system uses it?").fill("A system for a day")
    page.get_by_role("button", name="Make the key").click()
    secret = main.locator("code").first.inner_text()
    main.get_by_role("link", name="See all keys").click()
    expect(main).not_to_contain_text(secret)
    main.get_by_text("End it: the key of A system for a day").first.click()
    page.get_by_role("button", name="End the key of A system for a day").first.click()
    expect(main).to_contain_text("The key is ended")

    visitor.open("/running")
    row = main.get_by_role("row", name=re.compile("Out of reach"))
    row.get_by_role("button").click()
    expect(main).to_contain_text("It is tried again now")


def test_the_numbers_of_the_work_change_while_somebody_looks(visit: Callable[..., Visitor], site: Site) -> None:
    visitor = visit().sign_in("lead")
    page = visitor.open("/running")
    before = int(page.locator("[data-count=waiting]").inner_text())
    page.evaluate("window.stayed = true")

    with site.app.state.database.transaction() as session:
        for _ in range(40):  # more than are done meanwhile
            at = datetime.now(UTC)
            enqueue(session, Job.CLOSE_CALL, at=at, due_at=at + timedelta(days=1), call=str(uuid4()))

    page.wait_for_function("least => Number(document.querySelector('[data-count=waiting]').textContent) >= least", arg=before + 20)
    expect(page.locator("[data-live]")).to_contain_text("There is new work")
    assert page.evaluate("window.stayed")
    assert visitor.moved() == []
