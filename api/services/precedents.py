"""What answered a similar need before: matches that a place adopted, for whoever has such a need now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from api.services.library import Libraries
from api.services.proposing import encoded_of
from api.services.reading import document_of, encoded_rows
from matcher import alignment
from matcher.agreement import Agreement, agreement
from matcher.embedding import encode_document
from matcher.types import EncodedDocument
from models.actors import Actor
from models.documents import Readability, Side
from models.innovations import Innovation
from models.need_results import NeedResult
from models.needs import Need
from models.pipeline import ADOPTED_HERE, PipelineStage
from models.places import Place
from models.policies import NEED_READ_PRECEDENTS
from models.queries import documents
from models.queries import precedents as adopted_rows
from models.subjects import subject_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Precedent:
    """A need like the one that is asked for, what a place adopted for it, and why the two are alike.

    `stage` is where the match stands in that place, `since` the day on which it was first adopted there; `result` is there
    when the need was met by it.
    """

    proposal_id: UUID
    need: Need
    innovation: Innovation
    place: Place
    stage: PipelineStage
    since: date
    result: NeedResult | None
    reason: Agreement


def of_need(session: Session, libraries: Libraries, need_id: UUID, *, actor: Actor, limit: int = 10) -> Sequence[Precedent]:
    """What places adopted for needs like a stored one, of what the actor may read, the likest first; a draft is asked for too.

    Needs of other people, of another part of the body or of another place of care are no precedents, whatever their words.
    """
    row = documents.need(session, need_id, actor)
    NEED_READ_PRECEDENTS.check(actor, subject_of(row))
    adopted = adopted_rows.adopted(session, actor, but_of=row.id) if row.readability is Readability.READABLE else []
    if not adopted:
        return []
    vocabulary = libraries.ranker.file.vocabulary
    own = alignment.read(encoded_of(session, libraries, Side.NEED, row), vocabulary)
    rows = {each.proposal.need_id: each.proposal.need for each in adopted}
    read = {need_id: alignment.read(each, vocabulary) for need_id, each in _encoded(session, libraries, rows).items()}
    weakest = alignment.lists()["thresholds"]["weakest"]
    near = {need_id for need_id, need in read.items() if alignment.likeness(own, need) >= weakest}
    why = {need_id: agreement(own, read[need_id], vocabulary) for need_id in near}
    results = adopted_rows.results(session, [each.proposal.id for each in adopted])
    found = [
        Precedent(
            proposal_id=each.proposal.id,
            need=each.proposal.need,
            innovation=each.proposal.innovation,
            place=each.steps[-1].place,
            stage=each.steps[-1].stage,
            since=min(step.on_date for step in each.steps if step.stage in ADOPTED_HERE),
            result=results.get(each.proposal.id),
            reason=why[each.proposal.need_id],
        )
        for each in adopted
        if each.proposal.need_id in near and not why[each.proposal.need_id].apart
    ]
    return sorted(found, key=lambda each: (-each.reason.likeness, -each.since.toordinal(), str(each.proposal_id), each.place.key))[:limit]


def _encoded(session: Session, libraries: Libraries, rows: dict[UUID, Need]) -> dict[UUID, EncodedDocument]:
    """Needs as the encoder has them; those that are met and closed are encoded now, if another encoder has come since."""
    encoder = libraries.encoder
    current = {need_id: row for need_id, row in rows.items() if (row.embedded_revision, row.embedded_encoder) == (row.revision, encoder.id)}
    stored = encoded_rows(session, Side.NEED, current, encoder.id)
    return {
        need_id: stored.get(str(need_id)) or encode_document(document_of(str(need_id), Side.NEED, row.content()), encoder)
        for need_id, row in rows.items()
    }
