"""BEIR-style folders: `corpus.jsonl`, `queries.jsonl`, `qrels/<split>.tsv`; rows become needs and innovations."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

from matcher.metadata import TEXTS, read_metadata
from matcher.text import normalise, sentences
from matcher.types import Document, Side

_TITLE = {Side.NEED: "title", Side.INNOVATION: "name"}
_BODY = {Side.NEED: "problem", Side.INNOVATION: "description"}
_ASKING = {"needs": Side.NEED, "innovations": Side.INNOVATION}
_QRELS_COLUMNS = 3
_GRADE = re.compile("-?[0-9]{1,9}")
_HIGHEST_GRADE = 30  # the gain 2^30 - 1 is a number that sums exactly; no scale of judges comes near


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
        return f"{self.title} {self.text}" if self.title and self.text else self.title or self.text

    def document(self, side: Side, *, without_codes: bool = False) -> Document:
        """The row as a need or an innovation.

        Metadata go by our column names. A row that names no problem (need) or description (innovation) gives its text
        there, and its title as title or name; what of title and text its metadata do not say is added there.
        """
        stated = read_metadata(self.metadata)
        fields = {_TITLE[side]: self.title, _BODY[side]: self.text}
        fields |= {name: stated.texts[name] for name in TEXTS[side] if name in stated.texts}
        if unsaid := self._unsaid(fields.values()):
            fields[_BODY[side]] += f"\n{unsaid}"
        return Document(
            id=self.id,
            side=side,
            fields=MappingProxyType(fields),
            codes=MappingProxyType({} if without_codes else stated.codes),
            criteria=stated.criteria,
            facts=stated.facts,
        )

    def _unsaid(self, texts: Iterable[str]) -> str:
        """The sentences of title and text that none of these texts holds, up to capitals and the full stop."""
        said = "\n".join(map(_plain, texts))
        own = (text[start:end] for text in (self.title, self.text) for start, end in sentences(text))
        return " ".join(sentence for sentence in own if _plain(sentence) not in said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """Queries, a corpus and the grades that people gave to some of their pairs: query id -> document id -> grade >= 0.

    `split` and `digest` (SHA-256 hex) name the file of judgements, empty for a collection from elsewhere; `notices`
    tell what of the folder was left out.
    """

    name: str
    queries: tuple[Row, ...]
    corpus: tuple[Row, ...]
    judgements: Mapping[str, Mapping[str, int]]
    notices: tuple[str, ...] = ()
    split: str = ""
    digest: str = ""

    @property
    def relevant_from(self) -> int:
        """The lowest grade that counts as relevant: 2 where grades reach 2, else 1."""
        return 2 if any(grade >= 2 for grades in self.judgements.values() for grade in grades.values()) else 1  # noqa: PLR2004

    @property
    def answerable(self) -> tuple[str, ...]:
        """The queries that some document is relevant to, in their order."""
        least = self.relevant_from
        return tuple(row.id for row in self.queries if any(grade >= least for grade in self.judgements[row.id].values()))


def split_and_side(folder: Path, *, split: str | None = None, side: Side | None = None) -> tuple[str, Side]:
    """Which judgements to read and which side asks: what is given, else what `matching.json` of the folder says.

    It is one object such as `{"split": "test", "queries": "innovations"}`, either of which may be missing. Where nobody
    says it, the split is `dev`, or the only one that there is, and needs ask.

    Raises:
        MalformedFolder: if that file cannot be read, or nothing tells which of several splits is meant.
    """
    said = _profile(folder / "matching.json")
    splits = sorted(path.stem for path in (folder / "qrels").glob("*.tsv"))
    chosen = split or said.get("split")
    if chosen is None and len(splits) > 1 and "dev" not in splits:
        raise MalformedFolder(f"{folder.name} has the judgements {', '.join(splits)}, and nothing says which are meant.")
    chosen = chosen or (splits[0] if len(splits) == 1 else "dev")
    if splits and chosen not in splits:
        raise MalformedFolder(f"{folder.name} has no judgements {chosen}.tsv, but {', '.join(splits)}.")
    return chosen, side or _ASKING[said.get("queries", "needs")]


def read_folder(folder: Path, split: str) -> Collection:
    """Read a folder; of its queries those that the split judges, in the order of the file.

    Raises:
        MalformedFolder: if a file is missing, a line cannot be read, or a judgement names a row that is not there.
    """
    corpus = _rows(folder / "corpus.jsonl", titled=True)
    queries = _rows(folder / "queries.jsonl", titled=False)
    qrels = folder / "qrels" / f"{split}.tsv"
    judgements = _judgements(qrels, queries=queries, corpus=corpus)
    judged = tuple(row for row in queries.values() if row.id in judgements)
    return Collection(
        name=folder.resolve().name,
        queries=judged,
        corpus=tuple(corpus.values()),
        judgements=judgements,
        notices=(*_unjudged(len(queries) - len(judged), split), *_unread([*corpus.values(), *judged])),
        split=split,
        digest=sha256(qrels.read_bytes()).hexdigest(),
    )


def _profile(path: Path) -> dict[str, str]:
    """What `matching.json` says; nothing where there is none."""
    if not path.is_file():
        return {}
    try:
        said = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise MalformedFolder(f"{path.name}: not one JSON object ({error}).") from error
    if not isinstance(said, dict) or not said.keys() <= {"split", "queries"} or not all(isinstance(each, str) for each in said.values()):
        raise MalformedFolder(f'{path.name}: not an object like {{"split": "test", "queries": "needs"}}.')
    if said.get("queries", "needs") not in _ASKING:
        raise MalformedFolder(f"{path.name}: queries are needs or innovations, not {said['queries']!r:.60}.")
    return said


def _unjudged(count: int, split: str) -> Iterator[str]:
    if count:
        yield f"Queries that {split}.tsv does not judge, and that are left out: {count}."


def _unread(rows: Iterable[Row]) -> Iterator[str]:
    entries = [f"{row.place}, {said}" for row in rows for said in read_metadata(row.metadata).unread]
    if entries:
        yield f"Entries of metadata that cannot be read, and that are left out: {len(entries)}; the first is {entries[0]}."


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
    if not stored["_id"] or not stored["_id"].isprintable() or " " in stored["_id"]:  # white space parts the columns of a run
        raise MalformedFolder(f"{place}: the _id {stored['_id']!r:.60} is empty or holds white space or characters that nobody sees.")
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
        if number == 0 and _is_header(query, document, grade, queries=queries, corpus=corpus):
            continue
        if not _GRADE.fullmatch(grade) or int(grade) > _HIGHEST_GRADE:
            raise MalformedFolder(f"{place}: the score {grade!r:.60} is no whole number up to {_HIGHEST_GRADE}.")
        for named, rows, file in ((query, queries, "queries.jsonl"), (document, corpus, "corpus.jsonl")):
            if named not in rows:
                raise MalformedFolder(f"{place}: {named!r:.60} is not in {file}.")
        if document in judgements.setdefault(query, {}):
            raise MalformedFolder(f"{place}: this pair is judged on an earlier line already.")
        judgements[query][document] = max(0, int(grade))
    if not judgements:
        raise MalformedFolder(f"{path.name} holds no judgement.")
    return judgements


def _is_header(query: str, document: str, grade: str, *, queries: Mapping[str, Row], corpus: Mapping[str, Row]) -> bool:
    """Whether a first line names columns: by their usual names, or any that are neither ids nor a grade."""
    return query == "query-id" or not (query in queries or document in corpus or _GRADE.fullmatch(grade))


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


def _plain(text: str) -> str:
    return normalise(text).casefold().rstrip(".!?:;")
