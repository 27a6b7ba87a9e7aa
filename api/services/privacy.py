"""No patient data: identifiers in free text are refused, and look-alikes warned about."""

import re

from stdnum.gb import nhs

_GROUPED = re.compile(r"(?<!\d)(\d{3})[ -](\d{3})[ -](\d{4})(?!\d)")
_BESIDE_WORDS = re.compile(r"\bNHS\s+(?:number|no\.?|num\.?)\W{0,3}(?:is\W{1,3})?((?:\d[ -]?){9}\d)(?!\d)", re.IGNORECASE)
_BARE = re.compile(r"(?<![\d.])\d{10}(?!\d)")
_NATIONAL_INSURANCE = re.compile(
    r"\b(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b", re.IGNORECASE
)


def patient_identifier(text: str) -> str | None:
    """Name the kind of patient identifier that a text holds; None when it holds none."""
    grouped = ("".join(found.groups()) for found in _GROUPED.finditer(text))
    named = (re.sub(r"\D", "", found.group(1)) for found in _BESIDE_WORDS.finditer(text))
    if any(nhs.is_valid(number) for number in (*grouped, *named)):
        return "an NHS number"
    if _NATIONAL_INSURANCE.search(text):
        return "a National Insurance number"
    return None


def looks_like_identifier(text: str) -> bool:
    """Whether a bare ten-digit number stands in a text that might be an NHS number; worth a warning only."""
    return any(nhs.is_valid(found.group()) for found in _BARE.finditer(text))
