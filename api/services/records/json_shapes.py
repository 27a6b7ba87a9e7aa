"""The stored document and the all-sections answer <-> records."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NoReturn

from api.services.records.document import EFFECTIVENESS, EVIDENCES, Coverage, NationalRecord
from api.services.records.entries import CONSENT, MOST_RECORDS, Entry, refused, too_many_records
from api.services.records.schema import Schemas, shipped_file

MOST_BRACKETS: Final = 150_000
MOST_COMMAS: Final = 400_000
"""What opens and parts values in one file: many small ones take far more memory than the text that holds them."""
DEEPEST: Final = 32
BESIDE: Final = "$document"
"""The entry that our all-sections export adds for what stands beside the sections, such as the version."""
_WRAPPED: Final = ("document", "sections")
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


def read_json(text: str, schemas: Schemas) -> list[Entry]:
    """The records of a JSON file: one document, one all-sections answer, or a list of records with their ids.

    A record with its id is `{"uniqueId": …, "document": {…}}`, or `"sections": […]` instead; `consent` may stand beside.

    Raises:
        ImportFileRefused: if it is no JSON, or holds no record.
    """
    said = _parsed(text)
    if _is_all_sections(said):
        return [_entry(1, {"sections": said}, schemas)]
    if isinstance(said, list) and len(said) > MOST_RECORDS:
        raise too_many_records()
    return [_entry(number, each, schemas) for number, each in enumerate(said if isinstance(said, list) else [said], start=1)]


def all_sections(record: NationalRecord, schemas: Schemas) -> list[dict[str, Any]]:
    """The all-sections answer: every section of the schema and of the record, and one entry for what stands beside them."""
    document = record.document
    held = {key: value for key, value in document.items() if isinstance(value, Mapping)}
    beside = {key: value for key, value in document.items() if key not in held}
    effectiveness = held.get(EFFECTIVENESS, {})
    if EVIDENCES in effectiveness:  # as 202209 has it: they stay where they are, and those beside the sections beside
        beside.setdefault(EVIDENCES, None)
    elif EVIDENCES in beside:
        held[EFFECTIVENESS] = {**effectiveness, EVIDENCES: _named(beside.pop(EVIDENCES))}
    names = dict.fromkeys([*(section.id for section in schemas.of(record.version).sections), *held])
    told = [{"section": _state(record, name, answered=bool(held.get(name))), "data": dict(held.get(name, {}))} for name in names]
    return [*told, {"section": {"section": BESIDE}, "data": beside}] if beside else told


def _state(record: NationalRecord, name: str, *, answered: bool) -> dict[str, Any]:
    known: Mapping[str, Any] = record.states.get(name, {})
    return {"section": name, "status": "SUBMITTED" if answered else "NOT_STARTED", "openTasksCount": 0, **known}


def _named(evidences: object) -> Any:  # noqa: ANN401 -- whatever stands there
    """Pieces of evidence with the name that this shape gives them."""
    if not isinstance(evidences, list):
        return evidences
    return [{**each, "name": _name_of(each)} if _is_typed(each) and "name" not in each else each for each in evidences]


def _unnamed(evidences: object) -> Any:  # noqa: ANN401 -- likewise
    if not isinstance(evidences, list):
        return evidences
    named = [_is_typed(each) and each.get("name") == _name_of(each) for each in evidences]
    return [
        {key: value for key, value in each.items() if key != "name"} if ours else each for each, ours in zip(evidences, named, strict=True)
    ]


def _is_typed(each: object) -> bool:
    return isinstance(each, Mapping) and isinstance(each.get("evidenceSubmitType"), str)


def _name_of(each: Mapping[str, Any]) -> str:
    submit_type = each["evidenceSubmitType"]
    labels = {row["value"]: row["label"] for row in shipped_file()["evidences"]["evidenceSubmitType"]}
    return str(labels.get(submit_type, submit_type))


def _parsed(text: str) -> Any:  # noqa: ANN401 -- whatever JSON says
    if text.count("{") + text.count("[") > MOST_BRACKETS or text.count(",") > MOST_COMMAS:
        raise refused(1, "", "too_many_values", "The file holds more values than are read at once. Bring the records in several files.")
    try:
        return json.loads(text, object_pairs_hook=_once_each, parse_constant=_no_constant, parse_float=_finite)
    except RecursionError as error:
        raise refused(1, "", "too_deep", f"The file is nested deeper than {DEEPEST}. Check it.") from error
    except json.JSONDecodeError as error:
        raise refused(error.lineno, "", "not_json", "The file is not JSON from here, or was cut off. Export it again.") from error
    except _Odd as error:
        raise refused(1, "", "not_json", str(error)) from error
    except ValueError as error:  # a number of thousands of digits
        raise refused(1, "", "not_json", "A number of the file is too long. Check it.") from error


class _Odd(ValueError):
    """JSON that cannot be kept; the message is the remedy."""


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Odd("An object of the file names something twice, so that one of the two would be lost. Export it again.")
    return found


def _no_constant(_name: str) -> NoReturn:
    raise _Odd("The file holds NaN or Infinity, which JSON has not. Export it again.")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise _Odd("A number of the file is too large. Check it.")
    return number


def _is_all_sections(said: object) -> bool:
    return isinstance(said, list) and bool(said) and all(isinstance(each, Mapping) and "section" in each for each in said)


def _entry(line: int, said: object, schemas: Schemas) -> Entry:
    if not isinstance(said, Mapping):
        raise refused(line, "", "no_record", f"Record {line} of the file is no object. Bring documents or all-sections answers.")
    _must_be_storable(line, said)
    given = {name: said[name] for name in ("uniqueId", "consent") if name in said}
    if any(name in said for name in _WRAPPED):
        record, covers = _wrapped(line, said, schemas)
    else:
        document = {key: value for key, value in said.items() if key not in given}
        if not _is_document(document, schemas):
            raise refused(line, "", "no_record", f"Record {line} of the file has neither a version nor a section. Export it again.")
        record, covers = NationalRecord(document=document), Coverage(whole=True)
    return Entry(line=line, record=record, covers=covers, unique_id=_text(line, given, "uniqueId"), consent=_consent(line, given))


def _wrapped(line: int, said: Mapping[str, Any], schemas: Schemas) -> tuple[NationalRecord, Coverage]:
    if set(said) - {"uniqueId", "consent", *_WRAPPED} or all(name in said for name in _WRAPPED):
        remedy = f"Record {line} may hold uniqueId, consent, and either document or sections. Mend it."
        raise refused(line, "", "unknown_field", remedy)
    if "document" in said:
        if not _is_document(said["document"], schemas):
            raise refused(
                line, "document", "no_record", f"The document of record {line} has neither a version nor a section. Export it again."
            )
        return NationalRecord(document=said["document"]), Coverage(whole=True)
    if not _is_all_sections(said["sections"]):
        raise refused(line, "sections", "no_record", f"The sections of record {line} are no list of sections. Export it again.")
    return _of_sections(line, said["sections"])


def _is_document(said: object, schemas: Schemas) -> bool:
    if not isinstance(said, Mapping):
        return False
    known = schemas.newest.section_ids | set(shipped_file()["older_versions"]["202209"]["sections"])
    return "version" in said or bool(known & said.keys())


def _of_sections(line: int, said: list[Mapping[str, Any]]) -> tuple[NationalRecord, Coverage]:
    document: dict[str, Any] = {}
    beside: dict[str, Any] = {}
    states: dict[str, Any] = {}
    for each in said:
        state, data = each["section"], each.get("data")
        name = state.get("section") if isinstance(state, Mapping) else None
        if not isinstance(name, str) or not isinstance(data, Mapping) or name in states:
            remedy = f"A section of record {line} is there twice, or has no name or no data. Export it again."
            raise refused(line, "sections", "bad_section", remedy)
        states[name] = state
        (beside if name == BESIDE else document.setdefault(name, {})).update(data)
    states.pop(BESIDE, None)
    effectiveness = document.get(EFFECTIVENESS, {})
    if EVIDENCES in effectiveness and EVIDENCES not in beside:
        document[EVIDENCES] = _unnamed(effectiveness.pop(EVIDENCES))
    document |= {key: value for key, value in beside.items() if not (key == EVIDENCES and value is None)}
    covers = Coverage(
        sections=frozenset(states), questions=frozenset(("", key) for key in document if key not in states and key != "version")
    )
    return NationalRecord(document=document, states=states), covers


def _must_be_storable(line: int, said: object) -> None:
    """Refuse what no database keeps: half characters, NUL, and nests without an end."""
    level = [said]
    for _ in range(DEEPEST):
        following: list[Any] = []
        for item in level:
            if isinstance(item, str) and _UNSTORABLE.search(item):
                raise refused(line, "", "control_character", f"Record {line} holds NUL or half a character. Remove it.")
            following += _inside(item)
        level = following
        if not level:
            return
    raise refused(line, "", "too_deep", f"Record {line} is nested deeper than {DEEPEST}. Check it.")


def _inside(item: object) -> Iterator[Any]:
    if isinstance(item, Mapping):
        yield from item.keys()
        yield from item.values()
    elif isinstance(item, list):
        yield from item


def _text(line: int, given: Mapping[str, Any], name: str) -> str:
    value = given.get(name, "")
    if not isinstance(value, str):
        raise refused(line, name, "no_text", f"Write {name} of record {line} as text.")
    return value


def _consent(line: int, given: Mapping[str, Any]) -> dict[str, Any]:
    said = given.get("consent", {})
    if not isinstance(said, Mapping) or set(said) - set(CONSENT):
        raise refused(line, "consent", "unknown_field", f"The consent of record {line} has {', '.join(CONSENT)}. Mend it.")
    return dict(said)
