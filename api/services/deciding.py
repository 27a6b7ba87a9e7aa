"""proposed -> decided: a verdict of the Hub; what follows from it leaves after the undo window."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from api.queue import Job, enqueue
from api.services import place_answers
from api.services.recording import record
from models.actors import SYSTEM, Actor
from models.decisions import Decision, NotUndoable, Reason, Skip, Verdict
from models.documents import Side, StaleVersion
from models.events import Event
from models.grants import Policy
from models.policies import PROPOSAL_DECIDE, PROPOSAL_SKIP, PROPOSAL_UNDO
from models.proposals import Proposal, ProposalClosed, ProposalState
from models.queries import proposals, triage
from models.subjects import subject_of


def decide(
    session: Session,
    proposal_id: UUID,
    verdict: Verdict,
    *,
    actor: Actor,
    at: datetime,
    reason: Reason,
    undo_window_seconds: float,
    version: int | None = None,
) -> Decision:
    """Confirm, reject or defer a proposal; the first decision stands.

    Raises ProposalClosed when somebody decided before, StaleVersion when `version` is not the present one.
    """
    proposal, person_id = _to_decide(session, proposal_id, actor, PROPOSAL_DECIDE)
    proposal.must_be_open()
    _must_be_as_read(proposal, version)
    if verdict is Verdict.CONFIRMED and not proposals.searchable_pair(session, proposal):
        raise ProposalClosed("The need or the innovation is no longer open to matching, so this match cannot be confirmed.", state="gone")
    if verdict is Verdict.CONFIRMED and proposal.is_outdated:
        raise ProposalClosed("A text was changed after this match was proposed. Decide on the newer judgement of it.", state="outdated")
    decision = proposal.decide(verdict, by=person_id, by_name=actor.shown_as, at=at, reason=reason)
    decision.innovation_visibility = proposal.innovation.visibility if verdict is Verdict.CONFIRMED else None
    session.flush()
    why = reason.code.value if reason.code else None
    record(session, _event(f"proposal.{verdict}", proposal, actor, decision.decided_at, decision=str(decision.id), reason=why), at=at)
    if verdict is Verdict.CONFIRMED:
        enqueue(session, Job.DELIVER, at=at, due_at=decision.decided_at + timedelta(seconds=undo_window_seconds), decision=str(decision.id))
    session.flush()
    return decision


def skip(session: Session, proposal_id: UUID, *, actor: Actor, at: datetime, version: int | None = None) -> Skip:
    """Hide a proposal that is still to decide from this reviewer only; raises as `decide` does."""
    proposal, person_id = _to_decide(session, proposal_id, actor, PROPOSAL_SKIP)
    proposal.must_be_open()
    _must_be_as_read(proposal, version)
    row = proposal.skip(by=person_id, at=at)
    record(session, _event("proposal.skipped", proposal, actor, at), at=at)
    session.flush()
    return row


def undo(
    session: Session, proposal_id: UUID, *, actor: Actor, at: datetime, undo_window_seconds: float, version: int | None = None
) -> Decision:
    """Take one's own latest verdict back within the window; an undone match is never announced.

    Raises NotUndoable when there is nothing of one's own to undo, or a letter is to tell of it; StaleVersion for an older `version`.
    """
    proposal, person_id = _to_decide(session, proposal_id, actor, PROPOSAL_UNDO)
    taken_back = proposal.undoable(by=person_id, at=at, window_seconds=undo_window_seconds)
    _must_not_be_in_a_letter(session, proposal, taken_back)
    _must_be_as_read(proposal, version)
    row = proposal.undo(by=person_id, by_name=actor.shown_as, at=at, window_seconds=undo_window_seconds)
    session.flush()
    record(session, _event("proposal.undone", proposal, actor, row.decided_at, decision=str(row.id), undoes=str(row.undoes_id)), at=at)
    session.flush()
    return row


def lapse(session: Session, side: Side, document_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Take every proposal of a document out of force, because it is no longer open to matching.

    A match that was announced is reversed in the feed; one that was not yet never will be.
    """
    ids = {"need_id": document_id} if side is Side.NEED else {"innovation_id": document_id}
    for proposal in proposals.of_document(session, SYSTEM, lock=True, **ids):
        announced = proposal.lapse()
        record(session, _event("proposal.lapsed", proposal, actor, at), at=at)
        if announced is not None:
            reversal = _event("match.reversed", proposal, actor, at, decision=str(announced.id))
            reversal.once_key = f"match.reversed:{announced.id}"
            record(session, reversal, at=at)
            place_answers.end(session, proposal, at=at)
    session.flush()


def settle(session: Session, need_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Take the proposals of a need that is met or closed out of force, but for matches that were announced and what was rejected."""
    found = proposals.of_document(session, SYSTEM, lock=True, need_id=need_id)
    supersede(session, (row for row in found if not row.handed_on and row.state is not ProposalState.REJECTED), actor=actor, at=at)


def supersede(session: Session, undecided: Iterable[Proposal], *, actor: Actor, at: datetime) -> None:
    """Take locked proposals that nobody was told of out of force, because another one stands for them, or none is wanted."""
    for proposal in undecided:
        proposal.lapse()
        record(session, _event("proposal.lapsed", proposal, actor, at), at=at)
    session.flush()


def _to_decide(session: Session, proposal_id: UUID, actor: Actor, policy: Policy) -> tuple[Proposal, UUID]:
    policy.check(actor)
    proposal = proposals.to_decide(session, proposal_id, actor)
    return proposal, policy.person(actor, subject_of(proposal))


def _must_not_be_in_a_letter(session: Session, proposal: Proposal, decision: Decision) -> None:
    """Refuse while an outcome stands whose letter is about to tell of the match: it would not be true."""
    told = triage.untold(session, proposal.innovation_id, decision.decided_at) if decision.verdict is Verdict.CONFIRMED else None
    if told is not None:
        raise NotUndoable(f"{told.in_words} Its letter tells of this match. Undo the outcome first.", outcome=told.kind.value)


def _must_be_as_read(proposal: Proposal, version: int | None) -> None:
    """Refuse a stale version; asked last, because who decided meanwhile and what says more than that something changed."""
    if version is None or version == proposal.version:
        return
    if not proposal.decisions:
        raise StaleVersion("This is not the version of the proposal that there is. Read it again.", version=proposal.version)
    last = proposal.decisions[-1]
    raise StaleVersion(f"{last.in_words} Read the proposal again before you decide.", version=proposal.version, **last.in_short)


def _event(kind: str, proposal: Proposal, actor: Actor, at: datetime, **data: str | None) -> Event:
    pair = {"need": str(proposal.need_id), "innovation": str(proposal.innovation_id)}
    return Event.of(kind, subject_kind="proposal", subject_id=proposal.id, actor=actor.name, at=at, **pair, **data)
