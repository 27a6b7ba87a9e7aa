"""The code lists of the Innovation Record that facets and must-haves are told by: labels, and which condition holds which."""

import json
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from matcher.types import Document, Facet

UNTELLING = frozenset({"NONE", "OTHER"})  # answers to the record's questions that name nothing
SUGGESTED_WEIGHT = 0.9  # what a suggested code counts at full confidence, against 1 for one that a person chose


@cache
def lists() -> Mapping[str, Any]:
    """Every list by its name: code to label; conditions to label and parent."""
    stored: dict[str, Any] = json.loads(files("matcher").joinpath("data/codes.json").read_text(encoding="utf-8"))
    return MappingProxyType(stored)


def label(facet: Facet, code: str) -> str:
    """The words for a code; a code that the record does not know is its own label."""
    entry = lists()[facet].get(code, code)
    return str(entry["label"]) if isinstance(entry, dict) else str(entry)


def standard_label(standard: str) -> str:
    """The words for a standard of the record."""
    return str(lists()["standards"].get(standard, standard))


def parent(condition: str) -> str | None:
    """The wider condition that holds this one in the record's list; None for a widest or unknown one."""
    entry = lists()[Facet.CONDITIONS].get(condition)
    return entry["parent"] if entry else None


def chosen(document: Document, facet: Facet) -> frozenset[str]:
    """The codes that a person chose and that name something."""
    return document.codes.get(facet, frozenset()) - UNTELLING


def weighted(document: Document, facet: Facet) -> Mapping[str, float]:
    """Each code with what it counts: 1 when chosen, less when only suggested; chosen ones silence the suggestions."""
    if codes := chosen(document, facet):
        return dict.fromkeys(sorted(codes), 1.0)
    suggested = document.suggested_codes.get(facet, {})
    return {code: SUGGESTED_WEIGHT * confidence for code, confidence in sorted(suggested.items()) if code not in UNTELLING}


@lru_cache(maxsize=65_536)
def kinship(one: str, other: str) -> float:
    """How near two conditions are: 1 the same, 0.6 one holds the other, 0.2 both held by a third, else 0; symmetric."""
    if one == other:
        return 1.0
    if parent(one) == other or parent(other) == one:
        return 0.6
    return 0.2 if parent(one) is not None and parent(one) == parent(other) else 0.0


def narrowest(codes: Iterable[str]) -> frozenset[str]:
    """The codes without the conditions of which a narrower one is among them."""
    found = frozenset(codes)
    return found - {parent(code) for code in found}
