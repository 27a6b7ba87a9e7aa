"""The page of how the service runs: its state, work under way as it changes, and what failed, to be tried again."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.pages import running
from api.queue import Job, enqueue
from models.documents import Side
from models.imports import ImportBatch, ImportStatus
from models.jobs import JobRow, JobState
from models.mail import MessageState
from models.people import Role
from tests import factories, mails
from tests.factories import NOW
from tests.pages import HOSTILE, PAGE, Faults, read, words


@pytest.fixture
def lead(client_as: Callable[..., TestClient]) -> TestClient:
    """A browser of the Hub's lead."""
    return client_as(Role.LEAD)


def owe(session: Session, name: str = Job.EMBED, **values: Any) -> JobRow:
    """A job that failed too often, about a need."""
    arguments = {"side": "need", "id": str(factories.make_need(session).id)}
    said: dict[str, Any] = {"state": JobState.DEAD, "arguments": arguments, "finished_at": NOW, "attempts": 5, "last_error": "TextTooLong"}
    row = JobRow(name=name, dedupe_key=str(factories.uuid4()), due_at=NOW, created_at=NOW, correlation_id="", **said | values)
    session.add(row)
    session.flush()
    return row


def file(session: Session, **values: Any) -> ImportBatch:
    """A file of needs that is half in."""
    said: dict[str, Any] = {"file_name": "needs.csv", "status": ImportStatus.APPLYING, "total_rows": 40, "applied_rows": 20}
    row = ImportBatch(side=Side.NEED, file_hash="0", created_at=NOW, created_by="system", **said | values)
    session.add(row)
    session.flush()
    return row


def send(browser: TestClient, path: str) -> Any:
    """A button, as a browser without a script sends it; where it leads is followed."""
    return browser.post(path, headers=PAGE)


def states(session: Session) -> list[JobState]:
    return list(session.scalars(select(JobRow.state).where(JobRow.name == Job.EMBED)))


def test_what_is_missing_is_said_and_nothing_is_made_up(lead: TestClient) -> None:
    page = words(read(lead, "/running").text)

    assert "Works, with faults" in page
    assert "The encoder is missing or damaged, so nothing is ranked" in page
    assert "Encoder, which reads texts missing or damaged: run “matching doctor” on the server" in page
    assert "Nothing has failed" in page
    assert "All mail of the last week has left" in page


def test_a_slow_database_is_told_and_nothing_waits_for_it(app: FastAPI, lead: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.state.lookout, "figures", lambda: None)

    assert "The database is slow; look again in a minute" in read(lead, "/running").text


def test_what_failed_is_tried_again_by_the_lead(lead: TestClient, make: Callable[..., Any]) -> None:
    row = make(owe)

    listed = read(lead, "/running")
    again = send(lead, f"/running/jobs/{row.id}/retry")
    twice = send(lead, f"/running/jobs/{row.id}/retry")

    assert "Read a text for matching" in words(listed.text)
    assert "TextTooLong" in words(listed.text)
    assert f'href="/needs/{row.arguments["id"]}"' in listed.text
    assert "It is tried again now" in again.text
    assert (twice.status_code, "does not wait for anybody any more" in twice.text) == (409, True)
    assert make(states) == [JobState.QUEUED]


def test_all_that_failed_is_tried_again_at_once(lead: TestClient, make: Callable[..., Any]) -> None:
    for name in (Job.EMBED, Job.EMBED, Job.SNAPSHOT):
        make(owe, name, arguments={})

    again = send(lead, "/running/retry-all")

    assert "All are tried again now" in again.text
    assert make(states) == [JobState.QUEUED] * 2


def test_more_failures_than_a_page_holds_are_told(lead: TestClient, make: Callable[..., Any]) -> None:
    for _ in range(running._LISTED + 1):
        make(owe, arguments={})

    assert "More have failed than are shown here" in read(lead, "/running").text


def test_hub_staff_look_and_leave_trying_to_the_lead(
    hub: TestClient, client_as: Callable[..., TestClient], make: Callable[..., Any]
) -> None:
    row = make(owe)

    page = read(hub, "/running").text

    assert "Ask the lead of the Hub" in page
    assert "Try again" not in page
    assert send(hub, f"/running/jobs/{row.id}/retry").status_code == 403
    assert read(client_as(Role.BOARD), "/running").status_code == 403


def test_mail_that_did_not_arrive_is_counted(lead: TestClient, make: Callable[..., Any]) -> None:
    make(mails.make_mail, state=MessageState.UNSURE, created_at=datetime.now(UTC))

    assert "1 mail of the last week did not arrive" in words(read(lead, "/running").text)


def test_work_under_way_is_shown_and_names_are_text(lead: TestClient, make: Callable[..., Any]) -> None:
    make(file, file_name=HOSTILE)
    make(lambda session: enqueue(session, Job.SNAPSHOT, at=NOW))
    make(owe, Job.EMBED, last_error=HOSTILE, arguments={"side": "elsewhere", "id": HOSTILE})

    page = read(lead, "/running").text

    assert Faults.of(page) == []
    assert "20 of 40 rows" in words(page)
    assert "Store the index 1 0" in words(page)


def test_a_script_asks_once_where_it_gets_no_stream(app: FastAPI, lead: TestClient, make: Callable[..., Any]) -> None:
    make(lambda session: enqueue(session, Job.SNAPSHOT, at=NOW))
    batch = make(file)
    app.state.lookout._progress.get()

    told = lead.get("/running/progress", headers={"accept": "application/json"}).json()

    assert told["jobs"]["snapshot"] == [1, 0]
    assert told["files"] == {str(batch.id): [20, 40]}


def test_the_stream_tells_changes_and_ends_by_itself(
    app: FastAPI, lead: TestClient, make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "STREAM_SECONDS", 0.3)
    monkeypatch.setattr(running, "_EVERY_SECONDS", 0.05)
    make(lambda session: enqueue(session, Job.SNAPSHOT, at=NOW))
    app.state.lookout._progress.get()

    answer = lead.get("/running/progress", headers={"accept": "text/event-stream"})

    said = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.startswith("retry: ")
    assert len(said) == 1
    assert json.loads(said[0])["waiting"] >= 1


def test_the_stream_holds_neither_thread_nor_connection_while_it_waits(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "STREAM_SECONDS", 0.4)
    monkeypatch.setattr(running, "_EVERY_SECONDS", 0.2)

    async def many() -> None:
        async def one() -> None:
            async for _ in running._stream(app.state.lookout):
                pass

        await asyncio.wait_for(asyncio.gather(*(one() for _ in range(200))), timeout=5)

    with ThreadPoolExecutor(1) as thread:  # this one may have a loop already: that of a browser
        thread.submit(asyncio.run, many()).result()

    assert app.state.database.engine.pool.checkedout() == 0
