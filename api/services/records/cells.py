"""An answer <-> the cell of a CSV file, as the national service writes it; where that would lose something, exactly.

A cell that begins with `json:` holds the answer word for word. It is written only where the plain form would be read
as something else: an unknown code that is another's label, a text such as `undefined`, an entry with a line end.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from api.services.records.schema import Kind, Question
from api.services.tabulating import guarded

EXACTLY: Final = "json:"
UNANSWERED: Final = object()
"""What a cell says that holds no answer."""
_EMPTY: Final = frozenset({"", "undefined", "null"})
_LINE_END: Final = re.compile(r"\r?\n")
_PARTED: Final = ": "


def same(one: object, other: object) -> bool:
    """Whether two answers are the same as JSON: 1 is not true, and 1.0 is not 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def guard(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; `unguard` gives back exactly what was written."""
    return f"'{cell}" if _is_run(cell) else cell


def unguard(cell: str) -> str:
    """The cell without the apostrophe that stands before a formula."""
    return cell[1:] if cell.startswith("'") and _is_run(cell[1:]) else cell


def _is_run(cell: str) -> bool:
    """Whether it is a formula, or one behind apostrophes, which must be told from one that we guarded."""
    bare = cell.lstrip("'")
    return guarded(bare) != bare


def read_labelled(cell: str, question: Question | None) -> Any:  # noqa: ANN401 -- whatever was answered
    """What a cell of the record CSV answers: labels or codes, several in a line each; UNANSWERED for an empty one."""
    return _exact(cell, lambda: _read_labelled(cell, question))


def write_labelled(answer: Any, question: Question | None) -> str:  # noqa: ANN401 -- likewise
    """The cell of the record CSV for an answer, unguarded."""
    return _checked(answer, lambda: _labelled(answer, question), lambda cell: read_labelled(cell, question))


def read_listed(cell: str, question: Question | None) -> Any:  # noqa: ANN401 -- likewise
    """What a cell of the search CSV says: JSON without its outer quotes, or plain text; UNANSWERED for an empty one."""
    return _exact(cell, lambda: _read_listed(cell, question))


def write_listed(answer: Any, question: Question | None) -> str:  # noqa: ANN401 -- likewise
    """The cell of the search CSV for an answer, unguarded: labels, as JSON without its outer quotes."""
    return _checked(answer, lambda: _listed(answer, question), lambda cell: read_listed(cell, question))


def _exact(cell: str, otherwise: Callable[[], Any]) -> Any:  # noqa: ANN401 -- likewise
    if cell.startswith(EXACTLY):
        try:
            return json.loads(cell.removeprefix(EXACTLY))
        except (ValueError, RecursionError):  # a text of the innovator's that happens to begin so
            return otherwise()
    return otherwise()


def _checked(answer: Any, write: Callable[[], str | None], read: Callable[[str], Any]) -> str:  # noqa: ANN401 -- likewise
    plain = write()
    if plain is not None:
        found = read(plain)
        if found is not UNANSWERED and same(found, answer):
            return plain
    return EXACTLY + json.dumps(answer, ensure_ascii=False)


def _code(said: str, labels: Mapping[str, str]) -> str:
    """The code of a code or a label; what is neither stays as it is."""
    if said in labels:
        return said
    return next((code for code, label in labels.items() if label == said), said)


def _read_labelled(cell: str, question: Question | None) -> Any:  # noqa: ANN401 -- likewise
    if cell.strip() in _EMPTY:
        return UNANSWERED
    if question is None or question.kind is Kind.TEXT:
        return cell
    if question.kind is Kind.CODE:
        return _code(cell, question.labels)
    lines = _LINE_END.split(cell)
    if question.kind is Kind.TEXTS:
        return lines
    if question.kind is Kind.CODES:
        return [_code(line, question.labels) for line in lines]
    return [_read_pair(line, question) for line in lines]


def _labelled(answer: object, question: Question | None) -> str | None:
    if isinstance(answer, str):
        return question.labels.get(answer, answer) if question and question.kind is Kind.CODE else answer
    if not isinstance(answer, list) or question is None:
        return None
    if all(isinstance(entry, str) for entry in answer):
        return "\n".join(question.labels.get(entry, entry) for entry in answer)
    if question.kind is Kind.PAIRS and all(isinstance(entry, dict) for entry in answer):
        lines = [_pair(entry, question) for entry in answer]
        return "\n".join(line for line in lines if line is not None)
    return None


def _read_pair(line: str, question: Question) -> dict[str, str]:
    first, second = question.parts
    if line in question.labels or line in question.labels.values():
        return {first: _code(line, question.labels)}
    left, parted, right = line.partition(_PARTED) if not question.labels else line.rpartition(_PARTED)
    if not parted:
        return {first: _code(line, question.labels)}
    return {first: _code(left, question.labels), second: _code(right, question.part_labels)}


def _pair(entry: Mapping[str, Any], question: Question) -> str | None:
    said = [entry.get(name) for name in question.parts]
    if not isinstance(said[0], str):
        return None
    left = question.labels.get(said[0], said[0])
    if not isinstance(said[1], str):
        return left
    return f"{left}{_PARTED}{question.part_labels.get(said[1], said[1])}"


def _read_listed(cell: str, question: Question | None) -> Any:  # noqa: ANN401 -- likewise
    if cell.strip() in _EMPTY:
        return UNANSWERED
    if question is not None and question.kind is Kind.CODES:
        try:
            entries = json.loads(cell)
        except (ValueError, RecursionError):
            entries = [decoded(cell)]
        listed = entries if isinstance(entries, list) else [decoded(cell)]
        return [_code(entry, question.labels) if isinstance(entry, str) else entry for entry in listed]
    text = decoded(cell)
    return _code(text, question.labels) if question is not None else text


def _listed(answer: object, question: Question | None) -> str | None:
    labels = question.labels if question else {}
    if isinstance(answer, str):
        return json.dumps(labels.get(answer, answer), ensure_ascii=False)[1:-1]
    if isinstance(answer, list):
        named = [labels.get(entry, entry) if isinstance(entry, str) else entry for entry in answer]
        return json.dumps(named, ensure_ascii=False)
    return None


def decoded(cell: str) -> str:
    """A text as the national service encodes it: JSON without its outer quotes; what is none stays as it is."""
    for quoted in (f'"{cell}"', cell):
        try:
            said = json.loads(quoted)
        except (ValueError, RecursionError):
            continue
        if isinstance(said, str):
            return said
    return cell
