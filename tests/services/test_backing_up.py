"""A backup holds everything, as it was in one moment, and goes from either database into either."""

import os
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import types

from api.queue import Job
from api.services import backing_up
from api.services.auditing import verify
from api.services.backing_up import newest_at, usual_target
from api.services.backup_files import LEFT_OUT, MANIFEST, written
from api.services.faults import Fault
from api.services.restoring import restore
from models import Base
from models.actors import SYSTEM
from models.jobs import JobRow, JobState
from models.queries import events
from tests import factories
from tests.backups import fill
from tests.walk import now

POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.both)


def but_for_the_restore(rows, head):
    """Rows without what a restore adds: its event, the job to seal it, and the new end of the chain."""
    events_of_before = [row for row in rows["event"] if row["position"] <= head]
    return {**rows, "event": events_of_before, "job": [row for row in rows["job"] if row["name"] != Job.SEAL], "chain_head": []}


@pytest.mark.both
@pytest.mark.parametrize("source", ["sqlite", "postgresql"])
def test_every_row_and_every_answer_is_the_same_after_it(source, install, tmp_path):
    old = install(source)
    fill(old)
    manifest = old.back_up(tmp_path / "full.zip")
    before, head = old.rows(), manifest.head
    assert all(before.values()), "every table was asked"

    for target in ("sqlite", "postgresql"):
        new = install(target)
        new.close()
        restored = restore(tmp_path / "full.zip", new.settings, replace=False, at=now())

        assert but_for_the_restore(new.rows(), head.position) == but_for_the_restore(before, head.position)
        assert (restored.rows, restored.position, restored.findings) == (manifest.rows, head.position, [])
        assert new.answers() == old.answers() != []
        with new.database.reading() as session:
            (told,) = events.after(session, head.position, SYSTEM, kinds=None, limit=10)
            assert (told.kind, told.position, told.previous_hash) == ("database.restored", head.position + 1, head.hash)
            assert verify(session, [], at=now()).well


@pytest.mark.parametrize("kind", ["sqlite", POSTGRESQL])
def test_the_service_goes_on_writing_and_the_backup_is_of_one_moment(kind, install, tmp_path):
    made = install(kind)
    with made.database.transaction() as session:
        factories.make_need(session)

    def write_meanwhile(table):
        if table == "need":
            with made.database.transaction() as session:
                factories.make_need(session)

    manifest = made.back_up(tmp_path / "b.zip", on_progress=write_meanwhile)

    assert manifest.tables["need"].rows == manifest.tables["revision"].rows == 1
    assert len(made.rows()["need"]) == 2


def test_sign_ins_and_kept_answers_are_left_out(small, backup):
    names = set(zipfile.ZipFile(backup).namelist())

    assert set(Base.metadata.tables) >= LEFT_OUT
    assert names == {MANIFEST, "audit/heads.jsonl"} | {f"tables/{name}.jsonl" for name in set(Base.metadata.tables) - LEFT_OUT}


def test_work_in_hand_is_owed_and_owed_once(small, tmp_path):
    with small.database.transaction() as session:
        for state, key in (
            (JobState.QUEUED, "a"),
            (JobState.RUNNING, "a"),
            (JobState.RUNNING, "b"),
            (JobState.RUNNING, "b"),
            (JobState.DEAD, "c"),
        ):
            row = {"name": "embed", "dedupe_key": key, "state": state, "arguments": {}, "leased_until": now(), "sent_at": now()}
            session.add(JobRow(**row, due_at=now(), created_at=now()))

    rows = [row for row in small.rows()["job"] if row["name"] == "embed"]

    assert sorted((row["dedupe_key"], row["state"]) for row in rows) == [("a", "queued"), ("b", "queued"), ("c", "dead")]
    assert {(row["leased_until"], row["sent_at"]) for row in rows} == {(None, None)}


def test_only_its_owner_reads_it_and_none_is_replaced_unasked(small, backup):
    assert backup.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Fault, match="is there already"):
        small.back_up(backup)

    small.back_up(backup, replace=True)

    assert [path.name for path in backup.parent.glob(".unfinished*")] == []


def test_a_backup_that_fails_leaves_the_one_before_and_nothing_beside(small, backup):
    before = backup.read_bytes()

    def fail(table):
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        small.back_up(backup, replace=True, on_progress=fail)

    assert backup.read_bytes() == before
    assert list(backup.parent.glob(".unfinished*")) == []


def test_what_a_killed_backup_left_is_cleared_when_it_is_old(small, tmp_path):
    young, old = tmp_path / ".unfinished-backup-young", tmp_path / ".unfinished-backup-old"
    for path in (young, old):
        path.touch()
    os.utime(old, (0, 0))

    small.back_up(tmp_path / "b.zip")

    assert (young.exists(), old.exists()) == (True, False)


def test_a_database_of_another_version_is_not_backed_up(database, tmp_path):
    with pytest.raises(Fault, match="matching init"):
        backing_up.back_up(database, tmp_path / "b.zip", heads=tmp_path / "none", at=now())


def test_a_table_without_keys_to_itself_and_a_chain_without_heads_is_backed_up(install, tmp_path):
    manifest = install().back_up(tmp_path / "b.zip")

    assert (manifest.heads, manifest.head.position, manifest.rows) == (None, 0, 0)


def test_the_usual_file_is_named_after_its_time(small, tmp_path):
    with pytest.raises(Fault, match="MATCHING_BACKUP_FOLDER"):
        usual_target(small.settings, now())

    chosen = small.settings.model_copy(update={"backup_folder": str(tmp_path)})

    assert usual_target(chosen, now()).name == f"matching-{now():%Y%m%dT%H%M%SZ}.zip"


def test_the_newest_backup_of_a_folder_is_found(tmp_path, backup):
    assert newest_at(tmp_path / "none") is None
    assert now() - newest_at(tmp_path) < timedelta(minutes=1)


def test_a_column_of_a_kind_that_nobody_thought_of_stops_the_backup():
    from sqlalchemy import Column, MetaData, Table

    strange = Table("strange", MetaData(), Column("seconds", types.Interval()))

    with pytest.raises(TypeError, match="No form of"):
        written(strange)
