"""E-mail addresses as accounts know them."""

import re
from typing import Final

LONGEST_ADDRESS: Final = 254
_WORD: Final = r"[^@\s\x00-\x1f\x7f-\U0010ffff<>,;:\"\\()\[\]]"  # what every mail server takes without quotes: ASCII
_ADDRESS: Final = re.compile(rf"{_WORD}{{1,64}}@{_WORD}+\.{_WORD}+")


def plain_address(said: str) -> str | None:
    """The address without spaces around it and in lower case; None for what is no address."""
    address = said.strip().lower()
    return address if len(address) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(address) else None
