"""No long pauses of a serving process: what it keeps for long is not looked through for rings again and again.

With 10,000 documents in memory Python's collector stopped every request for up to 0.7 s at a time.
"""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

LONG_SECONDS = 0.05  # of one full collection; about a hundred thousand objects
_FULL = 2  # the oldest generation, with which all are collected


class _Freezer:
    """Sets aside what has survived a full collection that took long: all of it is kept, and nothing of it was garbage."""

    begun = 0.0

    def __call__(self, phase: str, told: dict[str, Any]) -> None:
        if told["generation"] != _FULL:  # others leave garbage behind among what is older
            return
        if phase == "start":
            self.begun = time.perf_counter()
        elif time.perf_counter() - self.begun > LONG_SECONDS:
            gc.freeze()


@contextmanager
def short_pauses() -> Iterator[None]:
    """While the block lasts, each long collection is the last one that looks through what it looked through."""
    freezer = _Freezer()
    gc.callbacks.append(freezer)
    try:
        yield
    finally:
        gc.callbacks.remove(freezer)
        gc.unfreeze()
