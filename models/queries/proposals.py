"""Proposals: the queue, one to decide, those in force of a pair."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from models.actors import Actor
from models.decisions import Decision, Skip, Verdict
from models.documents import Side
from models.innovations import Innovation
from models.needs import Need, need_place
from models.places import Place
from models.proposals import Band, Proposal, ProposalState
from models.queries.documents import NotFound
from models.queries.pages import Page, page_of_long_rows
from models.queries.visibility import INNOVATION_IS_SEARCHABLE, NEED_IS_SEARCHABLE, proposals_visible_to
from models.runs import RankingRun


def queue(
    session: Session,
    actor: Actor,
    *,
    at: datetime,
    state: ProposalState | None = None,
    band: Band | None = None,
    need_id: UUID | None = None,
    innovation_id: UUID | None = None,
    place: str | None = None,
    but_innovations: Select[UUID] | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[Proposal]:
    """Proposals, most probable first, but those of some innovations. Without a state: those to decide now.

    To decide are the open ones and the deferred whose day has come, of documents that are still searchable, less
    those that the asker skipped.
    """
    query = select(Proposal).where(*_wanted(actor, at=at, state=state, band=band, place=place))
    if need_id is not None:
        query = query.where(Proposal.need_id == need_id)
    if innovation_id is not None:
        theirs = Proposal.innovation.has(Innovation.merged_into_id == innovation_id)  # what was matched before it was merged
        query = query.where(or_(Proposal.innovation_id == innovation_id, theirs))
    if but_innovations is not None:
        query = query.where(Proposal.innovation_id.not_in(but_innovations))
    ordered = query.order_by(Proposal.probability.desc(), Proposal.id)
    return page_of_long_rows(session, ordered, after=after, limit=limit, kinds=(float, UUID))


def _wanted(actor: Actor, *, at: datetime, state: ProposalState | None, band: Band | None, place: str | None) -> list[ColumnElement[bool]]:
    wanted = [proposals_visible_to(actor), _waits(actor, at) if state is None else Proposal.state == state]
    if band is not None:
        wanted.append(Proposal.band == band)
    if place is not None:
        wanted.append(Proposal.need.has(Need.places.any(Place.key == place)))
    return wanted


def _waits(actor: Actor, at: datetime) -> ColumnElement[bool]:
    """Whether a proposal is to be decided now by whoever asks."""
    due = and_(Proposal.state == ProposalState.DEFERRED, Proposal.deferred_until <= at)
    own = [~Proposal.skips.any(Skip.person_id == actor.person_id)] if actor.person_id is not None else []
    searchable = Proposal.need.has(NEED_IS_SEARCHABLE), Proposal.innovation.has(INNOVATION_IS_SEARCHABLE)
    return and_(or_(Proposal.state == ProposalState.OPEN, due), *searchable, *own)


TO_DECIDE: Final = "to_decide"
"""What waits for a decision now, among the states by which proposals are counted."""


def counts_by_state_and_band(session: Session, actor: Actor, *, at: datetime, place: str | None) -> Counter[tuple[str, str]]:
    """How many proposals of each band each state would show, the place held; one whose day has come is to decide and deferred."""
    told = (Proposal.state, Proposal.band, case((_waits(actor, at), True), else_=False).label("waits"))
    query = select(*told, func.count()).where(proposals_visible_to(actor), Proposal.state != ProposalState.SUPERSEDED)
    if place is not None:
        query = query.where(Proposal.need.has(Need.places.any(Place.key == place)))
    found: Counter[tuple[str, str]] = Counter()
    for state, band, waits, count in session.execute(query.group_by(*told)):
        if waits:
            found[TO_DECIDE, band.value] += count
        if state is not ProposalState.OPEN:
            found[state.value, band.value] += count
    return found


def counts_by_place(session: Session, actor: Actor, *, at: datetime, state: ProposalState | None, band: Band | None) -> dict[str, int]:
    """How many proposals on needs of each place a list would show, the other filters held; one of several places counts in each."""
    query = select(Place.key, func.count()).select_from(Proposal).join(need_place, need_place.c.need_id == Proposal.need_id)
    query = query.join(Place, Place.id == need_place.c.place_id)
    found = session.execute(query.where(*_wanted(actor, at=at, state=state, band=band, place=None)).group_by(Place.key))
    return {row[0]: row[1] for row in found}


def of_ids(session: Session, proposal_ids: Collection[UUID], actor: Actor) -> dict[UUID, Proposal]:
    """Those of these proposals that the actor may read, by id."""
    query = select(Proposal).where(Proposal.id.in_(proposal_ids), proposals_visible_to(actor))
    return {row.id: row for row in session.scalars(query).unique()}


def get(session: Session, proposal_id: UUID, actor: Actor) -> Proposal:
    """A proposal that the actor may read; raises NotFound."""
    found = session.scalars(select(Proposal).where(Proposal.id == proposal_id, proposals_visible_to(actor))).unique().first()
    if found is None:
        raise NotFound("There is no proposal of that id that you may see. Check the id, or sign in as somebody who may.")
    return found


def to_decide(session: Session, proposal_id: UUID, actor: Actor) -> Proposal:
    """A proposal, locked against other deciders; raises NotFound."""
    session.scalars(select(Proposal.id).where(Proposal.id == proposal_id).with_for_update(key_share=True)).first()
    query = select(Proposal).where(Proposal.id == proposal_id, proposals_visible_to(actor)).execution_options(populate_existing=True)
    found = session.scalars(query).unique().first()
    if found is None:
        raise NotFound("There is no proposal of that id that you may see. Check the id, or sign in as somebody who may.")
    return found


def in_force(session: Session, *, need_ids: Collection[UUID], innovation_ids: Collection[UUID]) -> dict[tuple[UUID, UUID], Proposal]:
    """The proposals in force of these pairs, locked; superseded ones are not in force."""
    query = select(Proposal).where(
        Proposal.need_id.in_(need_ids), Proposal.innovation_id.in_(innovation_ids), Proposal.state != ProposalState.SUPERSEDED
    )
    return {(row.need_id, row.innovation_id): row for row in session.scalars(query.with_for_update(of=Proposal, key_share=True)).unique()}


def of_document(
    session: Session, actor: Actor, *, need_id: UUID | None = None, innovation_id: UUID | None = None, lock: bool = False
) -> Sequence[Proposal]:
    """The proposals in force of one need or of one innovation that the actor may read; `lock` keeps deciders out."""
    query = select(Proposal).where(Proposal.state != ProposalState.SUPERSEDED, proposals_visible_to(actor))
    query = query.where(Proposal.need_id == need_id) if need_id else query.where(Proposal.innovation_id == innovation_id)
    if lock:
        query = query.with_for_update(of=Proposal, key_share=True).execution_options(populate_existing=True)
    return session.scalars(query.order_by(Proposal.probability.desc(), Proposal.id)).unique().all()


def of_needs(session: Session, need_ids: Collection[UUID]) -> Sequence[Proposal]:
    """The proposals in force of these needs, most probable first, locked; whoever asks."""
    query = select(Proposal).where(Proposal.state != ProposalState.SUPERSEDED, Proposal.need_id.in_(need_ids))
    query = query.with_for_update(of=Proposal, key_share=True).execution_options(populate_existing=True)
    return session.scalars(query.order_by(Proposal.probability.desc(), Proposal.id)).unique().all()


def unannounced(session: Session, before: datetime, limit: int = 100) -> Sequence[Decision]:
    """Confirmations older than a moment that have been neither announced nor undone, of texts still open to matching."""
    undone = select(Decision.undoes_id).where(Decision.undoes_id.is_not(None))
    open_still = and_(
        Proposal.state == ProposalState.CONFIRMED, Proposal.need.has(NEED_IS_SEARCHABLE), Proposal.innovation.has(INNOVATION_IS_SEARCHABLE)
    )
    query = select(Decision).where(
        Decision.verdict == Verdict.CONFIRMED,
        Decision.announced_at.is_(None),
        Decision.decided_at <= before,
        Decision.id.not_in(undone),
        Decision.proposal.has(open_still),
    )
    return session.scalars(query.order_by(Decision.decided_at, Decision.id).limit(limit)).all()


def proposal_of_decision(session: Session, decision_id: UUID) -> UUID | None:
    """Which proposal a decision is on; None when there is no such decision."""
    return session.scalar(select(Decision.proposal_id).where(Decision.id == decision_id))


def counts(session: Session) -> dict[str, int]:
    """How many proposals are in each state."""
    return {state.value: count for state, count in session.execute(select(Proposal.state, func.count()).group_by(Proposal.state))}


def searchable_pair(session: Session, proposal: Proposal) -> bool:
    """Whether both texts of a proposal are still open to matching."""
    need = session.scalars(select(Need.id).where(Need.id == proposal.need_id, NEED_IS_SEARCHABLE)).first()
    innovation = session.scalars(select(Innovation.id).where(Innovation.id == proposal.innovation_id, INNOVATION_IS_SEARCHABLE)).first()
    return need is not None and innovation is not None


def outdated_of(session: Session, side: Side, document_id: UUID, revision: int) -> Sequence[Proposal]:
    """The undecided or rejected proposals in force of a document that were judged on an older text of it, locked."""
    mine, judged = (
        (Proposal.need_id, Proposal.need_revision) if side is Side.NEED else (Proposal.innovation_id, Proposal.innovation_revision)
    )
    replaceable = Proposal.state.in_([ProposalState.OPEN, ProposalState.DEFERRED, ProposalState.REJECTED])
    query = select(Proposal).where(mine == document_id, judged != revision, replaceable).with_for_update(of=Proposal, key_share=True)
    return session.scalars(query.order_by(Proposal.id)).unique().all()


def open_by_another(session: Session, side: Side, document_id: UUID, ranker_hash: str) -> Sequence[Proposal]:
    """The undecided proposals of a document that another ranker judged, locked; what was deferred waits for its day."""
    mine = Proposal.need_id if side is Side.NEED else Proposal.innovation_id
    by_another = Proposal.run.has(RankingRun.ranker_hash != ranker_hash)
    query = (
        select(Proposal)
        .where(mine == document_id, Proposal.state == ProposalState.OPEN, by_another)
        .with_for_update(of=Proposal, key_share=True)
    )
    return session.scalars(query.order_by(Proposal.id)).unique().all()
