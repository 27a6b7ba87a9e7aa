"""What is wrong with a record, and what is only worth a look: unknown ids and codes are kept, and told."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic_core import PydanticCustomError

from api.services.columns import problem
from api.services.content import LONGEST_TEXT, clean_text
from api.services.privacy import looks_like_identifier
from api.services.records.document import EVIDENCES, Name, answers
from api.services.records.entries import Entry, shown
from api.services.records.schema import Kind, Question, Schema, Schemas, codes_of_older_versions, shipped_file

MOST_ANSWERS: Final = 2_000
MOST_SHOWN: Final = 20
"""Warnings of one record that are told; one more says how many are left out."""
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]{0,200}>|<!--")
_VERSION: Final = re.compile(r"[A-Za-z0-9._-]{1,40}")
_CALCULATED: Final = frozenset({("INNOVATION_DESCRIPTION", "countryName"), ("", EVIDENCES)})
_CODED: Final = {
    name: frozenset(row["value"] for row in shipped_file()["evidences"][name]) for name in ("evidenceSubmitType", "evidenceType")
}

Finding = dict[str, Any]


def findings(entry: Entry, schemas: Schemas) -> tuple[list[Finding], list[Finding]]:
    """The problems and the warnings of one record, by section and question; neither repeats what the record answers."""
    version = entry.record.version
    schema, older = schemas.of(version), version in {"202209", "202304"}
    told = answers(entry.record.document)
    if len(told) > MOST_ANSWERS:
        return [problem(entry.line, "", "too_many_answers", f"The record holds more than {MOST_ANSWERS:,} answers. Check it.")], []
    problems = [each for name, answer in told.items() for each in _wrong(entry.line, name, answer)]
    problems += [each for said in _beside(entry) for each in _wrong(entry.line, ("", ""), said)]
    if not _VERSION.fullmatch(version):
        problems.append(problem(entry.line, "version", "bad_version", "A version is a number, or a word of at most 40 letters and digits."))
    warnings = list(_of_version(entry, schemas))
    for name, answer in told.items():
        warnings += _of_answer(entry.line, name, answer, schema, older=older)
    if len(warnings) > MOST_SHOWN:
        left = len(warnings) - MOST_SHOWN
        warnings = [*warnings[:MOST_SHOWN], problem(entry.line, "", "more", f"{left} more like these; all of it is kept.")]
    return problems, warnings


def _beside(entry: Entry) -> Iterator[Any]:
    """What a record holds beside its answers: it is kept too, and no patient may be named in it."""
    yield list(entry.record.listing.values())
    yield [list(row) for row in entry.record.rows]
    yield dict(entry.record.states)


def _field(name: Name) -> str:
    return shown(".".join(part for part in name if part))


def _wrong(line: int, name: Name, answer: object) -> Iterator[Finding]:
    if len(json.dumps(answer, ensure_ascii=False)) > LONGEST_TEXT:
        yield problem(line, _field(name), "too_long", f"Shorten this answer to {LONGEST_TEXT:,} characters.")
        return
    for text in _texts(answer):
        try:
            clean_text(text)
        except PydanticCustomError as error:
            yield problem(line, _field(name), error.type, error.message())
            return


def _texts(answer: object) -> Iterator[str]:
    if isinstance(answer, str):
        yield answer
    elif isinstance(answer, Mapping):
        for key, value in answer.items():
            yield from _texts(key)
            yield from _texts(value)
    elif isinstance(answer, list):
        for each in answer:
            yield from _texts(each)


def _of_version(entry: Entry, schemas: Schemas) -> Iterator[Finding]:
    version = entry.record.version
    if version in {"202209", "202304"}:
        remedy = f"The record is of version {version}. What this version has no place for any more is kept with it."
        yield problem(entry.line, "version", "older_version", remedy)
    elif "version" in entry.record.document and version not in schemas.by_version:
        remedy = "The schema of this version is not installed, so that the record was read by another. Ask for `matching schema install`."
        yield problem(entry.line, "version", "other_version", remedy)


def _of_answer(line: int, name: Name, answer: object, schema: Schema, *, older: bool) -> Iterator[Finding]:
    texts = list(_texts(answer))
    if any(_TAG.search(text) for text in texts):
        yield problem(line, _field(name), "html", "The answer holds HTML. It is kept, and shown as the characters that it is.")
    if any(looks_like_identifier(text) for text in texts):
        yield problem(line, _field(name), "looks_like_identifier", "A ten-digit number could be an NHS number. Remove it if it is.")
    question = schema.questions.get(name)
    if question is None:
        yield from _unknown(line, name, answer, schema, older=older)
        return
    if question.longest and isinstance(answer, str) and len(answer) > question.longest:
        yield problem(line, _field(name), "longer_than_national", f"The national form takes {question.longest} characters. All is kept.")
    for code in _codes(answer, question):
        yield _odd_code(line, name, code)


def _unknown(line: int, name: Name, answer: object, schema: Schema, *, older: bool) -> Iterator[Finding]:
    if name == ("", EVIDENCES):
        yield from _of_evidences(line, answer)
    elif name not in _CALCULATED and not older:
        kind = "unknown_question" if name[0] in schema.section_ids else "unknown_section"
        yield problem(line, _field(name), kind, "The schema does not know this; it is kept as it is.")


def _of_evidences(line: int, answer: object) -> Iterator[Finding]:
    for each in answer if isinstance(answer, list) else []:
        for name, codes in _CODED.items():
            if isinstance(each, Mapping) and each.get(name) is not None and each[name] not in codes:
                yield _odd_code(line, ("evidences", name), each[name])


def _odd_code(line: int, name: Name, code: object) -> Finding:
    version = codes_of_older_versions().get(code) if isinstance(code, str) else None
    said = f"It is a code of version {version}" if version else "The schema does not know one of its codes"
    return problem(line, _field(name), "code_of_another_version" if version else "unknown_code", f"{said}; it is kept as it is.")


def _codes(answer: object, question: Question) -> Iterator[object]:
    """The codes of a coded answer that the schema does not know."""
    if not question.labels or question.kind is Kind.TEXT:
        return
    for each in answer if isinstance(answer, list) else [answer]:
        code = each.get(question.parts[0]) if isinstance(each, Mapping) else each
        if not isinstance(code, str) or code not in question.labels:
            yield code
