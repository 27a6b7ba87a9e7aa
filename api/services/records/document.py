"""One national record as we keep it: its document word for word, and what the other shapes say beside it."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from api.services.records.cells import UNANSWERED, same

EVIDENCES: Final = "evidences"
EFFECTIVENESS: Final = "EVIDENCE_OF_EFFECTIVENESS"
UNSTATED: Final = "unstated"
"""What stands for the version of a record whose shape does not tell it."""
Name = tuple[str, str]  # section and question; the section is empty for what stands beside the sections


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What a file speaks about: all of a record, whole sections, or single questions; the rest of what is kept stays."""

    whole: bool = False
    sections: frozenset[str] = frozenset()
    questions: frozenset[Name] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One answer that differs between two versions of a record: `added`, `changed` or `removed`."""

    section: str
    question: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NationalRecord:
    """A record: the document as it is stored nationally, and beside it what only other shapes have.

    `listing` holds the columns of the search CSV that are no answers, `rows` the lines of the record CSV that no
    question has, `states` what the all-sections answer says of each section.
    """

    document: Mapping[str, Any] = field(default_factory=dict)
    listing: Mapping[str, str] = field(default_factory=dict)
    rows: tuple[tuple[str, ...], ...] = ()
    states: Mapping[str, Any] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """The version that the document tells, or `unstated`."""
        said = self.document.get("version")
        return str(said) if isinstance(said, str | int) and str(said) else UNSTATED

    @property
    def hash(self) -> str:
        """SHA-256 of all that it says, whatever the order of its keys."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()

    def answer(self, section: str, question: str) -> Any:  # noqa: ANN401 -- whatever was answered
        """An answer, or None."""
        held = self.document.get(section)
        return held.get(question) if isinstance(held, Mapping) else None

    def to_json(self) -> dict[str, Any]:
        """As it is kept in a column."""
        return {
            "document": dict(self.document),
            "listing": dict(self.listing),
            "rows": [list(row) for row in self.rows],
            "states": dict(self.states),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """From the column."""
        rows = tuple(tuple(row) for row in kept["rows"])
        return cls(document=kept["document"], listing=kept["listing"], rows=rows, states=kept["states"])

    def with_answers(self, answers: Mapping[Name, Any]) -> "NationalRecord":
        """The same with these answers; UNANSWERED takes one away."""
        document: dict[str, Any] = {key: dict(value) if isinstance(value, Mapping) else value for key, value in self.document.items()}
        for (section, question), value in answers.items():
            empty: dict[str, Any] = {}
            held = document if not section else document.get(section, empty)
            if value is UNANSWERED and isinstance(held, dict):
                held.pop(question, None)
            elif isinstance(held, dict):
                held[question] = value
            if empty:
                document[section] = empty
        return replace(self, document=document)

    def taking(self, later: "NationalRecord", covered: Coverage) -> "NationalRecord":
        """What is known when a later file was read: what it speaks about is its own, the rest stays."""
        kept = NationalRecord(
            document=self.document,
            listing={**self.listing, **later.listing},
            rows=later.rows or self.rows,
            states={**self.states, **later.states},
        )
        if covered.whole:
            return replace(kept, document=later.document)
        document = {key: value for key, value in self.document.items() if key not in covered.sections}
        document |= {key: later.document[key] for key in covered.sections if key in later.document}
        told = answers(later.document)
        single = {name: told.get(name, UNANSWERED) for name in covered.questions}
        if EFFECTIVENESS in covered.sections and EVIDENCES in later.document:
            single["", EVIDENCES] = _joined(self.document.get(EVIDENCES), later.document[EVIDENCES])
        if "version" in later.document:
            single["", "version"] = later.document["version"]
        return replace(kept, document=document).with_answers(single)


def answers(document: Mapping[str, Any]) -> dict[Name, Any]:
    """Every answer of a document by section and question; what stands beside the sections has no section. No version."""
    found: dict[Name, Any] = {}
    for key, value in document.items():
        if isinstance(value, Mapping):
            found |= {(key, question): answer for question, answer in value.items()}
        elif key != "version":
            found["", key] = value
    return found


def lost(before: Mapping[str, Any], after: Mapping[str, Any], *, only: Collection[Name] | None = None) -> list[Name]:
    """The answers of one document that another has not, or has otherwise; of these names `only`, where some are given."""
    there = answers(after)
    return [
        name
        for name, answer in answers(before).items()
        if (only is None or name in only) and not (name in there and same(there[name], answer))
    ]


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What differs between two versions, by section and question; it names answers and repeats none."""
    one, other = answers(before), answers(after)
    found = []
    for name in sorted(one.keys() | other.keys()):
        if name not in one:
            found.append(Change(section=name[0], question=name[1], kind="added"))
        elif name not in other:
            found.append(Change(section=name[0], question=name[1], kind="removed"))
        elif not same(one[name], other[name]):
            found.append(Change(section=name[0], question=name[1], kind="changed"))
    return found


def _joined(known: object, told: object) -> Any:  # noqa: ANN401 -- whatever was told
    """Evidence as it is told now, with what is known of the same piece: the all-sections answer leaves most of it out."""
    if not isinstance(known, list) or not isinstance(told, list):
        return told
    by_id = {str(each["id"]): each for each in known if isinstance(each, Mapping) and "id" in each}
    return [{**by_id.get(str(each.get("id")), {}), **each} if isinstance(each, Mapping) else each for each in told]
