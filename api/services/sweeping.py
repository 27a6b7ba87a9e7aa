"""What the queue forgot, the rows still say: every document, decision and event whose next step is missing."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from api.queue import Job, enqueue_all, key_of
from api.services import clocks, digesting, introducing, place_answers, posting, signing_in, triaging
from api.services.library import Libraries
from models.documents import Side
from models.queries import calls, documents, events, imports, jobs, proposals, triage, watches
from models.watches import SubjectKind
from models.working_days import day_of

FOUND_AT_ONCE = 500
_AWAITED = frozenset({Job.DELIVER, Job.SEAL, Job.MAIL, Job.INTRODUCE, Job.LETTER})  # what somebody waits for; the rest is bulk


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

    triaging.receive_missing(session, at=at, limit=FOUND_AT_ONCE)
    owe(Job.CHASE, *({"clock": str(clock_id)} for clock_id in clocks.to_chase(session, at=at, limit=FOUND_AT_ONCE + len(dead))))
    signing_in.owe_links(session, at=at)
    owe(Job.MAIL, *({"message": str(message_id)} for message_id in posting.to_send(session, at=at, limit=FOUND_AT_ONCE + len(dead))))
    owe(Job.DIGEST, *({"person": str(person_id)} for person_id in digesting.to_send(session, at=at, limit=FOUND_AT_ONCE + len(dead))))
    owe(Job.APPLY_IMPORT, *({"id": str(batch_id)} for batch_id in imports.unfinished(session)))
    unannounced = proposals.unannounced(session, at - timedelta(seconds=undo_window_seconds))
    owe(Job.DELIVER, *({"decision": str(decision.id)} for decision in unannounced))
    owe(Job.ASK_PLACE, *({"answer": str(row_id)} for row_id in place_answers.to_ask(session, at=at, limit=FOUND_AT_ONCE + len(dead))))
    owe(Job.INTRODUCE, *({"answer": str(row_id)} for row_id in introducing.to_introduce(session, at=at, after_seconds=undo_window_seconds)))
    owe(Job.CLOSE_CALL, *({"call": str(call_id)} for call_id in calls.ended(session, day_of(at), FOUND_AT_ONCE + len(dead))))
    unsettled = triage.unsettled(session, at - timedelta(seconds=undo_window_seconds), FOUND_AT_ONCE + len(dead))
    owe(Job.LETTER, *({"outcome": str(outcome_id)} for outcome_id in unsettled))
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
    for kind in SubjectKind:
        owe(Job.NOTICE, *({"kind": kind.value, "id": str(subject_id)} for subject_id in watches.to_look_at(session, kind, most)))
