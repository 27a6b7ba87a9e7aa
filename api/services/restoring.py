"""A restore: what stands there is replaced by a backup as a whole, or left as it was.

PostgreSQL does it in one transaction, tables and triggers included. SQLite cannot rebuild its tables under a trigger that
forbids deletion, so that a new file is made beside the old one and takes its place by a rename.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy import make_url
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError
from sqlalchemy.orm import Session

import migrations
from api.db import Database
from api.services import delivering, heads, posting
from api.services.auditing import verify
from api.services.backup_files import Backup, BackupDamaged, Head, opened_backup, tables
from api.services.faults import Fault
from api.services.recording import record
from api.settings import Settings
from models.actors import SYSTEM
from models.events import Event
from models.queries import tables as all_tables
from models.queries.chain import hash_at

PRECIOUS = ("person", "need", "innovation", "event")
"""A database with a row in any of these is somebody's."""
_AT_ONCE = 1_000
_SIDE = ".restoring-"

Progress = Callable[[str], None]
"""Told the name of each table before it is loaded."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back, where the event chain of the backup ended and what is wrong with it.

    `heads_aside` is where the kept heads of the history that was replaced lie now, None when they are of this one too.
    """

    rows: int
    made_at: datetime
    position: int
    findings: Sequence[str]
    heads_aside: Path | None


def restore(file: Path, settings: Settings, *, replace: bool, at: datetime, on_progress: Progress = lambda _table: None) -> Restored:
    """Put a backup in the place of the database of the settings; raises Fault, and changes nothing, when that cannot be.

    The caller sees to it that nobody serves this home. Snapshots are deleted, because one of them may tell of events
    that the restored database is yet to see under the same positions.
    """
    with opened_backup(file) as backup:
        _must_fit(backup)
        into = _into_file if make_url(settings.url).get_backend_name() == "sqlite" else _into_server
        with into(settings, backup, replace=replace, at=at) as session:
            _load(session, backup, on_progress)
            findings, agree = _prove(session, backup, at), _agree(session, settings.heads_folder)
            posting.doubt(session)  # nobody knows what has left since the backup was made
            _tell(session, backup, at)
            shutil.rmtree(settings.snapshot_folder, ignore_errors=True)
            if settings.snapshot_folder.exists():
                raise Fault(f"{settings.snapshot_folder} cannot be deleted, and its snapshots are of another state. Nothing was changed.")
        aside = _keep_heads(backup, settings.heads_folder, agree=agree, at=at)
        said = backup.manifest
        return Restored(rows=said.rows, made_at=said.made_at, position=said.head.position, findings=findings, heads_aside=aside)


def _must_fit(backup: Backup) -> None:
    """Refuse what another release wrote: its tables are not ours."""
    said, ours = backup.manifest, migrations.head()
    if said.revision != ours or set(said.tables) != {table.name for table in tables()}:
        raise Fault(
            f"{backup.file} was made by release {said.product_version} at database step {said.revision}; this installation makes {ours}. "
            "Install that release, restore with it, then install this one and run `matching init`."
        )


@contextmanager
def _into_server(settings: Settings, _backup: Backup, *, replace: bool, at: datetime) -> Iterator[Session]:
    """One transaction on PostgreSQL in which the tables are made anew; nobody else may be connected."""
    database = Database(settings.url)
    try:
        with database.transaction() as session:
            if not all_tables.lock_for_restoring(session):
                raise Fault("Another restore into this database is under way. Wait for it.")
            if others := all_tables.others_connected(session):
                told = ", ".join(sorted(set(others)))
                raise Fault(f"{len(others)} others are connected to the database ({told}). Stop API, workers and beat, then restore.")
            _must_be_free(all_tables.holds_any(session, PRECIOUS), replace=replace)
            migrations.rebuild(session.connection())
            yield session
    finally:
        database.dispose()


@contextmanager
def _into_file(settings: Settings, backup: Backup, *, replace: bool, at: datetime) -> Iterator[Session]:
    """A new SQLite file beside the old one, which takes its place when the block ends."""
    file = Path(make_url(settings.url).database or "").resolve()
    file.parent.mkdir(parents=True, exist_ok=True)
    _clear(file)
    _must_be_free(_is_somebodys(file), replace=replace)
    if shutil.disk_usage(file.parent).free < backup.manifest.bytes:
        raise Fault(f"The backup needs {backup.manifest.bytes // 2**20 + 1} MiB beside {file}. Make room, then restore.")
    side = file.with_name(f"{_SIDE}{uuid4().hex}")
    try:
        migrations.upgrade(f"sqlite:///{side}")
        database = Database(f"sqlite:///{side}")
        try:
            with database.transaction() as session:
                yield session
        finally:
            database.dispose()
        _switch(side, file, at)
    finally:
        _clear(file)


