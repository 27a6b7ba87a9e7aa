"""What was merged stands by itself again: because the Hub parts the two, or because the kept one is withdrawn or erased."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.queue import Job, enqueue
from api.services import mailing, triaging
from api.services.recording import record
from api.services.referral_mail import innovators_of
from models.actors import Actor
from models.documents import Side
from models.events import Event
from models.innovations import Innovation, InnovationStatus
from models.merges import Merge
from models.queries import merges


def lock(session: Session, innovation_id: UUID) -> None:
    """Keep other writers of an innovation and of all that is part of it out.

    Taken in the order of their ids, as by whoever merges or parts, so that nobody waits in a ring.
    """
    merges.lock(session, {innovation_id} | merges.under(session, innovation_id))


def let_go(session: Session, kept_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Part everything that was merged into an innovation which is no longer there to stand for it.

    What was built on the merge keeps nothing: whoever decided since decided on one that is gone.
    """
    lock(session, kept_id)
    for row in merges.of(session, [kept_id]):
        if row.kept_id == kept_id and row.undone_at is None:
            part(session, row, actor=actor, at=at, kept_gone=True)


def part(session: Session, row: Merge, *, actor: Actor, at: datetime, kept_gone: bool) -> None:
    """Undo a merge: the merged one is back where it was, with all that was merged into it, and is ranked again.

    Nothing of one that its owner withdrew meanwhile goes on, and its owner is told nothing; what was merged into it is parted too.
    """
    merged = merges.lock(session, {row.merged_id})[row.merged_id]
    row.undo(by=actor.person_id, by_name=actor.shown_as, at=at)
    merged.merged_into_id, merged.proposed_revision = None, None
    merged.version, merged.updated_at = merged.version + 1, at
    for each in merges.lock(session, merges.under(session, merged.id)).values():
        stand_for(each, merged.id, at)
    session.flush()
    told = {"of": str(row.kept_id), "merge": str(row.id)}
    record(session, event("innovation.unmerged", merged, actor, at, **told), at=at)
    triaging.come_back(session, merged.id, at=at)
    if merged.status is InnovationStatus.WITHDRAWN:
        let_go(session, merged.id, actor=actor, at=at)
    else:
        tell(session, row, "innovation_parted", merged, at=at, kept_gone=kept_gone, ranked=merged.searchable)
    if merged.searchable:
        step = Job.PROPOSE if merged.embedded_revision == merged.revision else Job.EMBED
        enqueue(session, step, at=at, side=Side.INNOVATION.value, id=str(merged.id))
    session.flush()


def stand_for(row: Innovation, kept_id: UUID, at: datetime) -> None:
    """Let another innovation stand for one."""
    row.merged_into_id = kept_id
    row.version, row.updated_at = row.version + 1, at


def tell(session: Session, row: Merge, template: str, innovation: Innovation, *, at: datetime, **values: object) -> None:
    """Mail the owners of an innovation what became of it by a merge, once."""
    for person in innovators_of(session, innovation):
        mailing.post(
            session,
            template,
            mailing.to_person(person),
            once_key=f"{template}:{row.id}:{innovation.id}:{person.id}",
            at=at,
            name=person.name,
            innovation=innovation.name,
            innovation_id=str(innovation.id),
            **values,
        )


def event(kind: str, row: Innovation, actor: Actor, at: datetime, **data: str) -> Event:
    """An event of a merge, which is about the merged one."""
    return Event.of(kind, subject_kind=Side.INNOVATION.value, subject_id=row.id, actor=actor.name, at=at, **data)
