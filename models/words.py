"""Which characters of a text a reader can see."""

import re
from typing import Final

# Unicode's Default_Ignorable_Code_Point, the blank of Braille and the marks of interlinear notes.
_UNSEEN: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_HIDING: Final = re.compile(f"[{_UNSEEN}]")
_SEEN: Final = re.compile(rf"[^\s{_UNSEEN}]")


def without_unseen(text: str) -> str:
    """The text without characters that nobody sees, or that hide or turn what stands around them."""
    return _HIDING.sub("", text)


def says_something(text: str) -> bool:
    """Whether a reader sees anything of the text."""
    return _SEEN.search(text) is not None
