"""Heads of the event chain in files: a line a day, and the latest; for a folder that is copied to another machine."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from matcher.sealing import write_file

DAILY, LATEST = "heads.jsonl", "head.json"
_LOCK = ".lock"
_TAIL_BYTES = 4096
Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class HeadUnreadable(Exception):
    """A file of kept heads holds something else; the message names file and line."""


class KeptHead(BaseModel):
    """Where the chain ended on a day: the last event's position and hash, and the hash of the first, which names the history."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    date: date
    position: int = Field(ge=1)
    hash: Hash
    chain_id: Hash


def read(path: Path) -> tuple[list[KeptHead], list[str]]:
    """The heads of a file, one a line, and what of it cannot be read, in words."""
    found: list[KeptHead] = []
    wrong: list[str] = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            found.append(KeptHead.model_validate_json(line))
        except ValidationError:
            wrong.append(f"Line {number} of {path} is no kept head.")
    return found, wrong


def latest(folder: Path) -> KeptHead | None:
    """The head that was kept last; None when none was. Raises HeadUnreadable."""
    path = folder / LATEST
    if not path.is_file():
        return None
    found, wrong = read(path)
    if wrong or len(found) != 1:
        raise HeadUnreadable(f"{path} is no kept head.")
    return found[0]


def keep(folder: Path, head: KeptHead) -> None:
    """Write a head down: as the day's line, when it is the first of its day, and as the latest. The lock must be held."""
    daily = folder / DAILY
    last = _last(daily)
    if last is None or last.date < head.date:
        _append(daily, head.model_dump_json() + "\n")
    write_file(folder / LATEST, head.model_dump_json() + "\n")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes out of the folder, which is made when it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _last(path: Path) -> KeptHead | None:
    """The last whole line of the file. Raises HeadUnreadable when it is something else."""
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        lines = stream.read().split(b"\n")[:-1]  # what no line break ends, a loss of power cut off
    if not lines:
        return None
    try:
        return KeptHead.model_validate_json(lines[-1])
    except ValidationError as error:
        raise HeadUnreadable(f"The last line of {path} is no kept head.") from error


def _append(path: Path, line: str) -> None:
    """Add a line that survives a loss of power, in the place of what an earlier loss cut off."""
    with path.open("a+b") as stream:
        stream.seek(0)
        stream.truncate(stream.read().rfind(b"\n") + 1)
        stream.write(line.encode())
        stream.flush()
        os.fsync(stream.fileno())
