"""One correlation id goes from a request through every job that it makes necessary into all of their events."""

from collections import defaultdict

import pytest
from sqlalchemy import select

from models.events import Event
from models.jobs import JobRow
from tests import factories
from tests.walk import ADHD_NEED, ADHD_TEST, WOUND_DRESSING

pytestmark = pytest.mark.both


@pytest.fixture
def told(database):
    """`told()`: the kinds of events that each document had, by document and correlation id."""

    def told():
        found = defaultdict(set)
        with database.reading() as session:
            for row in session.scalars(select(Event)):
                found[str(row.subject_id), row.correlation_id].add(row.kind)
        return found

    return told


def post(client, url, body, correlation_id):
    reply = client.post(f"/api/v1{url}", json={**body, "submit": True}, headers={"X-Correlation-ID": correlation_id})
    assert (reply.status_code, reply.headers["x-correlation-id"]) == (201, correlation_id)
    return reply.json()["id"]


def test_one_id_goes_from_a_request_through_its_jobs_into_their_events(runner, hub, make, database, told):
    make(factories.make_place)
    need = post(hub, "/needs", ADHD_NEED, "n" * 32)
    runner.run_due()

    innovation = post(hub, "/innovations", ADHD_TEST, "i" * 32)
    with database.reading() as session:
        owed = {(row.name, row.correlation_id) for row in session.scalars(select(JobRow))}
    runner.run_due()

    assert ("embed", "i" * 32) in owed
    events = told()
    assert events[need, "n" * 32] == {"need.created", "need.opened", "need.embedded"}
    assert events[innovation, "i" * 32] == {"innovation.created", "submission.received", "innovation.embedded"}
    assert [kinds for (subject, asked), kinds in events.items() if asked == "i" * 32 and subject != innovation] == [{"ranking.completed"}]


def test_documents_that_are_embedded_together_keep_each_its_own_id(runner, hub, told):
    posted = {post(hub, "/innovations", body, name * 32): name * 32 for name, body in (("a", ADHD_TEST), ("b", WOUND_DRESSING))}

    runner.run_due()

    found = told()
    for document, asked in posted.items():
        assert {ids for subject, ids in found if subject == document} == {asked}
        assert "innovation.embedded" in found[document, asked]
