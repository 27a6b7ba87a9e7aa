"""Text that readers do not see as the machine does: hidden characters, letters of other scripts, markup that hides."""

import re
from typing import NamedTuple

from matcher.tokens import LOOKALIKES

LEAST_WORDS = 2  # disguised words; one may be a slip of the keyboard

_ALIKE = "".join(map(chr, LOOKALIKES))
_IN_WORDS = re.compile(
    "[^\\W\\d_][\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2060-\u2064\u3164\ufeff\uffa0]+(?=[a-zA-Z\u00c0-\u024f])"
)
_NEVER_HONEST = re.compile("[\u202a-\u202e\u2066-\u2069]|[\U000e0000-\U000e007f]{2,}|[\u200b-\u200d\u2060-\u2064\ufeff]{4,}")
_HIDING_MARKUP = re.compile(
    r"<!--|<[^>]*(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0(?![.\d])|color\s*:\s*(?:#fff|white)|\bhidden\b)",
    re.IGNORECASE,
)
_MIXED = re.compile(rf"\w*(?:[a-z][{_ALIKE}]|[{_ALIKE}][a-z])\w*", re.IGNORECASE)
_STYLED = re.compile("[\U0001d400-\U0001d7ff\uff21-\uff3a\uff41-\uff5a\u24b6-\u24e9\U0001f130-\U0001f189]{3,}")
_GREEK_SIGN = re.compile(r"[\dα-ωΑ-Ω]{1,3}-?[A-Za-z\d]*|[A-Za-z\d]+-?[α-ωΑ-Ω]{1,2}\d?")  # α-helix, TNFα, 5μg


class Span(NamedTuple):
    """A stretch of a text, by characters."""

    start: int
    end: int


def hidden(text: str) -> Span | None:
    """The first stretch that holds characters or markup that nobody sees, where honest text has none."""
    if "<" in text and (markup := _HIDING_MARKUP.search(text)):
        return _widened(text, *markup.span())
    if text.isascii():
        return None
    within = [found.span() for found in _IN_WORDS.finditer(text)]
    if len(within) >= LEAST_WORDS:
        return _widened(text, *within[0])
    found = _NEVER_HONEST.search(text)
    return _widened(text, *found.span()) if found else None


def lookalikes(text: str) -> Span | None:
    """The first of several words that mix letters of other scripts, or styled letters, with plain ones."""
    if text.isascii():
        return None
    words = [found for found in _MIXED.finditer(text) if not _GREEK_SIGN.fullmatch(found.group())]
    words += list(_STYLED.finditer(text))
    return Span(*words[0].span()) if len(words) >= LEAST_WORDS else None


def _widened(text: str, start: int, end: int) -> Span:
    """The whole words around a stretch, so that a quote shows something."""
    while start > 0 and not text[start - 1].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    return Span(start, end)
