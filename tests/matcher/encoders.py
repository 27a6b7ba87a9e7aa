"""An encoder without a network, for tests of what stands on vectors; it passes the contract of the real one."""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256

import numpy as np

from matcher.encoding import TextTooLong
from matcher.text import normalise
from matcher.types import Side, Vectors


class WordEncoder:
    """A text is the sum of a fixed random direction for each of its words: alike are texts that share words."""

    def __init__(self, *, dimension: int = 64, max_tokens: int = 256, prompts: Mapping[Side, str] | None = None) -> None:
        self.id = f"words@{dimension}"
        self.dimension = dimension
        self.max_tokens = max_tokens
        self.prompts: Mapping[Side, str] = prompts or {}

    def count_tokens(self, text: str) -> int:
        return len(_words(text)) + 2

    def encode(self, texts: Sequence[str]) -> Vectors:
        for place, text in enumerate(texts):
            if self.count_tokens(text) > self.max_tokens:
                raise TextTooLong(f"Text {place} has {self.count_tokens(text)} tokens of at most {self.max_tokens}.")
        vectors = np.array([self._of(text) for text in texts], dtype=np.float32).reshape(len(texts), self.dimension)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def _of(self, text: str) -> Vectors:
        return np.sum([_direction(word, self.dimension) for word in ["[text]", *_words(text)]], axis=0, dtype=np.float32)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", normalise(text).lower())


def _direction(word: str, dimension: int) -> Vectors:
    seed = int.from_bytes(sha256(word.encode()).digest()[:8])
    return np.random.default_rng(seed).standard_normal(dimension).astype(np.float32)
