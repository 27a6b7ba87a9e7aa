"""A vector index on disk with what it covers: written beside, verified byte by byte, switched in one step."""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from matcher.index import VectorIndex
from matcher.sealing import MANIFEST, SealBroken, file_hash, open_sealed, write_file, write_sealed
from matcher.types import Side, Vectors

FORMAT = 1
CURRENT = "CURRENT"
KEPT = 3  # snapshots of one encoder: a reader that is opening one must not lose it, and one may turn out damaged

_NAME = re.compile(r"\d{19}-\d{8}T\d{12}Z")


class SnapshotMissing(Exception):
    """No snapshot was ever written for this encoder."""


class SnapshotDamaged(Exception):
    """The newest snapshot is not as it was written; search the rows and rebuild it."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Snapshot:
    """An opened, verified snapshot: one index a side, covering every event up to `position`."""

    name: str
    encoder_id: str
    position: int
    created_at: datetime
    indexes: Mapping[Side, VectorIndex]


def write(
    root: Path,
    *,
    content: Mapping[Side, tuple[Sequence[str], Vectors]],
    position: int,
    encoder_id: str,
    created_at: datetime,
) -> Path:
    """Write a snapshot, make it the current one of its encoder, and prune older ones.

    Args:
        root: holds a folder for each encoder; made if need be.
        content: for both sides the ids and their pooled vectors, (n, d), rows L2-normalised, in the same order.
        position: of the last event that the content covers.
        encoder_id: of the encoder that made the vectors.
        created_at: aware; on record only.

    Returns:
        The folder of the snapshot. A reader sees the one before or this one, never a part.
    """
    home = root / _slug(encoder_id)
    indexes = {side: VectorIndex(ids, vectors) for side, (ids, vectors) in content.items()}
    manifest = {"format": FORMAT, "encoder_id": encoder_id, "position": position, "created_at": created_at.isoformat()}

    def fill(folder: Path) -> None:
        for side, index in indexes.items():
            index.write(folder / f"{side}.faiss")
            (folder / f"{side}.ids.json").write_text(json.dumps(index.ids), encoding="utf-8")

    folder = home / f"{position:019d}-{created_at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}"
    write_sealed(folder, manifest, fill)
    write_file(home / CURRENT, _pointer_to(folder))
    _prune(home, current=folder)
    return folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """Which snapshot is the current one, by what its name says; its content is not checked."""

    name: str
    position: int
    created_at: datetime


def newest(root: Path, encoder_id: str) -> Pointer | None:
    """The current snapshot of an encoder, told in microseconds; None when none was written or nobody can tell."""
    try:
        name = (_pointer(root / _slug(encoder_id)) or b"").partition(b" ")[0].decode("ascii")
        if not _NAME.fullmatch(name):
            return None
        position, written = name.split("-")
        return Pointer(name=name, position=int(position), created_at=datetime.strptime(written, "%Y%m%dT%H%M%S%f%z"))
    except ValueError:  # no ASCII, or a month that no year has
        return None


def load_newest(root: Path, encoder_id: str) -> Snapshot:
    """Open the current snapshot of an encoder, every byte of it checked.

    Raises:
        SnapshotMissing: if none was written.
        SnapshotDamaged: if a file is missing or a bit of it changed.
    """
    home = root / _slug(encoder_id)
    while (pointer := _pointer(home)) is not None:
        try:
            return _open(_named_by(pointer, home), encoder_id)
        except (SealBroken, OSError) as error:
            if pointer == _pointer(home):  # else newer ones were written, and this one pruned, while it was read
                said = f"The snapshot for {encoder_id} in {root} is damaged: {error} Rebuild it with: matching index"
                raise SnapshotDamaged(said) from error
    raise SnapshotMissing(f"No snapshot for {encoder_id} in {root}. Build it with: matching index")


def _pointer(home: Path) -> bytes | None:
    """What says which snapshot is current; None when there is none, nothing when it cannot be read."""
    try:
        return (home / CURRENT).read_bytes()
    except FileNotFoundError:
        return None
    except OSError:
        return b""


def _open(folder: Path, encoder_id: str) -> Snapshot:
    manifest = open_sealed(folder)
    if manifest["format"] != FORMAT or manifest["encoder_id"] != encoder_id:
        raise SealBroken(f"{folder.name} is of format {manifest['format']} and encoder {manifest['encoder_id']}.")
    return Snapshot(
        name=folder.name,
        encoder_id=encoder_id,
        position=manifest["position"],
        created_at=datetime.fromisoformat(manifest["created_at"]),
        indexes=MappingProxyType({side: _index(folder, side) for side in Side if f"{side}.faiss" in manifest["files"]}),
    )


def _index(folder: Path, side: Side) -> VectorIndex:
    ids = json.loads((folder / f"{side}.ids.json").read_text(encoding="utf-8"))
    return VectorIndex.read(folder / f"{side}.faiss", ids)


def _pointer_to(folder: Path) -> str:
    """The name of the folder and the hash of its manifest, so that a changed bit cannot point to another snapshot."""
    return f"{folder.name} {file_hash(folder / MANIFEST)}\n"


def _named_by(pointer: bytes, home: Path) -> Path:
    """The folder that the pointer names, if they fit each other."""
    for folder in home.iterdir():
        if folder.name.encode() == pointer.split(b" ")[0] and (folder / MANIFEST).is_file() and _pointer_to(folder).encode() == pointer:
            return folder
    raise SealBroken(f"{CURRENT} names no snapshot that is here.")


def _prune(home: Path, *, current: Path) -> None:
    """Delete all but the newest few and the current one."""
    finished = sorted(folder for folder in home.iterdir() if _NAME.fullmatch(folder.name))
    for folder in finished[:-KEPT]:
        if folder != current:
            shutil.rmtree(folder, ignore_errors=True)


def _slug(encoder_id: str) -> str:
    """A folder name for an encoder id."""
    return re.sub(r"[^A-Za-z0-9.@_-]", "_", encoder_id)
