"""handed in -> in triage: every submission waits in one queue under a clock, and is somebody's to see to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.services import clocks
from api.services.recording import record
from models.actors import Actor
from models.clocks import ClockKind
from models.documents import StaleVersion
from models.events import Event
from models.grants import Policy
from models.innovations import Innovation, InnovationStatus
from models.policies import SUBMISSION_TAKE
from models.proposals import Proposal
from models.queries import documents, triage
from models.subjects import subject_of
from models.triage import Leaving, Submission, SubmissionState


@dataclass(frozen=True, slots=True)
class Shown:
    """A submission as it is put before the Hub: at most five proposals at first, and how many more there are.

    `ranked` is false while the matches of its present text are still being looked for.
    """

    submission: Submission
    proposals: Sequence[Proposal]
    more: int
    ranked: bool
    earlier: Sequence[Submission]


def receive(session: Session, innovation: Innovation, *, at: datetime) -> Submission:
    """Put an innovation that was handed in into the queue and start its clock; what is in the queue already stays.

    One without consent is received too: whoever handed it in waits for an answer, and can be asked for the consent.
    """
    earlier = triage.current(session, innovation.id)
    if earlier is not None and earlier.is_open:
        return earlier
    row = Submission(
        innovation=innovation,
        number=earlier.number + 1 if earlier is not None else 1,
        revision=innovation.revision,
        submitted_at=innovation.submitted_at or at,
        state=SubmissionState.WAITING,
        assigned_to_name="",
        version=1,
        outcomes=[],
        asks=[],
    )
    session.add(row)
    session.flush()
    clocks.start(session, ClockKind.TRIAGE, row.id, at=at)
    return row


def receive_missing(session: Session, *, at: datetime, limit: int) -> int:
    """Receive what was handed in and never came into triage, such as the rows of an import; returns how many.

    Their clocks start now, not when they were handed in: nobody was waited for before they stood in the queue.
    """
    received = 0
    for innovation_id in sorted(triage.unreceived(session, limit)):  # in the order in which everybody locks innovations
        triage.lock_innovation(session, innovation_id)
        if triage.unreceived(session, 1, innovation_id=innovation_id):  # still: it may have been withdrawn while it was waited for
            receive(session, documents.one_for_update(session, Innovation.side, innovation_id), at=at)
            received += 1
    return received


def shown(session: Session, submission_id: UUID, *, actor: Actor, everything: bool = False) -> Shown:
    """A submission with the proposals that are to be decided, and what became of it before; raises NotFound."""
    row = triage.get(session, submission_id, actor)
    found = triage.proposals_of(session, row.innovation_id, actor)
    first = found if everything else found[: triage.MOST_SHOWN]
    earlier = [each for each in triage.of_innovation(session, row.innovation_id) if each.number < row.number]
    return Shown(row, first, len(found) - len(first), is_ranked(row.innovation), earlier)


def is_ranked(innovation: Innovation) -> bool:
    """Whether matches of the present text were looked for; nothing is looked for where the text may not be ranked."""
    return not innovation.searchable or innovation.proposed_revision == innovation.revision


def take(
    session: Session, submission_id: UUID, *, actor: Actor, at: datetime, version: int | None = None, over: bool = False
) -> Submission:
    """Become the one who sees to a submission; `over` takes it from a colleague who has it.

    Raises SubmissionClosed, SubmissionTaken, which tells who has it, or StaleVersion.
    """
    row, person_id = to_change(session, submission_id, SUBMISSION_TAKE, actor)
    row.must_be_open()
    if row.assigned_to == person_id:
        return row
    if not over:
        row.must_be_free_for(person_id)
    must_be_as_read(row, version)
    row.take(by=person_id, by_name=actor.shown_as, at=at)
    move_to(row.innovation, InnovationStatus.IN_TRIAGE, at=at)
    record(session, event("submission.taken", row, actor, at), at=at)
    session.flush()
    return row


def give_back(session: Session, submission_id: UUID, *, actor: Actor, at: datetime, version: int | None = None) -> Submission:
    """Let anybody see to it again; only who has it gives it back. Raises as `take` does."""
    row, person_id = to_change(session, submission_id, SUBMISSION_TAKE, actor)
    row.must_be_open()
    row.must_be_free_for(person_id)
    must_be_as_read(row, version)
    if row.assigned_to is not None:
        row.give_back()
        record(session, event("submission.given_back", row, actor, at), at=at)
    session.flush()
    return row


def leave(session: Session, innovation_id: UUID, how: Leaving, *, at: datetime) -> None:
    """Take the submission of an innovation out of triage, because it was withdrawn or merged; both clocks end.

    One that left as merged and is withdrawn now has left as withdrawn, so that it does not come back when the two are parted.
    """
    row = triage.current(session, innovation_id)
    ends_merged = row is not None and row.left_by is Leaving.MERGED and how is Leaving.WITHDRAWN
    if row is None or not (row.is_open or ends_merged):
        return
    if (asked := row.open_ask) is not None:
        clocks.stop(session, ClockKind.ASK, asked.id, at=at)
    row.leave(how, at=at)
    clocks.stop(session, ClockKind.TRIAGE, row.id, at=at)
    session.flush()


def come_back(session: Session, innovation_id: UUID, *, at: datetime) -> None:
    """Put the submission of an innovation that was merged, and is parted again, back into triage; its clock goes on.

    That of one which was withdrawn meanwhile stays closed.
    """
    row = triage.current(session, innovation_id)
    if row is None or row.left_by is not Leaving.MERGED:
        return
    if row.innovation.status is InnovationStatus.WITHDRAWN:
        leave(session, innovation_id, Leaving.WITHDRAWN, at=at)
        return
    row.come_back()
    go_on(session, row, at=at)


def go_on(session: Session, row: Submission, *, at: datetime) -> None:
    """Wait again for whoever was waited for: the innovator where something is still asked, else the Hub."""
    if (asked := row.open_ask) is not None:
        clocks.start(session, ClockKind.ASK, asked.id, at=at)
    else:
        clocks.start(session, ClockKind.TRIAGE, row.id, at=at)
    session.flush()


def to_change(session: Session, submission_id: UUID, policy: Policy, actor: Actor) -> tuple[Submission, UUID]:
    """A submission, locked, and who changes it; raises NotFound or NotAllowed."""
    policy.check(actor)
    row = triage.to_change(session, submission_id)
    return row, policy.person(actor, subject_of(row))


def must_be_as_read(row: Submission, version: int | None) -> None:
    """Refuse a stale version; asked last, because who took it or gave an outcome says more than that something changed."""
    if version is not None and version != row.version:
        raise StaleVersion(f"{row.in_words} Read the submission again before you change it.", version=row.version, **row.in_short)


def move_to(innovation: Innovation, status: InnovationStatus, *, at: datetime) -> None:
    """Let an innovation's status follow its submission; where it is there already, nothing changes."""
    if innovation.status is not status:
        innovation.move_to(status, at=at)
        innovation.version += 1


def event(kind: str, row: Submission, actor: Actor, at: datetime, **data: Any) -> Event:  # noqa: ANN401 -- JSON values
    """An event of a submission, which is about its innovation."""
    return Event.of(
        kind,
        subject_kind="innovation",
        subject_id=row.innovation_id,
        actor=actor.name,
        at=at,
        submission=str(row.id),
        number=row.number,
        status=row.innovation.status.value,
        **data,
    )
