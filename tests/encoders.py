"""The real encoder for tests, exported once and kept; `encoder` is a session fixture, `encoder_folder` its folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from matcher.encoding import EncoderDamaged, EncoderMissing, OnnxEncoder, load_encoder
from matcher.exporting import export
from matcher.sources import resolve_source

CACHE = Path(os.environ.get("MATCHING_HOME", Path(__file__).parents[1] / "var")) / "encoder"


@pytest.fixture(scope="session")
def encoder_folder() -> Path:
    """The exported default encoder; the first test that asks, of all workers, exports it."""
    source = resolve_source()
    folder = CACHE / source.id
    with _alone(CACHE / ".lock"):
        try:
            load_encoder(folder)
        except (EncoderMissing, EncoderDamaged):
            export(folder, source=source)
    return folder


@pytest.fixture(scope="session")
def encoder(encoder_folder: Path) -> OnnxEncoder:
    """The default encoder as the service runs it."""
    return load_encoder(encoder_folder)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Only one process at a time runs the block."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
