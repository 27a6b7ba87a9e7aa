"""What the metadata of a row state, by our column names; what nobody can read of them is left out and told."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from matcher.text import FIELD_ASPECTS, normalise
from matcher.types import Criterion, CriterionKind, Facet, Facts, Side, Stage

T = TypeVar("T")

TEXTS: Mapping[Side, tuple[str, ...]] = MappingProxyType(
    {
        Side.NEED: tuple(FIELD_ASPECTS[Side.NEED]),
        Side.INNOVATION: (*FIELD_ASPECTS[Side.INNOVATION], "staff_learning", "patient_learning"),  # the last two for must-haves alone
    }
)
"""The columns of each side that are texts, in reading order."""

_STAGES = MappingProxyType({**{stage.value: stage for stage in Stage}, "ADVANCED": Stage.DEVELOPMENT, "READY": Stage.ADOPTION})


class _UnreadableEntry(Exception):
    """An entry is of another kind than it should be, or names what is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """The metadata of one row; `unread` says of each entry that was left out what is wrong with it."""

    texts: Mapping[str, str]
    codes: Mapping[Facet, frozenset[str]]
    criteria: tuple[Criterion, ...]
    facts: Facts
    unread: tuple[str, ...]


def read_metadata(metadata: Mapping[str, Any]) -> Stated:
    """Read metadata, keys in snake or camel case; null and blank texts state nothing."""
    reader = _Reader(metadata)
    texts = {name: text for name in dict.fromkeys(name for names in TEXTS.values() for name in names) for text in reader.text(name)}
    return Stated(
        texts=MappingProxyType(texts),
        codes=MappingProxyType({facet: frozenset(reader.texts(facet)) for facet in Facet}),
        criteria=tuple(reader.every("criteria", _criterion)),
        facts=reader.facts(),
        unread=tuple(reader.unread),
    )


class _Reader:
    """The metadata of one row, with what could not be read so far."""

    def __init__(self, metadata: Mapping[str, Any]) -> None:
        self._stated = {_snake(key): value for key, value in metadata.items() if value is not None}
        self.unread: list[str] = []

    def text(self, name: str) -> Iterator[str]:
        """The text under a name, if there is one that says something."""
        return (text for text in self._one(name, _a(str)) if normalise(text))

    def texts(self, name: str) -> Iterator[str]:
        """The texts under a name, of which there may be one or a list."""
        return (text for text in self.every(name, _a(str)) if normalise(text))

    def every(self, name: str, read: Callable[[object], T]) -> Iterator[T]:
        """Each entry of a list that can be read; a text stands for a list of one."""
        for value in self._one(name, _items):
            for entry in value:
                yield from self._tried(name, read, entry)

    def facts(self) -> Facts:
        """What is stated of an innovation beside its texts."""
        kinds = self.every("evidences", _evidence_type)
        return Facts(
            stage=next(self._one("stage", _stage), None),
            standards=MappingProxyType(dict(self.every("standards", _standard))),
            requires_smartphone=next(self._one("requires_smartphone", _a(bool)), None),
            integrates_with=tuple(self.texts("integrates_with")),
            evidence_types=tuple(kind for kind in kinds if kind is not None),
            deployed=next(self._one("deployed", _a(bool)), None),
        )

    def _one(self, name: str, read: Callable[[object], T]) -> Iterator[T]:
        if name in self._stated:
            yield from self._tried(name, read, self._stated[name])

    def _tried(self, name: str, read: Callable[[object], T], value: object) -> Iterator[T]:
        try:
            yield read(value)
        except _UnreadableEntry as error:
            self.unread.append(f"{name} holds {value!r:.60}, {error}")


def _a(kind: type[T]) -> Callable[[object], T]:
    def read(value: object) -> T:
        if not isinstance(value, kind):
            raise _UnreadableEntry(f"which is no {kind.__name__}")
        return value

    return read


def _items(value: object) -> list[Any]:
    return [value] if isinstance(value, str) else _a(list)(value)


def _known(known: Callable[[str], T], value: object) -> T:
    try:
        return known(_a(str)(value))
    except (KeyError, ValueError) as error:
        raise _UnreadableEntry("which is not known") from error


def _stage(value: object) -> Stage:
    return _known(_STAGES.__getitem__, value)


def _criterion(value: object) -> Criterion:
    entry = _a(dict)(value)
    kind = _known(CriterionKind, entry.get("kind"))
    criterion = Criterion(kind=kind, value=_a(str)(entry.get("value") or ""))
    if kind is CriterionKind.MINIMUM_STAGE:
        _known(Stage, criterion.value)
    return criterion


def _standard(value: object) -> tuple[str, str]:
    entry = _a(dict)(value)
    return _a(str)(entry.get("type")), _a(str)(entry.get("has_met", entry.get("hasMet")) or "")


def _evidence_type(value: object) -> str | None:
    entry = _a(dict)(value)
    kind = entry.get("evidence_type", entry.get("evidenceType"))
    return None if kind is None else _a(str)(kind)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
