"""Codes suggested from the text of a document, for a person to accept or leave; nothing is stored by asking."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.services.content import InnovationContent, NeedContent
from matcher.suggesting import SUGGESTED, Suggestion, suggestions
from matcher.types import Document
from matcher.types import Side as TextSide
from models.actors import Actor
from models.documents import Side
from models.policies import INNOVATION_SUGGEST_CODES, NEED_SUGGEST_CODES
from models.queries import documents
from models.subjects import subject_of

FACETS: Final = tuple(facet.value for facet in SUGGESTED)
"""The coded fields for which codes are suggested, by the names of their columns."""

_SUGGEST = {Side.NEED: NEED_SUGGEST_CODES, Side.INNOVATION: INNOVATION_SUGGEST_CODES}


@dataclass(frozen=True, slots=True)
class Suggested:
    """What the text of one document tells, beside the codes that people chose for it, by coded field."""

    side: Side
    id: UUID | None
    suggestions: tuple[Suggestion, ...]
    chosen: Mapping[str, frozenset[str]]


def of_document(session: Session, side: Side, document_id: UUID, *, actor: Actor) -> Suggested:
    """Codes for a stored document, for who may change it; raises NotFound or NotAllowed."""
    row = documents.get(session, side, document_id, actor)
    _SUGGEST[side].check(actor, subject_of(row))
    return Suggested(side, row.id, from_texts(side, row.content()["fields"]), _chosen(row))


def of_text(side: Side, content: NeedContent | InnovationContent) -> Suggested:
    """Codes for a text that is not stored."""
    said = content.model_dump()
    return Suggested(side, None, from_texts(side, {name: text for name, text in said.items() if isinstance(text, str)}), _chosen(content))


def from_texts(side: Side, texts: Mapping[str, str]) -> tuple[Suggestion, ...]:
    """The codes that these texts tell, each named by its column; the surest of a facet first."""
    return suggestions(
        Document(id="", side=TextSide(side.value), fields=MappingProxyType({name: text for name, text in texts.items() if text}))
    )


def telling_words(side: Side, texts: Mapping[str, str]) -> dict[str, dict[str, tuple[str, ...]]]:
    """The words that tell each suggested code, by coded field, the surest code first; each word once."""
    told: dict[str, dict[str, tuple[str, ...]]] = {name: {} for name in FACETS}
    for each in from_texts(side, texts):
        told[each.facet.value][each.code] = tuple({quote.text.casefold(): quote.text for quote in reversed(each.evidence)}.values())[::-1]
    return told


def _chosen(coded: object) -> Mapping[str, frozenset[str]]:
    return MappingProxyType({name: frozenset(getattr(coded, name)) for name in FACETS})
