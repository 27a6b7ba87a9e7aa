"""Sharing out submissions over the API: to a colleague, until a day, with notes; what is wrong is told with what to do."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.innovations import InnovationKind
from models.people import Role
from tests import factories, triage
from tests.factories import ANY_VERSION

SUBMISSIONS = "/api/v1/submissions"


@pytest.fixture
def row(make: Any) -> Any:
    """A submission that waits."""
    return make(triage.submission, at=datetime.now(UTC))


def listed(hub: TestClient, query: str = "") -> list[str]:
    return [each["id"] for each in hub.get(f"{SUBMISSIONS}{query}").json()["items"]]


def test_a_submission_is_given_to_a_colleague(hub: TestClient, make: Any, row: Any) -> None:
    colleague, board = make(factories.make_person, name="Second officer"), make(factories.make_person, Role.BOARD)

    given = hub.post(f"{SUBMISSIONS}/{row.id}/assign", json={"to": str(colleague.id)}, headers={"If-Match": '"1"'})
    taken = hub.post(f"{SUBMISSIONS}/{row.id}/assign", json={"to": str(board.id)}, headers=ANY_VERSION)
    unknown = hub.post(f"{SUBMISSIONS}/{row.id}/assign", json={"to": str(board.id), "over": True}, headers=ANY_VERSION)

    assert (given.json()["assigned_to"], given.json()["mine"], given.headers["etag"]) == ("Second officer", False, '"2"')
    assert (taken.status_code, taken.json()["title"]) == (409, "SubmissionTaken")
    assert (unknown.status_code, unknown.json()["title"]) == (422, "UnknownColleague")


def test_what_is_put_off_is_left_out_of_the_list_until_it_is_woken(hub: TestClient, row: Any) -> None:
    put_off = hub.post(f"{SUBMISSIONS}/{row.id}/snooze", json={"until": triage.soon()}, headers=ANY_VERSION).json()
    usual, asked_for = listed(hub), listed(hub, "?snoozed=true")
    woken = hub.post(f"{SUBMISSIONS}/{row.id}/wake", headers=ANY_VERSION).json()
    too_far = hub.post(f"{SUBMISSIONS}/{row.id}/snooze", json={"until": "2199-01-01"}, headers=ANY_VERSION)

    assert (put_off["snoozed_until"], put_off["snoozed_by"]) == (triage.soon(), "Hub officer")
    assert (usual, asked_for) == ([], [str(row.id)])
    assert (woken["snoozed_until"], listed(hub)) == (None, [str(row.id)])
    assert (too_far.status_code, too_far.json()["title"], "within 60 days" in too_far.json()["detail"]) == (422, "SnoozeRefused", True)


def test_notes_are_written_read_and_deleted(hub: TestClient, row: Any) -> None:
    address = f"{SUBMISSIONS}/{row.id}/notes"

    note = hub.post(address, json={"text": "They call back."}).json()
    unseen = hub.post(address, json={"text": "\u200b"})
    read = hub.get(address).json()
    deleted = hub.delete(f"{address}/{note['id']}")

    assert (note["text"], note["written_by"], read) == ("They call back.", "Hub officer", [note])
    assert (unseen.status_code, deleted.status_code, hub.get(address).json()) == (422, 204, [])


def test_nobody_but_the_hub_reads_notes(client_as: Callable[..., TestClient], row: Any) -> None:
    for role in (Role.INNOVATOR, Role.PLACE, Role.BOARD):
        assert client_as(role).get(f"{SUBMISSIONS}/{row.id}/notes").status_code == 403


def test_the_list_is_narrowed_by_kind_and_flag(hub: TestClient, make: Any, row: Any) -> None:
    flag = {"kind": "copied_need", "says": "Copied", "field": None, "start": None, "end": None, "text": ""}
    other = make(triage.submission, at=datetime.now(UTC), kind=InnovationKind.MEDICINE)
    make(lambda session: factories.make_proposal(session, None, session.merge(row).innovation, flags=[flag]))

    assert listed(hub, "?kind=MEDICINE") == listed(hub, "?flagged=false") == [str(other.id)]
    assert listed(hub, "?flagged=true") == [str(row.id)]
