"""A restore brings all of a backup back, or changes nothing."""

import json
import random
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections import namedtuple
from hashlib import sha256

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

import migrations
from api.services import restoring
from api.services.backing_up import heads_file
from api.services.backup_files import HEADS, MANIFEST, SEAL_BYTES, BackupDamaged, seal
from api.services.faults import Fault
from api.services.restoring import restore
from models.mail import MessageState
from models.queries import mail
from tests import factories, mails
from tests.walk import now


def bring_back(made, file, **options):
    return restore(file, made.settings, **{"replace": True, "at": now()} | options)


def rewritten(file, change):
    """The backup with its members and manifest changed by somebody who knows how to seal it again."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop(MANIFEST))
    change(members, manifest)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr(MANIFEST, json.dumps(manifest))
        archive.comment = b"0" * SEAL_BYTES
    seal(file)
    return file


def with_lines(name, change):
    """A change of one table's lines under which the manifest still holds."""

    def changed(members, manifest):
        lines = change([json.loads(line) for line in members[f"tables/{name}.jsonl"].splitlines()])
        content = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
        members[f"tables/{name}.jsonl"] = content
        manifest["tables"][name] = {"rows": len(lines), "bytes": len(content), "sha256": sha256(content).hexdigest()}

    return changed


def with_value(name, column, value):
    return with_lines(name, lambda lines: [{**lines[0], column: value}, *lines[1:]])


@pytest.fixture
def unchanged(small):
    """Claims at its end that the installation is as it was, and nothing lies beside its database."""
    before, beside = small.rows(), sorted(path.name for path in small.settings.home.iterdir())
    small.close()
    beside = sorted(path.name for path in small.settings.home.iterdir())
    yield
    assert sorted(path.name for path in small.settings.home.iterdir()) == beside
    assert small.rows() == before


@pytest.mark.usefixtures("unchanged")
def test_any_wrong_bit_is_seen_before_anything_is_written(small, backup):
    chance, whole = random.Random(7), backup.read_bytes()  # noqa: S311 -- the same bits each time

    for _ in range(50):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        backup.write_bytes(damaged)
        with pytest.raises(BackupDamaged, match="Nothing was changed"):
            bring_back(small, backup)


@pytest.mark.usefixtures("unchanged")
def test_a_file_that_was_cut_short_is_refused_and_so_is_any_other_file(small, backup, tmp_path):
    whole = backup.read_bytes()
    for length in (0, 10, SEAL_BYTES, len(whole) // 2, len(whole) - 1):
        backup.write_bytes(whole[:length])
        with pytest.raises(BackupDamaged):
            bring_back(small, backup)

    text_file = tmp_path / "letter.txt"
    text_file.write_bytes(b"Dear Hub" + b"0" * SEAL_BYTES)
    seal(text_file)
    with pytest.raises(BackupDamaged):
        bring_back(small, text_file)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda members, _: members.update({"../../outside": b"x"}), id="a path that leads out"),
        pytest.param(lambda members, _: members.update({"tables/other.jsonl": b""}), id="a member too many"),
        pytest.param(lambda members, _: members.pop(HEADS), id="a member too few"),
        pytest.param(lambda members, _: members.update({"tables/need.jsonl": b"{}\n" * 9}), id="a member unlike its hash"),
        pytest.param(lambda members, _: members.update({"tables/need.jsonl": b"0" * 50_000_000}), id="a bomb"),
        pytest.param(lambda _, manifest: manifest.update(format=2), id="a format to come"),
        pytest.param(lambda _, manifest: manifest.update(surprise=1), id="a manifest that says more"),
        pytest.param(lambda _, manifest: manifest["head"].update(position=7), id="another end of the chain"),
        pytest.param(lambda _, manifest: manifest.update(id="x" * 2_000_000), id="a manifest without end"),
        pytest.param(with_lines("need", lambda lines: [{"id": 1}]), id="a row without its columns"),
        pytest.param(with_lines("need", lambda lines: [[]]), id="a row that is a list"),
        pytest.param(with_lines("need", lambda lines: [b"{"]), id="a row that is no JSON"),
        pytest.param(with_value("need", "id", 5), id="an id that is a number"),
        pytest.param(with_value("need", "title", 5), id="a title that is a number"),
        pytest.param(with_value("need", "status", "bogus"), id="a status that nobody knows"),
        pytest.param(with_value("need", "created_at", "2026-01-01"), id="a time without a zone"),
        pytest.param(with_value("need", "title", ""), id="a title that is too short"),
        pytest.param(with_value("need", "version", 1 << 70), id="a number that is too large"),
        pytest.param(with_value("need", "title", "\ud800"), id="a character that is none"),
        pytest.param(with_value("need_place", "place_id", "00000000-0000-0000-0000-000000000000"), id="a row that points nowhere"),
    ],
)
def test_a_file_made_to_deceive_changes_nothing(small, backup, change):
    with pytest.raises(BackupDamaged, match="Nothing was changed"):
        bring_back(small, rewritten(backup, change))


