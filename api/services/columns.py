"""What the columns of an imported CSV file may be called, and how a cell says what it holds."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from api.services.content import InnovationContent, NeedContent
from models.documents import Side

KEY = "key"
CONTENT: Mapping[Side, type[NeedContent] | type[InnovationContent]] = MappingProxyType(
    {Side.NEED: NeedContent, Side.INNOVATION: InnovationContent}
)
_TEMPLATES = {Side.NEED: "needs.csv", Side.INNOVATION: "innovations.csv"}
_LISTS = frozenset(
    {
        "places",
        "said_by",
        "care_settings",
        "areas",
        "diseases_conditions_impact",
        "key_health_inequalities",
        "categories",
        "integrates_with",
    }
)
_DATES = frozenset({"by_when", "decision_date", "review_date"})
_FLAGS = frozenset({"open_to_improvement_methods", "requires_smartphone", "deployed"})
_PAIRS = MappingProxyType({"criteria": ("kind", "value"), "standards": ("type", "has_met"), "external_ids": ("system", "id")})
_YES, _NO, _UNKNOWN = frozenset({"yes", "y", "true", "1"}), frozenset({"no", "n", "false", "0"}), frozenset({"unknown", "not known"})
_GUARDED = re.compile(r"'(?=[=+\-@\t\r])")
_BRITISH_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_REMEDIES = MappingProxyType(
    {
        "missing": "Fill this column in.",
        "string_too_long": "Shorten it to at most {max_length} characters.",
        "string_too_short": "Fill this column in.",
        "too_long": "Give at most {max_length} entries.",
        "too_short": "Give at least {min_length} entry.",
        "enum": "Use one of {expected}.",
        "timezone_aware": "Write the time with its zone, as in 2026-11-01T09:00:00Z, or the date alone.",
    }
)


class CellUnread(ValueError):
    """A cell is not written in the way that its column asks for; the message is the remedy."""

    def __init__(self, kind: str, remedy: str) -> None:
        super().__init__(remedy)
        self.kind = kind


def names(side: Side) -> tuple[str, ...]:
    """The columns that a file of this side may have, in the order of the template."""
    return (KEY, *CONTENT[side].model_fields)


def required(side: Side) -> tuple[str, ...]:
    """The columns that no file of this side may leave out."""
    return tuple(name for name, field in CONTENT[side].model_fields.items() if field.is_required())


def template(side: Side) -> str:
    """The CSV template: a header, one row of guidance that an import passes over, and one illustrative row."""
    return files("api").joinpath("data/templates", _TEMPLATES[side]).read_text(encoding="utf-8")


def unguarded(cell: str) -> str:
    """The cell without the apostrophe that our exports put before a formula character."""
    return _GUARDED.sub("", cell, count=1) if _GUARDED.match(cell) else cell


def read_cell(column: str, cell: str) -> Any:  # noqa: ANN401 -- as the column has it
    """What a filled cell says; raises CellUnread."""
    if column in _LISTS:
        return _entries(cell)
    if column in _PAIRS:
        return _pairs(cell, *_PAIRS[column])
    if reader := _READERS.get(column):
        return reader(cell)
    return cell


def problem(line: int, field: str, kind: str, remedy: str) -> dict[str, Any]:
    """One entry of an import's report."""
    return {"line": line, "field": field, "kind": kind, "remedy": remedy}


def problems_of(error: ValidationError, line: int) -> list[dict[str, Any]]:
    """What the validation of a row found, without repeating what the row says."""
    found = error.errors(include_url=False, include_input=False)
    return [problem(line, _field(item), item["type"], _remedy(item)) for item in found]


def as_json(content: BaseModel) -> dict[str, Any]:
    """The content as it is staged: what the row says, and no defaults."""
    return content.model_dump(mode="json", exclude_unset=True)


def _field(item: ErrorDetails) -> str:
    """Where it is, in our names: the key of an entry that no schema has is the sender's text and is not repeated."""
    place = item["loc"][:-1] if item["type"] == "extra_forbidden" else item["loc"]
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in place)


def _remedy(item: ErrorDetails) -> str:
    wording = _REMEDIES.get(item["type"], item["msg"])
    return wording.format(**item.get("ctx", {})) if item["type"] in _REMEDIES else wording


def _entries(cell: str) -> list[Any]:
    if cell.lstrip().startswith("["):
        return _json_list(cell)
    return [entry.strip() for entry in cell.split("|") if entry.strip()]


def _json_list(cell: str) -> list[Any]:
    try:
        read: list[Any] = json.loads(cell)
    except (ValueError, RecursionError) as error:
        raise CellUnread("not_json", "A list that begins with [ must be JSON. Mend it, or part the entries by |.") from error
    return read


def _pairs(cell: str, first: str, second: str) -> list[Any]:
    """Entries such as `DTAC=YES`; the second part is left out where the entry has no `=`."""
    read: list[Any] = []
    for entry in _entries(cell):
        if isinstance(entry, str):
            left, parted, right = entry.partition("=")
            read.append({first: left.strip(), second: right.strip()} if parted else {first: left})
        else:
            read.append(entry)
    return read


def _evidences(cell: str) -> list[Any]:
    read: list[Any] = []
    for entry in _entries(cell):
        if isinstance(entry, str):
            parts = [part.strip() for part in entry.split(":", 2)]
            names_given = zip(("submit_type", "evidence_type", "summary"), parts, strict=False)
            read.append({name: part for name, part in names_given if part})
        else:
            read.append(entry)
    return read


def _date(cell: str) -> date:
    try:
        if british := _BRITISH_DATE.fullmatch(cell.strip()):
            day, month, year = (int(part) for part in british.groups())
            return date(year, month, day)
        return date.fromisoformat(cell.strip())
    except ValueError as error:
        raise CellUnread("not_a_date", "Write the date as 2027-03-31 or 31/03/2027.") from error


def _moment(cell: str) -> datetime:
    try:
        moment = datetime.fromisoformat(cell.strip()) if "T" in cell else datetime.combine(_date(cell), datetime.min.time(), UTC)
        return moment if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:  # no such day, or one that is outside the calendar in UTC
        raise CellUnread("not_a_time", "Write the day as 2026-11-01 or 01/11/2026, or the time as 2026-11-01T09:00:00Z.") from error


def _flag(cell: str) -> bool | None:
    said = cell.strip().lower()
    if said in _YES | _NO:
        return said in _YES
    if said in _UNKNOWN:
        return None
    raise CellUnread("not_yes_or_no", "Write yes, no or unknown.")


_READERS: Mapping[str, Callable[[str], Any]] = MappingProxyType(
    {
        "evidences": _evidences,
        "consent_at": _moment,
        **dict.fromkeys(_DATES, _date),
        **dict.fromkeys(_FLAGS, _flag),
    }
)
