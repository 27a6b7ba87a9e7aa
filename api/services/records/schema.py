"""The schema of the national record: sections, questions, codes and labels; shipped with us, replaceable by a live one."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final

from models.base import DomainError

SHIPPED: Final = "shipped"
"""What stands for the version of the schema that comes with us, whose source names none."""
_IDENTIFIER: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
_MOST_QUESTIONS: Final = 1000


class SchemaRefused(DomainError):
    """A file is no schema of the national record, or lacks what every version must keep."""


class Kind(StrEnum):
    """How a question is answered: one text, one code, codes, texts, or entries of two parts."""

    TEXT = "text"
    CODE = "code"
    CODES = "codes"
    TEXTS = "texts"
    PAIRS = "pairs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question; `labels` are by code and empty where anything may be said, `wording` is empty where we have its hash alone."""

    id: str
    section: str
    kind: Kind
    label_key: str
    wording: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[str, str] = ("", "")
    part_labels: Mapping[str, str] = field(default_factory=dict)
    longest: int | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A subsection, which is what holds answers: its id, the titles above it, its questions in their order."""

    id: str
    title: str
    parent_title: str
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Schema:
    """One version of the schema, looked up by section and question, or by the wording of a question."""

    version: str
    sections: tuple[Section, ...]
    digest: str
    questions: Mapping[tuple[str, str], Question] = field(init=False)
    by_wording: Mapping[str, Question] = field(init=False)
    section_ids: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        each = [question for section in self.sections for question in section.questions]
        object.__setattr__(self, "questions", {(question.section, question.id): question for question in each})
        named = {question.label_key: question for question in each}
        object.__setattr__(self, "by_wording", named | {label_key(question.id): question for question in each})
        object.__setattr__(self, "section_ids", frozenset(section.id for section in self.sections))


class Schemas:
    """The shipped schema and those that were installed, by version."""

    def __init__(self, installed: Sequence[Schema] = ()) -> None:
        self.by_version = {SHIPPED: shipped_schema()} | {schema.version: schema for schema in installed}

    @property
    def newest(self) -> Schema:
        """The highest numbered version that was installed, or the shipped one: what is not told its version is read by it."""
        numbered = sorted((int(version) for version in self.by_version if version != SHIPPED), reverse=True)
        return self.by_version[str(numbered[0]) if numbered else SHIPPED]

    def of(self, version: object) -> Schema:
        """The schema of a record's version; the newest one where that version is not installed."""
        return self.by_version.get(str(version), self.newest)


def label_key(wording: str) -> str:
    """What stands for a wording: the first 16 hex digits of its SHA-256, after NFKC, lower case and single spaces."""
    plain = " ".join(unicodedata.normalize("NFKC", wording).lower().split())
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


@cache
def shipped_file() -> Mapping[str, Any]:
    """All of `api/data/innovation_record.json`: also the lists of older versions and the columns of the search CSV."""
    loaded: dict[str, Any] = json.loads(files("api").joinpath("data/innovation_record.json").read_text(encoding="utf-8"))
    return loaded


@cache
def shipped_schema() -> Schema:
    """The schema that comes with us."""
    return _of_data_file(shipped_file(), SHIPPED)


@cache
def codes_of_older_versions() -> Mapping[str, str]:
    """The codes that only older versions have, each with the newest version that has it."""
    older = shipped_file()["older_versions"]
    return {code: version for version in ("202209", "202304") for listed in older[version].values() for code in listed}


def read_schema(text: str) -> Schema:
    """A schema from the answer of `GET /v1/ir-schema`, or from a file of our own form with a version.

    Raises:
        SchemaRefused: if it is neither, has no number for a version, or lacks a question that every version must keep.
    """
    try:
        said = json.loads(text)
        version = _version(said["version"])
        schema = _of_live(said, version) if "schema" in said else _of_data_file(said, version)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SchemaRefused("This is no schema of the national record. Save the answer of GET /v1/ir-schema and install that.") from error
    _must_be_whole(schema)
    return schema


def _version(said: object) -> str:
    if isinstance(said, bool) or not str(said).isascii() or not str(said).isdigit() or int(str(said)) < 1:
        raise ValueError("no number")
    return str(int(str(said)))


