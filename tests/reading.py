"""How hard a text is to read: the grade of Flesch and Kincaid (1975), which is about the reader's age less five."""

import re

_WORD = re.compile(r"[A-Za-z’']+")
_VOWELS = re.compile(r"[aeiouy]+")
_ADDRESS = re.compile(r"(https?://\S+|[^@\s]+@\S+)")


def sentences(text: str) -> list[list[str]]:
    """The words of each sentence; a line of a list or a heading is one, addresses are none."""
    plain = _ADDRESS.sub(".", text)
    blocks = re.split(r"\n\s*\n|\n(?=\s*-)|(?<=[.!?:;])\s+", plain)
    found = [_WORD.findall(block) for block in blocks]
    return [words for words in found if words]


def syllables(word: str) -> int:
    """About how many syllables an English word has, at least one: its groups of vowels, without an e that is not heard."""
    lower = word.lower().replace("’", "").replace("'", "")
    silent = (lower.endswith("e") and not lower.endswith(("le", "ee"))) or (lower.endswith("ed") and not lower.endswith(("ted", "ded")))
    return max(len(_VOWELS.findall(lower)) - silent, 1)


def grade(text: str) -> float:
    """The school grade that reads a text with ease; 0 for a text without words."""
    said = sentences(text)
    words = [word for sentence in said for word in sentence]
    if not words:
        return 0.0
    return 0.39 * len(words) / len(said) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