@pytest.mark.usefixtures("unchanged")
def test_a_line_without_end_is_refused(small, backup, monkeypatch):
    monkeypatch.setattr("api.services.backup_files._LONGEST_LINE", 100)
    monkeypatch.setattr("api.services.backup_files._BLOCK", 10)

    with pytest.raises(BackupDamaged):
        bring_back(small, backup)


@pytest.mark.usefixtures("unchanged")
def test_a_table_whose_last_line_does_not_end_is_refused(small, backup):
    def cut(members, manifest):
        content = members["tables/need.jsonl"][:-1]
        members["tables/need.jsonl"] = content
        manifest["tables"]["need"] = {"rows": 0, "bytes": len(content), "sha256": sha256(content).hexdigest()}

    with pytest.raises(BackupDamaged):
        bring_back(small, rewritten(backup, cut))


def test_large_rows_are_loaded_few_at_a_time(small, backup, monkeypatch):
    monkeypatch.setattr("api.services.backup_files._CHUNK_BYTES", 1)
    before = small.rows()
    small.close()

    bring_back(small, backup)

    assert small.rows()["decision"] == before["decision"]


@pytest.mark.usefixtures("unchanged")
def test_a_backup_of_another_release_says_what_to_do(small, backup):
    file = rewritten(backup, lambda _, manifest: manifest.update(revision="0002", product_version="0.0.9"))

    with pytest.raises(Fault, match=r"release 0\.0\.9 at database step 0002.*Install that release"):
        bring_back(small, file)


@pytest.mark.usefixtures("unchanged")
def test_a_database_that_is_somebodys_is_replaced_only_when_asked(small, backup):
    with pytest.raises(Fault, match="--replace"):
        bring_back(small, backup, replace=False)


@pytest.mark.usefixtures("unchanged")
def test_a_database_in_use_is_not_replaced(small, backup):
    using = sqlite3.connect(small.settings.home / "matching.sqlite")
    using.execute("SELECT count(*) FROM need").fetchone()

    with pytest.raises(Fault, match="Another program uses"):
        bring_back(small, backup)

    using.close()


@pytest.mark.usefixtures("unchanged")
def test_a_disk_without_room_is_told_before_anything_is_written(small, backup, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(10, 9, 1))

    with pytest.raises(Fault, match="Make room"):
        bring_back(small, backup)


@pytest.mark.usefixtures("unchanged")
def test_snapshots_that_cannot_be_deleted_stop_it(small, backup, monkeypatch):
    small.settings.snapshot_folder.mkdir()
    monkeypatch.setattr(shutil, "rmtree", lambda *_args, **_kwargs: None)

    with pytest.raises(Fault, match="snapshots are of another state"):
        bring_back(small, backup)

    small.settings.snapshot_folder.rmdir()


def test_a_home_without_a_database_is_filled(small, backup, install):
    before, fresh = small.rows(), install()
    fresh.close()
    shutil.rmtree(fresh.settings.home)

    bring_back(fresh, backup, replace=False)

    assert fresh.rows()["need"] == before["need"]
    assert heads_file(fresh.settings).read_bytes() == heads_file(small.settings).read_bytes()


def test_what_came_after_the_backup_is_gone_and_its_heads_are_put_aside(small, backup):
    before = small.rows()["need"]
    with small.database.transaction() as session:
        factories.make_need(session)
    (small.settings.snapshot_folder / "any").mkdir(parents=True)
    heads_file(small.settings).write_text(
        json.dumps({"date": "2026-12-01", "position": 99, "hash": "a" * 64, "chain_id": "b" * 64}) + "\n", encoding="utf-8"
    )
    (small.settings.heads_folder / "head.json").unlink()
    small.close()

    restored = bring_back(small, backup)

    assert small.rows()["need"] == before
    assert not small.settings.snapshot_folder.exists()
    assert '"position": 99' in (restored.heads_aside / "heads.jsonl").read_text(encoding="utf-8")
    assert '"position":1' in heads_file(small.settings).read_text(encoding="utf-8")


def test_heads_that_agree_stay_where_they_are(small, backup):
    assert bring_back(small, backup).heads_aside is None


