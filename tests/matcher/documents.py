"""Needs and innovations for tests of the matching, short and complete."""

from collections.abc import Mapping, Sequence

from matcher.calibration import Calibration
from matcher.embedding import encode_document
from matcher.pairing import FEATURES
from matcher.rankers import RankerFile
from matcher.ranking import Ranker
from matcher.types import Criterion, Document, EncodedDocument, Facet, Facts, Side
from matcher.vocabulary import Vocabulary
from tests.matcher.encoders import WordEncoder

WORDS = WordEncoder()
WEIGHTS = {
    "whole": 8.0,
    "aspects": 2.0,
    "need_words": 3.0,
    "innovation_words": 2.0,
    "conditions": 2.0,
    "passages": 0.0,
    "contradicted": -2.5,
    "flagged": -16.0,
}


def need(
    id_: str = "need", *, criteria: Sequence[Criterion] = (), codes: Mapping[Facet, set[str]] | None = None, **fields: str
) -> Document:
    return Document(
        id=id_,
        side=Side.NEED,
        fields=fields or {"title": "Late referral for wound care", "problem": "District nurses see wounds too late."},
        codes={facet: frozenset(found) for facet, found in (codes or {}).items()},
        criteria=tuple(criteria),
    )


def innovation(
    id_: str = "innovation",
    *,
    facts: Facts | None = None,
    codes: Mapping[Facet, set[str]] | None = None,
    suggested: Mapping[Facet, Mapping[str, float]] | None = None,
    **fields: str,
) -> Document:
    return Document(
        id=id_,
        side=Side.INNOVATION,
        fields=fields or {"name": "Woundly", "description": "District nurses send pictures of wounds and get advice the same day."},
        codes={facet: frozenset(found) for facet, found in (codes or {}).items()},
        suggested_codes=suggested or {},
        facts=facts or Facts(),
    )


def encoded(document: Document) -> EncodedDocument:
    return encode_document(document, WORDS)


def ranker(*, possible: float = 0.3, strong: float = 0.6) -> Ranker:
    weights = tuple(WEIGHTS.get(name, 1.0) for name in FEATURES)
    return Ranker(
        RankerFile(
            id="test-ranker",
            calibration=Calibration(weights=weights, intercept=-4.0, possible=possible, strong=strong),
            vocabulary=Vocabulary(documents=100, counts={"nurs": 20, "patient": 60, "wound": 5}),
        )
    )
