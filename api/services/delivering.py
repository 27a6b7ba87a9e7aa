"""decided -> handed on: a confirmed match is announced after the undo window, sealed, and read by cursor."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from api.queue import Job, enqueue
from api.services import place_answers
from api.services.recording import record
from models.actors import SYSTEM, Actor
from models.events import GENESIS, Event
from models.policies import EVENT_READ
from models.proposals import ProposalState
from models.queries import chain, events, proposals
from models.queries.pages import BadCursor

_log = structlog.get_logger("api")


@dataclass(frozen=True, slots=True)
class Feed:
    """Sealed events past a position; ask again after `position` for those to come."""

    events: Sequence[Event]
    position: int
    more: bool


def announce(session: Session, decision_id: UUID, *, at: datetime, undo_window_seconds: float) -> Event | None:
    """Write `match.confirmed` once, when the window has passed and the decision stands; None otherwise."""
    proposal_id = proposals.proposal_of_decision(session, decision_id)
    if proposal_id is None:
        return None
    proposal = proposals.to_decide(session, proposal_id, SYSTEM)  # the one lock that deciding and undoing take too
    decision = proposal.closing_decision
    if decision is None or decision.id != decision_id or proposal.state is not ProposalState.CONFIRMED or decision.announced_at is not None:
        return None
    due = decision.decided_at + timedelta(seconds=undo_window_seconds)
    if at < due:
        enqueue(session, Job.DELIVER, at=at, due_at=due, decision=str(decision.id))
        return None
    if not proposals.searchable_pair(session, proposal):
        return None
    decision.announced_at = at
    event = Event.of(
        "match.confirmed",
        subject_kind="proposal",
        subject_id=proposal.id,
        actor=SYSTEM.name,
        at=at,
        once_key=f"match.confirmed:{decision.id}",
        need=str(proposal.need_id),
        innovation=str(proposal.innovation_id),
        need_revision=proposal.need_revision,
        innovation_revision=proposal.innovation_revision,
        decision=str(decision.id),
        decided_at=decision.decided_at.isoformat(),
        probability=proposal.probability,
        band=proposal.band.value,
    )
    record(session, event, at=at)
    session.flush()
    place_answers.ask_places(session, proposal, at=at)
    return event


def seal(session: Session, *, at: datetime, limit: int = 1000) -> int:
    """Give unsealed events their position and place in the hash chain; returns how many. More than `limit` are owed anew."""
    events.lock_for_sealing(session)
    position, previous = _end_of_chain(session)
    loose = events.unsealed(session, limit=limit)
    for event in loose:
        position += 1
        previous = event.seal(position=position, previous_hash=previous)
    if loose:
        chain.move_head(session, position=position, hash=previous, at=at)
    if len(loose) == limit:
        enqueue(session, Job.SEAL, at=at)
    session.flush()
    return len(loose)


def _end_of_chain(session: Session) -> tuple[int, str]:
    """Where the chain goes on: at its head, so that a tail that was cut off leaves a gap which `matching audit verify` finds.

    A head that stands before the last event was set back by hand, and no position is given twice.
    """
    position, last = events.head(session)
    head = chain.head(session)
    if (position, last) != ((head.position, head.hash) if head else (0, GENESIS)):
        _log.error("chain.head_disagrees", position=position, head=head.position if head else 0)
    return (head.position, head.hash) if head and head.position >= position else (position, last)


def events_after(session: Session, position: int, *, actor: Actor, limit: int = 100, kinds: Collection[str] | None = None) -> Feed:
    """Sealed events past a position that the actor may read: the Hub all kinds, the pipeline those of its catalogue.

    Raises BadCursor for a position that no event has reached.
    """
    EVENT_READ.check(actor)
    head, _ = events.head(session)  # read before the events: what is sealed in between is told next time, never passed over
    if position > head:
        raise BadCursor(f"The last event has position {head}. Take 'after' from 'position' of the answer before.")
    found = events.after(session, position, actor, kinds=kinds, limit=limit + 1)
    shown = found[:limit]
    more = len(found) > limit
    reached = max((event.position or 0 for event in shown), default=position)
    return Feed(events=shown, position=reached if more else max(reached, head), more=more)
