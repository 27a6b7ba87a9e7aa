"""What the queue forgot, the rows still say: every document, decision and event whose next step is missing."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from api.queue import Job, enqueue
from api.services.library import Libraries
from models.documents import Side
from models.queries import documents, events, imports, proposals

FOUND_AT_ONCE = 500


def owe_what_is_missing(
    session: Session, libraries: Libraries, *, encoder_id: str | None, at: datetime, undo_window_seconds: float, snapshot_after_changes: int
) -> None:
    """Enqueue the next step of every row that waits for one; what is queued already is not queued twice.

    Without an encoder nobody can say what is embedded, so that documents wait until there is one.
    """
    for batch_id in imports.unfinished(session):
        enqueue(session, Job.APPLY_IMPORT, at=at, bulk=True, id=str(batch_id))
    for decision in proposals.unannounced(session, at - timedelta(seconds=undo_window_seconds)):
        enqueue(session, Job.DELIVER, at=at, decision=str(decision.id))
    if events.unsealed(session, limit=1):
        enqueue(session, Job.SEAL, at=at)
    if libraries.delta_size() >= snapshot_after_changes or libraries.degraded:
        enqueue(session, Job.SNAPSHOT, at=at, bulk=True)
    if encoder_id is None:
        return
    for side in Side:
        for document_id in documents.to_embed(session, side, encoder_id, FOUND_AT_ONCE):
            enqueue(session, Job.EMBED, at=at, bulk=True, side=side.value, id=str(document_id))
        for document_id in documents.to_propose(session, side, FOUND_AT_ONCE):
            enqueue(session, Job.PROPOSE, at=at, bulk=True, side=side.value, id=str(document_id))
