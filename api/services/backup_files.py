"""The file of a backup: a zip of one JSON-lines member a table, a manifest, and a hash over every byte before it.

The last 64 bytes, which a zip calls its comment, are the SHA-256 of all others in hexadecimal: one wrong bit anywhere is seen
before anything is believed. What is written one way is read back the same on either database.
"""

import base64
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Literal
from uuid import UUID
from zipfile import BadZipFile, ZipFile

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import JSON, Boolean, Date, Enum, Float, Integer, LargeBinary, String, Table, Uuid
from sqlalchemy.types import TypeEngine

from api.services.faults import Fault
from models.base import UtcDateTime, in_utc
from models.queries.tables import in_order

MANIFEST = "manifest.json"
HEADS = "audit/heads.jsonl"
LEFT_OUT = frozenset({"sign_in_session", "kept_answer"})
"""Whoever is signed in, and answers kept for repeats: neither outlives a restore."""
SEAL_BYTES = 64
_BLOCK = 1 << 20
_LONGEST_MANIFEST, _LONGEST_LINE = 1 << 20, 64 << 20
CHUNK_ROWS, _CHUNK_BYTES = 500, 4 << 20

Row = dict[str, Any]


class BackupDamaged(Fault):
    """The file is not a backup, or not as it was written."""


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Member(_Said):
    """One member of the file: its rows, its bytes before compression, and their SHA-256."""

    rows: int = Field(ge=0)
    bytes: int = Field(ge=0)
    sha256: str


class Head(_Said):
    """The end of the sealed event chain."""

    position: int
    hash: str


class Manifest(_Said):
    """What a backup says of itself."""

    format: Literal[1] = 1
    id: UUID
    product_version: str
    revision: str
    database: str
    made_at: datetime
    head: Head
    tables: dict[str, Member]
    heads: Member | None = None

    @property
    def rows(self) -> int:
        """How many rows there are in all tables."""
        return sum(member.rows for member in self.tables.values())

    @property
    def bytes(self) -> int:
        """How long all tables are before compression."""
        return sum(member.bytes for member in self.tables.values())


def tables() -> list[Table]:
    """The tables of a backup, in the order of their foreign keys."""
    return in_order(without=LEFT_OUT)


def member_of(table: str) -> str:
    """The name of a table's member."""
    return f"tables/{table}.jsonl"


def written(table: Table) -> Callable[[Mapping[str, Any]], bytes]:
    """How to write one row of a table as a line."""
    forms = {column.name: _form(column.type)[0] for column in table.columns}

    def line(row: Mapping[str, Any]) -> bytes:
        said = {name: None if row[name] is None else form(row[name]) for name, form in forms.items()}
        return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"

    return line


def understood(table: Table) -> Callable[[bytes], Row]:
    """How to read one row of a table from its line; raises ValueError for a line of anything else."""
    forms = {column.name: _form(column.type)[1] for column in table.columns}

    def row(line: bytes) -> Row:
        said = json.loads(line)
        if not isinstance(said, dict) or said.keys() != forms.keys():
            raise ValueError("not a row of this table")
        try:
            return {name: None if said[name] is None else form(said[name]) for name, form in forms.items()}
        except (TypeError, AttributeError) as error:  # how UUIDs, times and base64 refuse what is no text
            raise ValueError("not a value of its column") from error

    return row


def seal(file: Path) -> None:
    """Put the hash of all bytes before the comment in its place."""
    with file.open("r+b") as stream:
        digest = _hash_but_seal(stream)
        stream.write(digest.encode())


@contextmanager
def opened_backup(file: Path) -> Iterator["Backup"]:
    """A backup of which every byte has been checked; raises BackupDamaged for any other file."""
    with file.open("rb") as stream:
        if _hash_but_seal(stream).encode() != stream.read(SEAL_BYTES):
            raise BackupDamaged(f"{file} is damaged, cut short or no backup. Nothing was changed; take another backup file.")
        with _told_as_damage(file):
            backup = Backup(file, ZipFile(stream))
            backup.check()
        yield backup


