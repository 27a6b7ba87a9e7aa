"""A backup: every table in one file, read in one consistent state while the service goes on writing."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sqlalchemy import Table
from sqlalchemy.orm import Session

import migrations
from api.db import Database
from api.services.backup_files import CHUNK_ROWS, HEADS, MANIFEST, SEAL_BYTES, Head, Manifest, Member, member_of, seal, tables, written
from api.services.faults import Fault
from api.services.heads import DAILY
from api.settings import Settings
from models.queries import backlog, events
from models.queries import tables as all_tables

_QUICK = 1  # of zlib: vectors are most of a backup, and no level makes them much smaller
_UNFINISHED = ".unfinished-backup-"
_ABANDONED_SECONDS = 3_600  # without a byte written, after which nobody writes it any more
_SUFFIX = ".zip"

Progress = Callable[[str], None]
"""Told the name of each table before it is written."""


def heads_file(settings: Settings) -> Path:
    """Where the heads of the event chain are kept outside the database."""
    return settings.heads_folder / DAILY


def usual_target(settings: Settings, at: datetime) -> Path:
    """The file of a backup of now in the folder of the settings; raises Fault when they name none."""
    if not settings.backup_folder:
        raise Fault("Name the file to write, or set MATCHING_BACKUP_FOLDER to a folder for backups.")
    return Path(settings.backup_folder) / f"matching-{at:%Y%m%dT%H%M%SZ}{_SUFFIX}"


def newest_at(folder: Path) -> datetime | None:
    """When the newest backup of a folder was finished; None when it holds none."""
    times = [path.stat().st_mtime for path in folder.glob(f"*{_SUFFIX}")]
    return datetime.fromtimestamp(max(times), UTC) if times else None


def back_up(
    database: Database, target: Path, *, heads: Path, at: datetime, replace: bool = False, on_progress: Progress = lambda _table: None
) -> Manifest:
    """Write a backup in one step: a file that stands there stays whole until the new one is, and is replaced only if asked.

    Raises Fault when the target stands there already, or the database is of another version than this installation.
    """
    if target.exists() and not replace:
        raise Fault(f"{target} is there already. Name another file, or say --force to replace it.")
    with _beside(target) as unfinished:
        kept = heads.read_bytes() if heads.is_file() else None  # first, so that no head is of an event that is not in the backup
        with database.reading() as session, ZipFile(unfinished, "w", ZIP_DEFLATED, compresslevel=_QUICK) as archive:
            manifest = _fill(archive, session, kept, at, on_progress)
            archive.comment = b"0" * SEAL_BYTES
        seal(unfinished)
    return manifest


def _fill(archive: ZipFile, session: Session, kept_heads: bytes | None, at: datetime, on_progress: Progress) -> Manifest:
    revision = backlog.schema_step(session)
    if revision is None or revision != migrations.head():
        raise Fault("The database is of another version. Run `matching init` to bring it to this one, then back it up.")
    position, chain_hash = events.head(session)
    members = {}
    for table in tables():
        on_progress(table.name)
        members[table.name] = _add_table(archive, session, table, at)
    manifest = Manifest(
        id=uuid4(),
        product_version=version("matching"),
        revision=revision,
        database=session.connection().dialect.name,
        made_at=at,
        head=Head(position=position, hash=chain_hash),
        tables=members,
        heads=None if kept_heads is None else _add_heads(archive, kept_heads, at),
    )
    archive.writestr(_entry(MANIFEST, at), manifest.model_dump_json(indent=1))
    return manifest


def _add_table(archive: ZipFile, session: Session, table: Table, at: datetime) -> Member:
    line_of, digest, rows, length = written(table), sha256(), 0, 0
    with archive.open(_entry(member_of(table.name), at), "w", force_zip64=True) as stream:
        for chunk in all_tables.read(session, table, chunk=CHUNK_ROWS):
            lines = b"".join(map(line_of, chunk))
            stream.write(lines)
            digest.update(lines)
            rows, length = rows + len(chunk), length + len(lines)
    return Member(rows=rows, bytes=length, sha256=digest.hexdigest())


def _add_heads(archive: ZipFile, content: bytes, at: datetime) -> Member:
    archive.writestr(_entry(HEADS, at), content)
    return Member(rows=content.count(b"\n"), bytes=len(content), sha256=sha256(content).hexdigest())


def _entry(name: str, at: datetime) -> ZipInfo:
    entry = ZipInfo(name, at.timetuple()[:6])
    entry.compress_type = ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A file next to the target, for its owner's eyes only, that takes its place when the block ends; gone if it fails."""
    for left in target.parent.glob(f"{_UNFINISHED}*"):
        if left.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
            left.unlink()
    descriptor, name = tempfile.mkstemp(prefix=_UNFINISHED, dir=target.parent)  # mode 0600
    unfinished = Path(name)
    try:
        yield unfinished
        os.fsync(descriptor)
        unfinished.replace(target)
    except BaseException:
        unfinished.unlink()
        raise
    finally:
        os.close(descriptor)
    folder = os.open(target.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