def _must_be_free(taken: bool, *, replace: bool) -> None:
    if taken and not replace:
        raise Fault("The database holds people, needs, innovations or events. Back it up, then say --replace to restore over it.")


def _is_somebodys(file: Path) -> bool:
    """Whether a SQLite file holds anything that would be missed; one that cannot be read may."""
    if not file.is_file():
        return False
    database = Database(f"sqlite:///{file}")
    try:
        with database.reading() as session:
            return all_tables.holds_any(session, PRECIOUS)
    except (DatabaseError, sqlite3.DatabaseError):
        return True
    finally:
        database.dispose()


def _load(session: Session, backup: Backup, on_progress: Progress) -> None:
    for table in reversed(all_tables.in_order()):
        all_tables.clear(session, table)  # a step of the history may have brought rows of its own
    try:
        for table in tables():
            on_progress(table.name)
            for rows in backup.rows(table):
                all_tables.add(session, table, rows)
    except (IntegrityError, DataError, OverflowError, UnicodeEncodeError) as error:
        raise BackupDamaged(f"{backup.file} holds rows that do not belong together. Nothing was changed; take another file.") from error


def _prove(session: Session, backup: Backup, at: datetime) -> Sequence[str]:
    """Count what was loaded, and read the event chain to the head that the backup names; returns what is wrong with the chain itself.

    A chain that was tampered with before it was backed up is brought back all the same, and told: there may be no other backup.
    """
    counted = {table.name: all_tables.count(session, table) for table in tables()}
    chain = verify(session, [], at=at)
    told = Head(position=chain.position, hash=chain.hash)
    if counted != {name: member.rows for name, member in backup.manifest.tables.items()} or told != backup.manifest.head:
        raise BackupDamaged(f"{backup.file} does not hold the rows that it names. Nothing was changed; take another file.")
    return [finding.said for finding in chain.findings]


def _tell(session: Session, backup: Backup, at: datetime) -> None:
    """Write into the chain that it goes on from here, and seal that, so that nobody takes the events after it for those of before."""
    said = backup.manifest
    told = Event.of(
        "database.restored",
        subject_kind="backup",
        subject_id=said.id,
        actor=SYSTEM.name,
        at=at,
        made_at=said.made_at.isoformat(),
        position=said.head.position,
        hash=said.head.hash,
        rows=said.rows,
    )
    record(session, told, at=at)
    session.flush()
    while delivering.seal(session, at=at, limit=_AT_ONCE) == _AT_ONCE:
        session.expunge_all()


def _agree(session: Session, folder: Path) -> bool:
    """Whether the events of this chain are those of which this home keeps the heads."""
    files = [path for path in (folder / heads.DAILY, folder / heads.LATEST) if path.is_file()]
    kept = [head for path in files for head in heads.read(path)[0]]
    return all(hash_at(session, each.position) == each.hash for each in kept)


def _keep_heads(backup: Backup, folder: Path, *, agree: bool, at: datetime) -> Path | None:
    """Put the heads of another history aside, and those of the backup where this home has none; returns where the former lie now."""
    aside = None
    if not agree:
        aside = folder / f"before-restore-{at:%Y%m%dT%H%M%SZ}"
        aside.mkdir()
        for path in (folder / heads.DAILY, folder / heads.LATEST):
            if path.exists():
                path.rename(aside / path.name)
    daily = folder / heads.DAILY
    if backup.manifest.heads is not None and not daily.exists():
        folder.mkdir(parents=True, exist_ok=True)
        daily.write_bytes(backup.heads())
    return aside


def _switch(side: Path, file: Path, at: datetime) -> None:
    """Fold the new file into one, and rename it over the old one, whose own log must not be taken for the new one's."""
    _fold(side)
    if file.is_file():
        side.chmod(file.stat().st_mode)
        try:
            _fold(file)
        except sqlite3.OperationalError as error:
            raise Fault(f"Another program uses {file}. Stop it, then restore.") from error
        except sqlite3.DatabaseError:  # it is no whole database; somebody may want to look at it
            for suffix in ("", "-wal", "-shm"):
                part = file.with_name(file.name + suffix)
                if part.exists():
                    part.rename(file.with_name(f"{file.name}.damaged-{at:%Y%m%dT%H%M%SZ}{suffix}"))
    _sync(side)
    side.rename(file)
    _sync(file.parent)


def _fold(file: Path) -> None:
    """Take the write-ahead log into the file itself and delete it; fails while anybody else has the file open."""
    connection = sqlite3.connect(file, timeout=2, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=DELETE").fetchall()
    finally:
        connection.close()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _clear(file: Path) -> None:
    """Delete what a restore left unfinished beside a database; the caller is the only one at work there."""
    for left in file.parent.glob(f"{_SIDE}*"):
        left.unlink()
