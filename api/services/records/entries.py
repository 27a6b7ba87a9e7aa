"""What a reader of any shape finds: entries with their line, and a file that cannot be read at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from api.services.columns import problem
from api.services.csv_files import ImportFileRefused
from api.services.records.document import Coverage, NationalRecord

CONSENT: Final = ("consent_by", "consent_at", "consent_scope")
"""Columns of ours that a file may add: who consented, when, and to what."""
MOST_RECORDS: Final = 500
"""Records of one file: they come into force in one transaction, for which every other writer waits."""
_LONGEST_SHOWN: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One record of a file: where it begins, its national id, what it says and speaks about, and what was found in it."""

    line: int
    record: NationalRecord
    covers: Coverage
    unique_id: str = ""
    consent: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[dict[str, Any], ...] = ()
    warnings: tuple[dict[str, Any], ...] = ()


def refused(line: int, name: str, kind: str, remedy: str) -> ImportFileRefused:
    """The refusal of a whole file, by the line on which it fails."""
    return ImportFileRefused(f"Line {line}: {remedy}", problems=[problem(line, name, kind, remedy)])


def too_many_records() -> ImportFileRefused:
    """The refusal of a file with more records than come into force at once."""
    return refused(1, "", "too_many_records", f"The file holds more than {MOST_RECORDS} records. Bring them in several files.")


def shown(name: object) -> str:
    """A name that the sender chose, as a report may repeat it: what cannot be printed, or has no end, is left out."""
    text = str(name)
    return text if text.isprintable() and len(text) <= _LONGEST_SHOWN else ""
