"""Jobs over the API: what is owed, what failed too often, and having it tried again."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from api.queue import Job, enqueue
from models.events import Event
from models.jobs import JobRow
from models.keys import Scope
from models.people import Role

pytestmark = pytest.mark.both

JOBS = "/api/v1/jobs"
DUE = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


@pytest.fixture
def lead(client_as):
    return client_as(Role.LEAD)


@pytest.fixture
def owed(make):
    """A job of each state, the second due first."""

    def owe(session):
        enqueue(session, Job.SEAL, at=DUE, due_at=DUE + timedelta(hours=2))
        enqueue(session, Job.EMBED, at=DUE, side="need", id="1")
        enqueue(session, Job.SNAPSHOT, at=DUE, due_at=DUE + timedelta(hours=1))
        rows = {row.name: row for row in session.query(JobRow)}
        rows[Job.EMBED].start(at=DUE, lease_seconds=60)
        rows[Job.SNAPSHOT].attempts = 5
        rows[Job.SNAPSHOT].give_up("EncoderMissing: There is no encoder.", at=DUE)
        session.flush()
        return {row.name: str(row.id) for row in rows.values()}

    return make(owe)


def names(reply):
    assert reply.status_code == 200, reply.text
    return [row["name"] for row in reply.json()["items"]]


def test_what_is_owed_is_listed_and_what_is_due_first_comes_first(hub, owed):
    reply = hub.get(JOBS)

    assert names(reply) == ["embed", "snapshot", "seal"]
    first, second, _ = reply.json()["items"]
    assert (first["id"], first["state"], first["arguments"]) == (owed["embed"], "running", {"side": "need", "id": "1"})
    assert (second["state"], second["attempts"], second["last_error"]) == ("dead", 5, "EncoderMissing: There is no encoder.")
    assert second["finished_at"] is not None


def test_the_list_is_narrowed_and_paged(hub, owed):
    assert names(hub.get(JOBS, params={"state": "dead"})) == ["snapshot"]
    assert names(hub.get(JOBS, params={"name": "seal"})) == ["seal"]
    assert names(hub.get(JOBS, params={"name": "seal", "state": "dead"})) == []

    first = hub.get(JOBS, params={"limit": 2})
    second = hub.get(JOBS, params={"limit": 2, "after": first.json()["next"]})

    assert names(first) + names(second) == ["embed", "snapshot", "seal"]
    assert second.json()["next"] is None


@pytest.mark.parametrize(
    "asked", [{"state": "lost"}, {"name": "Seal; DROP"}, {"limit": 0}, {"limit": 101}, {"colour": "red"}, {"after": "x"}]
)
def test_what_no_list_is_narrowed_by_is_refused(hub, asked):
    assert hub.get(JOBS, params=asked).status_code == 422


def test_the_lead_has_a_dead_job_tried_again(lead, owed, database):
    reply = lead.post(f"{JOBS}/{owed['snapshot']}/retry")

    told = reply.json()
    assert (reply.status_code, told["state"], told["attempts"], told["finished_at"]) == (200, "queued", 0, None)
    assert datetime.fromisoformat(told["due_at"]) > DUE + timedelta(hours=1)
    assert names(lead.get(JOBS, params={"state": "dead"})) == []
    with database.reading() as session:
        (event,) = session.query(Event).filter_by(kind="job.retried").all()
    assert (event.kind, event.data) == ("job.retried", {"job": "snapshot"})
    assert event.actor.startswith("person:")


def test_a_job_that_has_not_failed_is_not_tried_again(lead, owed):
    lead.post(f"{JOBS}/{owed['snapshot']}/retry")

    replies = {name: lead.post(f"{JOBS}/{job_id}/retry") for name, job_id in owed.items()}

    assert {name: (reply.status_code, reply.json()["title"], reply.json()["state"]) for name, reply in replies.items()} == {
        "embed": (409, "NotDead", "running"),
        "seal": (409, "NotDead", "queued"),
        "snapshot": (409, "NotDead", "queued"),
    }


def test_a_job_that_is_done_or_never_was_is_not_found(lead):
    assert [lead.post(f"{JOBS}/{job_id}/retry").status_code for job_id in (uuid4(), "seal")] == [404, 422]


def test_only_the_lead_retries_and_only_the_hub_looks(client, client_as, client_with_key, hub, owed):
    retry = f"{JOBS}/{owed['snapshot']}/retry"
    place, innovator = client_as(Role.PLACE), client_as(Role.INNOVATOR)

    assert [each.get(JOBS).status_code for each in (client, place, innovator)] == [401, 403, 403]
    assert [each.post(retry).status_code for each in (client, place, innovator, hub)] == [401, 403, 403, 403]
    assert client_with_key(Role.PIPELINE, set(Scope) - {Scope.DECIDE}).get(JOBS).status_code == 403
    assert names(hub.get(JOBS, params={"state": "dead"})) == ["snapshot"]
