"""BEIR-style folders: `corpus.jsonl`, `queries.jsonl`, `qrels/<split>.tsv`; rows become needs and innovations."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from matcher.text import FIELD_ASPECTS
from matcher.types import Criterion, CriterionKind, Document, Facet, Facts, Side, Stage

T = TypeVar("T")

_TITLE = {Side.NEED: "title", Side.INNOVATION: "name"}
_BODY = {Side.NEED: "problem", Side.INNOVATION: "description"}
_UNREAD_TEXTS = {Side.NEED: (), Side.INNOVATION: ("staff_learning", "patient_learning")}  # told by must-haves alone
_STAGES = MappingProxyType({**{stage.value: stage for stage in Stage}, "ADVANCED": Stage.DEVELOPMENT, "READY": Stage.ADOPTION})
_QRELS_COLUMNS = 3


class MalformedFolder(Exception):
    """A folder cannot be read as a collection; the message names the file and, where there is one, the line."""


class Pool(StrEnum):
    """What is ranked for a query: the whole corpus, or only the documents judged for it."""

    CORPUS = "corpus"
    JUDGED = "judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a corpus or of queries; `place` names file and line for messages."""

    id: str
    title: str
    text: str
    metadata: Mapping[str, Any]
    place: str

    @property
    def whole(self) -> str:
        """Title and text as a plain retriever reads them."""
        return f"{self.title}. {self.text}" if self.title and self.text else self.title or self.text

    def document(self, side: Side, *, without_codes: bool = False) -> Document:
        """The row as a need or an innovation; raise MalformedFolder if its metadata says what nobody can read.

        Metadata go by our column names, in snake or camel case. A row that names no problem (need) or description
        (innovation) gives its text there, and its title as title or name.
        """
        stated = {_snake(key): value for key, value in self.metadata.items() if value is not None}
        fields = {_TITLE[side]: self.title, _BODY[side]: self.text}
        for name in (*FIELD_ASPECTS[side], *_UNREAD_TEXTS[side]):
            if name in stated:
                fields[name] = self._a(str, name, stated[name])
        return Document(
            id=self.id,
            side=side,
            fields=MappingProxyType(fields),
            codes=MappingProxyType({} if without_codes else {facet: frozenset(self._texts(facet, stated)) for facet in Facet}),
            criteria=tuple(self._criterion(each) for each in self._items("criteria", stated)),
            facts=self._facts(stated),
        )

    def _criterion(self, stated: object) -> Criterion:
        entry = self._a(dict, "criteria", stated)
        kind = self._one_of(CriterionKind, "criteria", entry.get("kind"))
        criterion = Criterion(kind=kind, value=self._a(str, "criteria", entry.get("value") or ""))
        if kind is CriterionKind.MINIMUM_STAGE:
            self._one_of(Stage, "criteria", criterion.value)
        return criterion

    def _facts(self, stated: Mapping[str, Any]) -> Facts:
        standards = {}
        for each in self._items("standards", stated):
            entry = self._a(dict, "standards", each)
            met = entry.get("has_met", entry.get("hasMet")) or ""
            standards[self._a(str, "standards", entry.get("type"))] = self._a(str, "standards", met)
        evidences = [self._a(dict, "evidences", each) for each in self._items("evidences", stated)]
        kinds = [entry.get("evidence_type", entry.get("evidenceType")) for entry in evidences]
        return Facts(
            stage=self._one_of(_STAGES.__getitem__, "stage", stated["stage"]) if "stage" in stated else None,
            standards=MappingProxyType(standards),
            requires_smartphone=self._truth("requires_smartphone", stated),
            integrates_with=tuple(self._texts("integrates_with", stated)),
            evidence_types=tuple(self._a(str, "evidences", kind) for kind in kinds if kind is not None),
            deployed=self._truth("deployed", stated),
        )

    def _texts(self, name: str, stated: Mapping[str, Any]) -> list[str]:
        return [self._a(str, name, each) for each in self._items(name, stated)]

    def _items(self, name: str, stated: Mapping[str, Any]) -> list[Any]:
        value = stated.get(name, [])
        return [value] if isinstance(value, str) else self._a(list, name, value)

    def _truth(self, name: str, stated: Mapping[str, Any]) -> bool | None:
        return self._a(bool, name, stated[name]) if name in stated else None

    def _a(self, kind: type[T], name: str, value: object) -> T:
        if not isinstance(value, kind):
            raise MalformedFolder(f"{self.place}: metadata {name} holds {value!r:.60}, which is no {kind.__name__}.")
        return value

    def _one_of(self, known: Callable[[str], T], name: str, value: object) -> T:
        try:
            return known(self._a(str, name, value))
        except (KeyError, ValueError) as error:
            raise MalformedFolder(f"{self.place}: metadata {name} holds the unknown value {value!r:.60}.") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """Queries, a corpus and the grades that people gave to some of their pairs: query id -> document id -> grade >= 0."""

    name: str
    queries: tuple[Row, ...]
    corpus: tuple[Row, ...]
    judgements: Mapping[str, Mapping[str, int]]

    @property
    def relevant_from(self) -> int:
        """The lowest grade that counts as relevant: 2 where grades reach 2, else 1."""
        return 2 if any(grade >= 2 for grades in self.judgements.values() for grade in grades.values()) else 1  # noqa: PLR2004


