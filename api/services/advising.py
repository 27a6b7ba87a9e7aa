"""Advice to whoever writes a need, before it is stored or after; it never blocks, and nothing is stored by asking."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from api.services.content import NeedContent
from api.services.proposing import document_of_text
from api.services.reading import document_of
from matcher import advising
from models.actors import Actor
from models.documents import Side
from models.policies import NEED_ADVICE, TEXT_SIMILAR
from models.queries import documents
from models.subjects import subject_of

Advice = advising.Advice
"""One thing to look at again."""
AdviceKind = advising.AdviceKind
"""What it is about."""


def of_text(session: Session, content: NeedContent, *, actor: Actor) -> Sequence[Advice]:
    """Advice about a need that is not stored; innovations that the actor may read are known as products."""
    TEXT_SIMILAR.check(actor)
    return advising.advice(document_of_text(Side.NEED, content), names=documents.innovation_names(session, actor))


def of_need(session: Session, need_id: UUID, *, actor: Actor) -> Sequence[Advice]:
    """The same about a stored need, for those who may change it."""
    row = documents.need(session, need_id, actor)
    NEED_ADVICE.check(actor, subject_of(row))
    document = document_of(str(row.id), Side.NEED, row.content())
    return advising.advice(document, names=documents.innovation_names(session, actor))
