"""What the queue forgot, the rows still say: every document, decision and event whose next step is missing."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from api.queue import Job, enqueue_all, key_of
from api.services import clocks
from api.services.library import Libraries
from models.documents import Side
from models.queries import documents, events, imports, jobs, proposals

FOUND_AT_ONCE = 500
_AWAITED = frozenset({Job.DELIVER, Job.SEAL})  # what somebody waits for; the rest is bulk


def owe_what_is_missing(
    session: Session, libraries: Libraries, *, encoder_id: str | None, at: datetime, undo_window_seconds: float, snapshot_after_changes: int
) -> None:
    """Enqueue the next step of every row that waits for one; what is queued already is not queued twice.

    Work that failed too often waits for a person (`matching doctor --retry`), and is not owed again behind their back.
    Without an encoder nobody can say what is embedded, so that documents wait until there is one.
    """
    dead = jobs.dead_work(session)

    def owe(job: Job, *each: dict[str, str]) -> None:
        alive = [arguments for arguments in each if (job, key_of(arguments)) not in dead]
        enqueue_all(session, job, alive, at=at, bulk=job not in _AWAITED)

    clocks.owe_what_is_due(session, at=at)
    owe(Job.APPLY_IMPORT, *({"id": str(batch_id)} for batch_id in imports.unfinished(session)))
    unannounced = proposals.unannounced(session, at - timedelta(seconds=undo_window_seconds))
    owe(Job.DELIVER, *({"decision": str(decision.id)} for decision in unannounced))
    if events.unsealed(session, limit=1):
        owe(Job.SEAL, {})
    if encoder_id is None:
        return
    if libraries.check_snapshot(session) or libraries.lag(session) >= snapshot_after_changes:
        owe(Job.SNAPSHOT, {})
    most = FOUND_AT_ONCE + len(dead)  # so that the dead at the head of the list let others pass
    for side in Side:
        to_embed = documents.to_embed(session, side, encoder_id, most)
        owe(Job.EMBED, *({"side": side.value, "id": str(document_id)} for document_id in to_embed))
        to_propose = documents.to_propose(session, side, most)
        owe(Job.PROPOSE, *({"side": side.value, "id": str(document_id)} for document_id in to_propose))