def _must_be_whole(schema: Schema) -> None:
    if len(schema.questions) > _MOST_QUESTIONS:
        raise SchemaRefused(f"The schema has more than {_MOST_QUESTIONS} questions. Check the file.")
    odd = [name for section, name in schema.questions if not (_IDENTIFIER.fullmatch(name) and _IDENTIFIER.fullmatch(section))]
    if odd:
        raise SchemaRefused("An id of the schema is no identifier. Check the file.")
    required = shipped_file()["required"]
    lacking = [f"{section}.{name}" for section, names in required.items() for name in names if (section, name) not in schema.questions]
    if lacking:
        raise SchemaRefused(f"The schema lacks what every version must keep: {', '.join(lacking)}. Check the file.", lacking=lacking)


def _of_data_file(said: Mapping[str, Any], version: str) -> Schema:
    lists = {name: [row if isinstance(row, Mapping) else {"value": row} for row in rows] for name, rows in said.get("lists", {}).items()}
    sections = tuple(
        Section(
            part["id"],
            part["title"],
            section["title"],
            tuple(_question(part, entry, lists) for entry in part["questions"]),
        )
        for section in said["sections"]
        for part in section["sub_sections"]
    )
    return Schema(version, sections, _digest(said["sections"]))


def _question(part: Mapping[str, Any], entry: Mapping[str, Any], lists: Mapping[str, list[Any]]) -> Question:
    allowed = entry.get("allowed", [])
    if isinstance(allowed, Mapping):
        taken_from: Mapping[str, Any] = next((each for each in part["questions"] if each["id"] == allowed.get("from_answer_of")), {})
        allowed = lists[allowed["list"]] if "list" in allowed else taken_from.get("allowed", [])
    inner = entry.get("add_question")
    return Question(
        id=entry["id"],
        section=part["id"],
        kind=_kind(entry["data_type"], single=entry.get("json") == "string", paired=inner is not None),
        label_key=entry.get("label_key") or label_key(entry.get("label") or entry["id"]),
        wording=entry.get("label", ""),
        labels={row["value"]: row.get("label") or row["value"] for row in allowed},
        parts=(entry["field"]["id"] if "field" in entry else "type", inner["id"]) if inner else ("", ""),
        part_labels={row["value"]: row["label"] for row in inner.get("allowed", [])} if inner else {},
        longest=entry.get("max_length") or entry.get("url_max_length"),
    )


def _kind(data_type: str, *, single: bool, paired: bool) -> Kind:
    if paired:
        return Kind.PAIRS
    if data_type in {"text", "textarea"}:
        return Kind.TEXT
    if data_type == "fields-group":
        return Kind.TEXTS
    return Kind.CODE if single or data_type == "radio-group" else Kind.CODES


def _of_live(said: Mapping[str, Any], version: str) -> Schema:
    sections = tuple(
        Section(part["id"], part["title"], section["title"], tuple(_live_questions(part)))
        for section in said["schema"]["sections"]
        for part in section["subSections"]
    )
    return Schema(version, sections, _digest(said["schema"]))


def _live_questions(part: Mapping[str, Any]) -> Iterator[Question]:
    asked = [question for step in part["steps"] for top in step["questions"] for question in _with_revealed(top)]
    items = {question["id"]: _codes(question) for question in asked}
    for question in asked:
        source = next((item["itemsFromAnswer"] for item in question.get("items", []) if "itemsFromAnswer" in item), None)
        inner, limits = question.get("addQuestion"), question.get("validations", {})
        yield Question(
            id=question["id"],
            section=part["id"],
            # One country is chosen from a list like many conditions; every version so far keeps it as one text.
            kind=_kind(question["dataType"], single=question["id"] == "countryLocation", paired=inner is not None),
            label_key=label_key(question["label"]),
            wording=question["label"],
            labels=items.get(source, {}) if source else items[question["id"]],
            parts=(question["field"]["id"] if "field" in question else "type", inner["id"]) if inner else ("", ""),
            part_labels=_codes(inner) if inner else {},
            longest=limits.get("maxLength") or limits.get("max", {}).get("length"),
        )


def _with_revealed(question: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A question and those that one of its items reveals."""
    yield question
    for item in question.get("items", []):
        if isinstance(item.get("conditional"), Mapping):
            yield item["conditional"]


def _codes(question: Mapping[str, Any]) -> dict[str, str]:
    return {item["id"]: item.get("label") or item["id"] for item in question.get("items", []) if "id" in item}


def _digest(said: object) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
