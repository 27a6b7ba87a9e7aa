"""What is said in the simulated year: real needs and innovations, some said again as other places and firms would."""

import json
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from types import MappingProxyType
from typing import Any, Final

from bench.judged_sets import DATA, DEMO
from bench.perturbing import perturbed
from matcher.folder import read_folder
from matcher.types import Document, Side

PLACES: Final = ("BDC", "CAL", "KIR", "LDS", "WAK")
AGAIN: Final = {
    Side.NEED: ("all listed synonyms", "sentences in another order", "one synonym", "spelling slips"),
    Side.INNOVATION: ("all listed synonyms", "sentences in another order"),
}
"""How texts are said again, by the names of the stability suite."""
_TEXTS: Final = {
    Side.NEED: ("title", "problem", "population", "desired_outcome", "metric", "current_practice", "baseline", "target"),
    Side.INNOVATION: ("name", "description", "problems_tackled", "how_it_works", "benefits", "eligibility", "evidence_summary"),
}
_NOT_SENT: Final = frozenset(
    {"key", "status", "verified", "illustrative", "source", "source_url", "external_ids", "supplier", "owning_organisation"}
    | {"consent_by", "consent_at", "consent_scope", "visibility"}
)
_CHARACTERS: Final = 400  # of an abstract: about what somebody writes at a front door
_STAGES: Final = ("DISCOVERY", "DEVELOPMENT", "EVALUATION", "ADOPTION", "SPREAD")


def needs(count: int, chance: Random) -> list[dict[str, Any]]:
    """Needs as places state them: the demonstration's, the same said otherwise by one other place, and topics of research."""
    own = _shipped("needs.json")
    found = [*own, *(row | {"places": [chance.choice(PLACES)]} for row in _again(own, Side.NEED))]
    found += [
        {"title": row["title"][:300], "problem": _cut(row["text"]), "population": "People who are cared for at home and in hospital",
         "desired_outcome": "Fewer people harmed, and less time spent", "places": [chance.choice(PLACES)], "theme": "Research topics"}
        for row in _abstracts("needs-")
    ]  # fmt: skip
    return found[:count]


def innovations(count: int, chance: Random) -> list[dict[str, Any]]:
    """Innovations as firms hand them in: the demonstration, near copies, and the beginnings of abstracts and briefs."""
    own = _shipped("innovations.json")
    others = [
        {"name": row["title"][:300], "problems_tackled": _cut(row["text"]), "stage": chance.choice(_STAGES)}
        for row in _abstracts("innovations-")
    ]
    others += [
        {"name": row.title[:300], "problems_tackled": _cut(row.text), "stage": chance.choice(_STAGES)}
        for row in read_folder(DATA / "fp7-dev", "test").corpus
    ]
    return [*own, *_again(own, Side.INNOVATION), *others][:count]


def _shipped(file: str) -> list[dict[str, Any]]:
    """The rows of the demonstration as a person would send them."""
    rows = json.loads((DEMO / file).read_text(encoding="utf-8"))
    return [{name: value for name, value in row.items() if name not in _NOT_SENT} for row in rows]


def _again(rows: Sequence[Mapping[str, Any]], side: Side) -> Iterator[dict[str, Any]]:
    """Each row in other words of the same meaning, once for each way; one that has none is left out."""
    for way in AGAIN[side]:
        for number, row in enumerate(rows):
            said = {name: row[name] for name in _TEXTS[side] if row.get(name)}
            changed = perturbed(Document(id=f"{side}-{number}", side=side, fields=MappingProxyType(said)), way).fields
            if dict(changed) != said:
                yield {**row, **changed}


def _abstracts(beginning: str) -> Iterator[dict[str, str]]:
    for line in (DATA / "sbir-sample" / "texts.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["_id"].startswith(beginning):
            yield row


def _cut(text: str) -> str:
    """The beginning of a text, cut between words."""
    return text if len(text) <= _CHARACTERS else text[:_CHARACTERS].rpartition(" ")[0]