class Backup:
    """An open backup; `manifest` says what it holds."""

    def __init__(self, file: Path, archive: ZipFile) -> None:
        self.file = file
        self._archive = archive
        if archive.namelist().count(MANIFEST) != 1 or archive.getinfo(MANIFEST).file_size > _LONGEST_MANIFEST:
            raise ValueError("no manifest")
        self.manifest = Manifest.model_validate_json(archive.read(MANIFEST))

    def check(self) -> None:
        """Raise ValueError unless the members are those of the manifest, each of the length and hash that it says."""
        members = {member_of(name): member for name, member in self.manifest.tables.items()}
        if self.manifest.heads is not None:
            members[HEADS] = self.manifest.heads
        if sorted(self._archive.namelist()) != sorted([MANIFEST, *members]):
            raise ValueError("other members than the manifest names")
        for name, member in members.items():
            self._check_member(name, member)

    def rows(self, table: Table) -> Iterator[list[Row]]:
        """The rows of a table, few at a time."""
        read, size = understood(table), 0
        chunk: list[Row] = []
        with _told_as_damage(self.file):
            for line in self._lines(member_of(table.name)):
                chunk.append(read(line))
                size += len(line)
                if len(chunk) >= CHUNK_ROWS or size >= _CHUNK_BYTES:
                    yield chunk
                    chunk, size = [], 0
        if chunk:
            yield chunk

    def heads(self) -> bytes:
        """The heads of the event chain that were kept outside the database."""
        return self._archive.read(HEADS)

    def _check_member(self, name: str, member: Member) -> None:
        digest, length, lines = sha256(), 0, 0
        with self._archive.open(name) as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
                length += len(block)
                lines += block.count(b"\n")
                if length > member.bytes:
                    raise ValueError(f"{name} is longer than the manifest says")
        if (length, lines, digest.hexdigest()) != (member.bytes, member.rows, member.sha256):
            raise ValueError(f"{name} is not as the manifest says")

    def _lines(self, name: str) -> Iterator[bytes]:
        rest = b""
        with self._archive.open(name) as stream:
            while block := stream.read(_BLOCK):
                *whole, rest = (rest + block).split(b"\n")
                if len(rest) > _LONGEST_LINE:
                    raise ValueError(f"a line of {name} is too long")
                yield from whole
        if rest:
            raise ValueError(f"the last line of {name} does not end")


def _hash_but_seal(stream: IO[bytes]) -> str:
    """SHA-256 of all but the last 64 bytes, before which the stream is left; of a shorter file, of nothing."""
    left = max(stream.seek(0, 2) - SEAL_BYTES, 0)
    stream.seek(0)
    digest = sha256()
    while left and (block := stream.read(min(_BLOCK, left))):
        digest.update(block)
        left -= len(block)
    return digest.hexdigest()


@contextmanager
def _told_as_damage(file: Path) -> Iterator[None]:
    """Tell whatever a zip, its manifest or its rows can be wrong with in one sentence."""
    try:
        yield
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, KeyError, ValueError) as error:
        raise BackupDamaged(f"{file} does not hold what a backup of this release holds. Nothing was changed; take another file.") from error


def _form(kind: TypeEngine[Any]) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """How values of a column are written as JSON and read back; raises TypeError for a kind that nobody has thought of."""
    if isinstance(kind, Enum):
        members: Any = kind.enum_class
        return (lambda value: value.value), members
    if isinstance(kind, LargeBinary):
        return (lambda value: base64.b64encode(value).decode()), (lambda said: base64.b64decode(said, validate=True))
    for ours, write, read in _FORMS:
        if isinstance(kind, ours):
            return write, read
    raise TypeError(f"No form of {kind!r} in a backup is known.")


def _only(*kinds: type) -> Callable[[Any], Any]:
    def same(said: Any) -> Any:  # noqa: ANN401 -- whatever JSON may carry
        if type(said) not in kinds:
            raise ValueError(f"not {kinds[0].__name__}")
        return said

    return same


def _same(value: Any) -> Any:  # noqa: ANN401 -- likewise
    return value


_FORMS: Sequence[tuple[type[TypeEngine[Any]], Callable[[Any], Any], Callable[[Any], Any]]] = (
    (Uuid, str, UUID),
    (UtcDateTime, datetime.isoformat, lambda said: in_utc(datetime.fromisoformat(said))),
    (Date, date.isoformat, date.fromisoformat),
    (String, _same, _only(str)),
    (Boolean, _same, _only(bool)),
    (Integer, _same, _only(int)),
    (Float, _same, _only(float)),
    (JSON, _same, _same),
)
