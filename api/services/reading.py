"""Rows as the matching reads them: a stored document, its passages and their vectors."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from matcher.text import pooled, unread
from matcher.types import Aspect, Criterion, CriterionKind, Document, EncodedDocument, Facet, Facts, Passage, Side, Stage
from models.documents import Side as StoredSide
from models.passages import Passage as PassageRow
from models.queries import passages as passage_rows


def document_of(document_id: str, side: StoredSide, content: Mapping[str, Any]) -> Document:
    """The matching's view of stored content: texts, codes, must-haves and facts, and nothing else."""
    facts = content.get("facts", {})
    return Document(
        id=document_id,
        side=Side(side.value),
        fields=MappingProxyType({name: text for name, text in content["fields"].items() if text}),
        codes=MappingProxyType({Facet(name): frozenset(codes) for name, codes in content["codes"].items() if codes}),
        criteria=tuple(Criterion(CriterionKind(item["kind"]), item["value"]) for item in content.get("criteria", [])),
        facts=Facts(
            stage=Stage(facts["stage"]) if facts.get("stage") else None,
            standards=MappingProxyType(dict(facts.get("standards", {}))),
            requires_smartphone=facts.get("requires_smartphone"),
            integrates_with=tuple(facts.get("integrates_with", ())),
            evidence_types=tuple(facts.get("evidence_types", ())),
            deployed=facts.get("deployed"),
        ),
    )


def unread_of(row: Any) -> Mapping[str, int]:  # noqa: ANN401 -- Need or Innovation
    """The characters at the end of each field that the matching does not read; empty when it reads all."""
    return unread(document_of(str(row.id), row.side, row.content()))


def encoded_rows(session: Session, side: StoredSide, rows: Mapping[UUID, Any], encoder_id: str) -> dict[str, EncodedDocument]:
    """Documents with the vectors stored for them; one whose vectors are not all there is left out."""
    found = passage_rows.of_documents(session, side, rows.keys())
    stored = passage_rows.vectors(session, encoder_id, {row.text_hash for each in found.values() for row in each})
    encoded: dict[str, EncodedDocument] = {}
    for document_id, own in found.items():
        if not own or any(row.text_hash not in stored for row in own):
            continue
        document = document_of(str(document_id), side, rows[document_id].content())
        read = tuple(_passage(document.id, row) for row in own)
        vectors = np.vstack([np.frombuffer(stored[row.text_hash], dtype="<f4") for row in own]).astype(np.float32, copy=False)
        encoded[document.id] = EncodedDocument(document=document, passages=read, vectors=vectors, pooled=pooled(read, vectors))
    return encoded


def _passage(document_id: str, row: PassageRow) -> Passage:
    return Passage(
        document_id=document_id,
        aspect=Aspect(row.aspect),
        ordinal=row.ordinal,
        field=row.field,
        start=row.start_at,
        end=row.end_at,
        text=row.text,
        text_hash=row.text_hash,
    )
