"""An encoder that encodes no text twice, and keeps what it encoded in a file when it is given one."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from matcher.encoding import Encoder
from matcher.text import text_hash
from matcher.types import Vectors


class KeptEncoder:
    """Another encoder's vectors by the hash of their text; a file holds those of one encoder alone."""

    def __init__(self, encoder: Encoder, file: Path | None = None) -> None:
        self._encoder, self._file = encoder, file
        self.id, self.dimension, self.max_tokens = encoder.id, encoder.dimension, encoder.max_tokens
        self.prompts = encoder.prompts
        self._known: dict[str, Vectors] = {}
        self._counts: dict[str, int] = {}
        if file is not None and file.exists():
            with np.load(file) as stored:
                if str(stored["encoder"]) != encoder.id:
                    raise SystemExit(f"{file} holds vectors of {stored['encoder']}, not of {encoder.id}; name another file.")
                self._known = dict(zip(stored["hashes"].tolist(), stored["vectors"], strict=True))

    def count_tokens(self, text: str) -> int:
        """As the encoder behind it."""
        if text not in self._counts:
            self._counts[text] = self._encoder.count_tokens(text)
        return self._counts[text]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As the encoder behind it."""
        hashes = [text_hash(text) for text in texts]
        fresh = {found: text for found, text in zip(hashes, texts, strict=True) if found not in self._known}
        if fresh:
            self._known.update(zip(fresh, self._encoder.encode(list(fresh.values())), strict=True))
        return np.array([self._known[found] for found in hashes], dtype=np.float32).reshape(len(texts), self.dimension)

    def keep(self) -> None:
        """Write the file, whole or not at all."""
        if self._file is None:
            return
        beside = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        with beside.open("wb") as stream:
            np.savez(stream, encoder=self.id, hashes=np.array(list(self._known)), vectors=np.array(list(self._known.values())))
        beside.replace(self._file)


def told_every(step: int, say: Callable[[str], None]) -> Callable[[int, int], None]:
    """Progress that is said once in so many documents, and at the end."""
    said = 0

    def tell(done: int, total: int) -> None:
        nonlocal said
        if done - said >= step or done == total:
            said = done
            say(f"  encoded {done} of {total}")

    return tell
