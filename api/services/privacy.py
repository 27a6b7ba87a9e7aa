"""No patient data: identifiers in free text are refused, and look-alikes warned about."""

import re
import unicodedata

from stdnum.gb import nhs

from models.words import without_unseen

_BETWEEN = r"[ ./-]{1,3}"  # what people write between the parts of a number; a line break has become a space
_GROUPED = re.compile(rf"(?<!\d)(\d{{3}}){_BETWEEN}(\d{{3}}){_BETWEEN}(\d{{4}})(?!\d)")
_BESIDE_WORDS = re.compile(rf"\bNHS *(?:number|num|no|nr)\b\D{{0,40}}((?:\d(?:{_BETWEEN})?){{9}}\d)(?!\d)", re.IGNORECASE)
_BARE = re.compile(r"(?<![\d.])\d{10}(?!\d)")
_NATIONAL_INSURANCE = re.compile(
    r"\b(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-D]\b", re.IGNORECASE
)
_DASHES = re.compile("[\u2010-\u2015\u2043\u2212\ufe58\ufe63\uff0d]")


def patient_identifier(text: str) -> str | None:
    """Name the kind of patient identifier that a text holds, however it is spaced; None when it holds none."""
    plain = _as_read(text)
    grouped = ("".join(found.groups()) for found in _GROUPED.finditer(plain))
    named = (re.sub(r"\D", "", found.group(1)) for found in _BESIDE_WORDS.finditer(plain))
    if any(nhs.is_valid(number) for number in (*grouped, *named)):
        return "an NHS number"
    if _NATIONAL_INSURANCE.search(plain):
        return "a National Insurance number"
    return None


def looks_like_identifier(text: str) -> bool:
    """Whether a bare ten-digit number stands in a text that might be an NHS number; worth a warning only."""
    return any(nhs.is_valid(found.group()) for found in _BARE.finditer(_as_read(text)))


def _as_read(text: str) -> str:
    """The text as a reader takes it: every space, line break, dash and digit a plain one, and nothing unseen."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", without_unseen(text))
        text = "".join(str(unicodedata.digit(each)) if each.isdecimal() else each for each in _DASHES.sub("-", text))
    return " ".join(text.split())
