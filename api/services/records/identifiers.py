"""The national id of an innovation, INN-YYMM-NNNN-C, and its check digit."""

import re
from typing import Final

SYSTEM: Final = "innovation-service"
"""The name under which the national service's ids are kept among external ids."""
_FORM: Final = re.compile(r"INN-([0-9]{2})(0[1-9]|1[0-2])-([0-9]{4})-([0-9])")


def check_digit(digits: str) -> int:
    """The sum of the eight digits before it, modulo 10."""
    return sum(int(digit) for digit in digits) % 10


def misfit(unique_id: str) -> str | None:
    """What is wrong with a national id, as what to do about it; None when nothing is."""
    found = _FORM.fullmatch(unique_id)
    if found is None:
        return "Write the id as INN-YYMM-NNNN-C: year, month, a number of four digits, and the check digit."
    if check_digit("".join(found.groups()[:3])) != int(found.group(4)):
        return "The check digit does not fit the id: a digit was mistyped. Compare the id with the national service."
    return None
