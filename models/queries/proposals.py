"""Proposals: the queue, one to decide, those in force of a pair."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, or_, select, true
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

# Written once: every ranking asks for these, and to put a statement together takes longer than to run it.
_MINE: Final = {
    Side.NEED: (Proposal.need_id, Proposal.need_revision),
    Side.INNOVATION: (Proposal.innovation_id, Proposal.innovation_revision),
}
_OF_ONE: Final = {
    side: select(Proposal).where(mine == bindparam("document_id")).with_for_update(of=Proposal, key_share=True).order_by(Proposal.id)
    for side, (mine, _) in _MINE.items()
}
_REPLACEABLE: Final = Proposal.state.in_([ProposalState.OPEN, ProposalState.DEFERRED, ProposalState.REJECTED])
_OUTDATED: Final = {side: _OF_ONE[side].where(judged != bindparam("judged_at"), _REPLACEABLE) for side, (_, judged) in _MINE.items()}
_BY_ANOTHER: Final = {
    side: query.where(Proposal.state == ProposalState.OPEN, Proposal.run.has(RankingRun.ranker_hash != bindparam("ranker")))
    for side, query in _OF_ONE.items()
}


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
    query = select(Proposal).where(proposals_visible_to(actor))
    if band is not None:
        query = query.where(Proposal.band == band)
    if place is not None:
        query = query.where(Proposal.need.has(Need.places.any(Place.key == place)))
    if need_id is not None:
        query = query.where(Proposal.need_id == need_id)
    if innovation_id is not None:
        theirs = Proposal.innovation.has(Innovation.merged_into_id == innovation_id)  # what was matched before it was merged
        query = query.where(or_(Proposal.innovation_id == innovation_id, theirs))
    if but_innovations is not None:
        query = query.where(Proposal.innovation_id.not_in(but_innovations))
    if state is not None:
        asked = [query.where(Proposal.state == state)]
    else:
        searchable = Proposal.need.has(NEED_IS_SEARCHABLE), Proposal.innovation.has(INNOVATION_IS_SEARCHABLE)
        asked = [query.where(each, *searchable, _not_skipped(actor)) for each in (Proposal.state == ProposalState.OPEN, _due(at))]
    ordered = [each.order_by(Proposal.probability.desc(), Proposal.id) for each in asked]
    return page_of_long_rows(session, ordered, order=lambda key: (-key[0], key[1]), after=after, limit=limit, kinds=(float, UUID))


def _due(at: datetime) -> ColumnElement[bool]:
    """Whether a proposal was deferred until a day that has come."""
    return and_(Proposal.state == ProposalState.DEFERRED, Proposal.deferred_until <= at)


def _not_skipped(actor: Actor) -> ColumnElement[bool]:
    return ~Proposal.skips.any(Skip.person_id == actor.person_id) if actor.person_id is not None else true()


TO_DECIDE: Final = "to_decide"
"""What waits for a decision now, among the states by which proposals are counted."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many proposals each choice of a list's filters would show: `of_needs` by need, state and band, and the places of needs.

    One whose day has come counts as to decide and as deferred; one on a need of several places counts in each.
    """

    of_needs: Mapping[tuple[UUID, str, str], int]
    places: Mapping[UUID, Collection[str]]

    def by_state_and_band(self, place: str | None) -> Counter[tuple[str, str]]:
        """Those of each state and band, the place held."""
        found: Counter[tuple[str, str]] = Counter()
        for (need_id, state, band), count in self.of_needs.items():
            if place is None or place in self.places.get(need_id, ()):
                found[state, band] += count
        return found

    def by_place(self, state: str, band: Band | None) -> Counter[str]:
        """Those on needs of each place, state and band held."""
        found: Counter[str] = Counter()
        for (need_id, its_state, its_band), count in self.of_needs.items():
            if its_state == state and band in {None, its_band}:
                for place in self.places.get(need_id, ()):
                    found[place] += count
        return found


def counts_of(session: Session, actor: Actor, *, at: datetime) -> Counts:
    """The counts of what the actor may read, superseded ones apart.

    What is searchable is told by lists that are read once: looking each proposal's texts up took four times as long.
    """
    needs, innovations = select(Need.id).where(NEED_IS_SEARCHABLE), select(Innovation.id).where(INNOVATION_IS_SEARCHABLE)
    searchable = Proposal.need_id.in_(needs), Proposal.innovation_id.in_(innovations)
    waits = and_(or_(Proposal.state == ProposalState.OPEN, _due(at)), *searchable, _not_skipped(actor))
    told = (Proposal.need_id, Proposal.state, Proposal.band, case((waits, True), else_=False).label("waits"))
    query = select(*told, func.count()).where(proposals_visible_to(actor), Proposal.state != ProposalState.SUPERSEDED)
    found: Counter[tuple[UUID, str, str]] = Counter()
    for need_id, state, band, is_waiting, count in session.execute(query.group_by(*told)):
        if is_waiting:
            found[need_id, TO_DECIDE, band.value] += count
        if state is not ProposalState.OPEN:
            found[need_id, state.value, band.value] += count
    places: defaultdict[UUID, set[str]] = defaultdict(set)
    for need_id, key in session.execute(select(need_place.c.need_id, Place.key).join(Place, Place.id == need_place.c.place_id)):
        places[need_id].add(key)
    return Counts(found, places)


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
    return session.scalars(_OUTDATED[side], {"document_id": document_id, "judged_at": revision}).unique().all()


def open_by_another(session: Session, side: Side, document_id: UUID, ranker_hash: str) -> Sequence[Proposal]:
    """The undecided proposals of a document that another ranker judged, locked; what was deferred waits for its day."""
    return session.scalars(_BY_ANOTHER[side], {"document_id": document_id, "ranker": ranker_hash}).unique().all()
