"""What is being done in the background, as somebody watches it."""

from api.queue import Job, enqueue
from api.services.progress import progress
from models.documents import Side
from models.imports import ImportBatch, ImportStatus
from models.jobs import JobRow, JobState
from models.queries import jobs
from tests.factories import NOW


def test_nothing_under_way_is_nothing(session):
    found = progress(session, at=NOW)

    assert (found.waiting, found.in_hand) == (0, 0)
    assert found.to_json() == {"waiting": 0, "in_hand": 0, "jobs": {}, "files": {}}


def test_work_is_told_by_kind_and_what_nobody_works_on_is_left_out(session):
    for number in range(3):
        enqueue(session, Job.CLOSE_CALL, at=NOW, call=str(number))
    jobs.next_due(session, NOW).start(at=NOW, lease_seconds=60)
    session.add(
        JobRow(
            name="mail", dedupe_key="dead", arguments={}, state=JobState.DEAD, due_at=NOW, created_at=NOW, last_error="", correlation_id=""
        )
    )
    session.flush()

    assert progress(session, at=NOW).to_json()["jobs"] == {"close_call": [2, 1]}


def test_files_are_told_while_their_rows_are_stored(session):
    said = {"side": Side.NEED, "file_hash": "0", "created_at": NOW, "created_by": "system", "total_rows": 40}
    under_way = ImportBatch(file_name="needs.csv", status=ImportStatus.APPLYING, applied_rows=10, **said)
    session.add_all([under_way, ImportBatch(file_name="done.csv", status=ImportStatus.COMPLETE, applied_rows=40, **said)])
    session.flush()

    found = progress(session, at=NOW)

    assert [(each.name, each.done, each.total) for each in found.files] == [("needs.csv", 10, 40)]
    assert found.to_json()["files"] == {str(under_way.id): [10, 40]}