def test_a_backup_without_heads_is_restored(install, small, tmp_path):
    bare = install()
    bare.back_up(tmp_path / "bare.zip")
    bare.close()

    restored = bring_back(small, tmp_path / "bare.zip")

    assert restored.heads_aside is not None
    assert not heads_file(small.settings).exists()


def test_a_history_that_was_altered_before_the_backup_is_brought_back_and_told(small, tmp_path):
    with sqlite3.connect(small.settings.home / "matching.sqlite") as connection:
        connection.execute("DROP TRIGGER event_not_changed")
        connection.execute("UPDATE event SET actor = 'nobody'")
    connection.close()
    small.back_up(tmp_path / "altered.zip")
    small.close()

    assert "not as it was sealed" in bring_back(small, tmp_path / "altered.zip").findings[0]


def test_a_damaged_database_is_put_aside_and_replaced(small, backup):
    before, file = small.rows(), small.settings.home / "matching.sqlite"
    small.close()
    file.write_bytes(b"rubbish" * 1000)
    with pytest.raises(Fault, match="--replace"):
        bring_back(small, backup, replace=False)

    bring_back(small, backup)

    assert small.rows()["need"] == before["need"]
    assert [path.read_bytes()[:7] for path in file.parent.glob("*.damaged-*")] == [b"rubbish"]


def test_long_histories_are_sealed_to_their_end(small, backup, monkeypatch):
    monkeypatch.setattr(restoring, "_AT_ONCE", 1)

    bring_back(small, backup)

    assert [row for row in small.rows()["event"] if row["position"] is None] == []


@pytest.mark.faults
def test_a_kill_in_the_middle_leaves_what_was_there(small, backup):
    before = small.rows()
    small.close()
    code = (
        "import os, sys; from pathlib import Path; from datetime import UTC, datetime; from api.services import restoring; "
        "from api.settings import Settings; "
        "restoring.restore(Path(sys.argv[1]), Settings(home=Path(sys.argv[2])), replace=True, at=datetime.now(UTC), "
        "on_progress=lambda table: table == 'decision' and os.kill(os.getpid(), 9))"
    )

    ended = subprocess.run([sys.executable, "-c", code, str(backup), str(small.settings.home)], check=False)

    assert ended.returncode == -9
    assert small.rows() == before
    small.close()
    bring_back(small, backup)
    assert list(small.settings.home.glob(".restoring*")) == []


@pytest.fixture
def served(install, backup):
    """A PostgreSQL database into which the small installation was brought; nobody is connected."""
    made = install("postgresql")
    made.close()
    bring_back(made, backup, replace=False)
    return made


@pytest.mark.both
def test_on_postgresql_too_it_is_all_or_nothing(served, backup):
    before = served.rows()
    served.close()

    with pytest.raises(Fault, match="--replace"):
        bring_back(served, backup, replace=False)
    with pytest.raises(BackupDamaged, match="do not belong together"):
        bring_back(served, rewritten(backup, with_value("need", "title", "")))

    assert served.rows() == before


@pytest.mark.both
def test_on_postgresql_a_full_database_is_made_anew(served, backup):
    with served.database.transaction() as session:
        factories.make_need(session)
        assert len(session.scalars(text("SELECT id FROM need")).all()) == 2
    served.close()

    bring_back(served, backup)

    assert len(served.rows()["need"]) == 1
    served.close()
    migrations.check(served.settings.url)
    with pytest.raises(IntegrityError, match="never deleted"), served.database.transaction() as session:
        session.execute(text("DELETE FROM event"))


@pytest.mark.both
def test_on_postgresql_nobody_else_may_be_connected(served, backup):
    before = served.rows()
    served.close()
    engine = create_engine(served.settings.url, connect_args={"application_name": "somebody"})

    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        with pytest.raises(Fault, match=r"1 others are connected to the database .*somebody"):
            bring_back(served, backup)
        connection.execute(text("SELECT pg_advisory_lock(7251002)"))
        with pytest.raises(Fault, match="Another restore"):
            bring_back(served, backup)

    engine.dispose()
    assert served.rows() == before


def test_a_mail_that_may_have_left_since_the_backup_is_not_sent_by_itself(small, tmp_path):
    with small.database.transaction() as session:
        waiting, sent = (mails.make_mail(session, state=state).id for state in (MessageState.QUEUED, MessageState.SENT))
    small.back_up(tmp_path / "backup.zip")
    small.close()
    bring_back(small, tmp_path / "backup.zip")

    with small.database.reading() as session:
        assert [mail.one(session, each).state for each in (waiting, sent)] == [MessageState.UNSURE, MessageState.SENT]