def read_folder(folder: Path, split: str) -> Collection:
    """Read a folder; of its queries those that the split judges, in the order of the file.

    Raises:
        MalformedFolder: if a file is missing, a line cannot be read, or a judgement names a row that is not there.
    """
    corpus = _rows(folder / "corpus.jsonl", titled=True)
    queries = _rows(folder / "queries.jsonl", titled=False)
    judgements = _judgements(folder / "qrels" / f"{split}.tsv", queries=queries, corpus=corpus)
    return Collection(
        name=folder.resolve().name,
        queries=tuple(row for row in queries.values() if row.id in judgements),
        corpus=tuple(corpus.values()),
        judgements=judgements,
    )


def _rows(path: Path, *, titled: bool) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for place, line in _lines(path):
        row = _row(line, place)
        if row.id in rows:
            raise MalformedFolder(f"{place}: the _id {row.id!r:.60} stands on {rows[row.id].place} already.")
        rows[row.id] = row
    if not rows:
        raise MalformedFolder(f"{path.name} holds no {'document' if titled else 'query'}.")
    return rows


def _row(line: str, place: str) -> Row:
    try:
        stored = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise MalformedFolder(f"{place}: not one JSON object ({error}).") from error
    if not isinstance(stored, dict):
        raise MalformedFolder(f"{place}: not one JSON object.")
    for name, kind in (("_id", str), ("text", str), ("title", str | None), ("metadata", dict | None)):
        if not isinstance(stored.get(name), kind):
            raise MalformedFolder(f"{place}: {name} is missing or of another kind than it should be.")
    if not stored["_id"].strip() or not stored["_id"].isprintable():
        raise MalformedFolder(f"{place}: the _id {stored['_id']!r:.60} is empty or holds characters that nobody sees.")
    return Row(
        id=stored["_id"],
        title=(stored.get("title") or "").strip(),
        text=stored["text"],
        metadata=stored.get("metadata") or {},
        place=place,
    )


def _judgements(path: Path, *, queries: Mapping[str, Row], corpus: Mapping[str, Row]) -> dict[str, dict[str, int]]:
    judgements: dict[str, dict[str, int]] = {}
    for number, (place, line) in enumerate(_lines(path)):
        parts = line.split("\t")
        if len(parts) != _QRELS_COLUMNS:
            raise MalformedFolder(f"{place}: {len(parts)} columns instead of query-id, corpus-id, score, parted by tabs.")
        query, document, grade = parts
        if not re.fullmatch(r"-?\d{1,4}", grade):
            if number == 0:
                continue  # the header
            raise MalformedFolder(f"{place}: the score {grade!r:.60} is no whole number.")
        for named, rows, file in ((query, queries, "queries.jsonl"), (document, corpus, "corpus.jsonl")):
            if named not in rows:
                raise MalformedFolder(f"{place}: {named!r:.60} is not in {file}.")
        if document in judgements.setdefault(query, {}):
            raise MalformedFolder(f"{place}: this pair is judged on an earlier line already.")
        judgements[query][document] = max(0, int(grade))
    if not judgements:
        raise MalformedFolder(f"{path.name} holds no judgement.")
    return judgements


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Each line that is not empty, with its place for messages."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise MalformedFolder(f"{path} cannot be read ({error.strerror}); a folder needs corpus.jsonl, queries.jsonl and qrels.") from error
    for number, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").splitlines(), start=1):
        place = f"{path.name} line {number}"
        try:
            line = raw.decode()
        except UnicodeDecodeError as error:
            raise MalformedFolder(f"{place}: not UTF-8 ({error.reason}).") from error
        if line.strip():
            yield place, line


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
