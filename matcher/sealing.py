"""Folders that vouch for themselves: written beside, synced, renamed; every byte checked when opened."""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
_UNFINISHED = ".unfinished-"
_ABANDONED_SECONDS = 3_600  # after which something unfinished has no writer any more


class SealBroken(Exception):
    """A sealed folder is missing a file, or holds other bytes than those that were sealed."""


def file_hash(path: Path) -> str:
    """SHA-256 hex of the bytes of a file."""
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def write_sealed(target: Path, contents: Mapping[str, Any], fill: Callable[[Path], None]) -> None:
    """Make a folder in one step: nobody ever sees a part of it, and it survives a loss of power.

    Args:
        target: the folder; one that stands there is replaced.
        contents: what the manifest says beside the hashes of the files; JSON values only.
        fill: writes the files into the (flat, empty) folder that it is given.
    """
    with _beside(target) as folder:
        fill(folder)
        hashes = {path.name: file_hash(path) for path in sorted(folder.iterdir())}
        (folder / MANIFEST).write_bytes(_canonical({**contents, "files": hashes}))
        for path in [*sorted(folder.iterdir()), folder]:
            _sync(path)
        if target.exists():
            target.rename(folder.with_name(f"{folder.name}.replaced"))
        folder.rename(target)
        _sync(target.parent)
    shutil.rmtree(folder.with_name(f"{folder.name}.replaced"), ignore_errors=True)


def write_file(target: Path, content: str) -> None:
    """Replace a small file in one step that survives a loss of power."""
    descriptor, name = tempfile.mkstemp(prefix=_UNFINISHED, dir=target.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    Path(name).replace(target)
    _sync(target.parent)


def open_sealed(folder: Path) -> dict[str, Any]:
    """Check every byte of a sealed folder and return its manifest.

    Raises:
        SealBroken: if a byte of any file, the manifest included, is not as it was written.
        FileNotFoundError: if there is no such folder.
    """
    if not folder.is_dir():
        raise FileNotFoundError(folder)
    manifest = _read_manifest(folder / MANIFEST)
    names = {path.name for path in folder.iterdir()} - {MANIFEST}
    if names != set(manifest["files"]):
        raise SealBroken(f"{folder.name} does not hold the files that its manifest names.")
    for name, expected in manifest["files"].items():
        if file_hash(folder / name) != expected:
            raise SealBroken(f"{folder.name}/{name} is damaged.")
    return manifest


def _read_manifest(path: Path) -> dict[str, Any]:
    """The manifest, if it is byte for byte as it was written."""
    try:
        written = path.read_bytes()
        manifest = json.loads(written)
        contents = {key: value for key, value in manifest.items() if key != "seal"}
    except (OSError, ValueError, AttributeError) as error:
        raise SealBroken(f"{path.parent.name}/{path.name} cannot be read.") from error
    if written != _canonical(contents):
        raise SealBroken(f"{path.parent.name}/{path.name} is damaged.")
    return contents


def _canonical(contents: Mapping[str, Any]) -> bytes:
    """The one way to write a manifest, closed by the hash of the rest, so that no bit of it can change unseen."""
    seal = sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()
    return (json.dumps({**contents, "seal": seal}, sort_keys=True, indent=1) + "\n").encode()


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """An empty folder next to the target, on the same file system; gone if the block fails."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _clear_abandoned(target.parent)
    folder = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=target.parent))
    folder.chmod(0o755)
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _clear_abandoned(parent: Path) -> None:
    """Delete what writers that were killed left behind."""
    for path in parent.glob(f"{_UNFINISHED}*"):
        if path.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
            path.unlink() if path.is_file() else shutil.rmtree(path, ignore_errors=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
