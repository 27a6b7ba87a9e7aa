"""A cross-encoder without a network, for tests of what stands on it; it passes the contract of the real one."""

from matcher.encoding import TextTooLong
from matcher.text import normalise


class WordScorer:
    """A pair is worth the words that both texts hold, more for the need's own; it passes the contract of the real one."""

    def __init__(self, *, max_tokens=8):
        self.id = "words"
        self.max_tokens = max_tokens
        self.read = []

    def count_tokens(self, text):
        return len(normalise(text).split())

    def score(self, pairs):
        for text in (text for pair in pairs for text in pair):
            if self.count_tokens(text) > self.max_tokens:
                raise TextTooLong("A text of a pair is too long.")
        self.read += pairs
        return [self._score(*(set(normalise(text).lower().split()) for text in pair)) for pair in pairs]

    @staticmethod
    def _score(need, innovation):
        return len(need & innovation) / (1 + len(need)) - 0.1 * len(innovation)
