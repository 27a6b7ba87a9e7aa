"""Needs that nothing answers: which, since when, and how much was looked at in vain."""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from models.actors import Actor
from models.decisions import Verdict
from models.innovations import Innovation
from models.joint_needs import Membership
from models.needs import Need, need_place
from models.places import Place
from models.proposals import Band, Proposal, ProposalState
from models.queries import joint_needs
from models.queries.pages import Page, page_of
from models.queries.visibility import INNOVATION_IS_SEARCHABLE, NEED_IS_SEARCHABLE, needs_visible_to
from models.runs import RankingRun


@dataclass(frozen=True, slots=True)
class Search:
    """What is known of the search for one need: the time since which nothing was left, the best band seen, and how many were judged.

    `band` is None when nothing was there to be judged.
    """

    since: datetime
    band: Band | None
    looked_at: int


def page(
    session: Session, actor: Actor, *, place: str | None = None, theme: str | None = None, after: str | None = None, limit: int = 50
) -> Page[Need]:
    """Open needs that were ranked, may be read by the actor and have nothing left that may answer them, oldest first.

    A joint need is one row, that of its oldest member which the actor may read; what answers one of its members
    answers all of them.
    """
    number = func.row_number().over(partition_by=_counted_as(), order_by=(Need.created_at, Need.id))
    counted = select(Need.id, number.label("number")).where(*_wanted(actor, place, theme)).subquery()
    query = select(Need).where(Need.id.in_(select(counted.c.id).where(counted.c.number == 1)))
    return page_of(session, query.order_by(Need.created_at, Need.id), after=after, limit=limit, kinds=(datetime, UUID))


def counts_by_place(session: Session, actor: Actor, *, theme: str | None) -> dict[str, int]:
    """How many rows of that list each place would show, the theme held."""
    query = select(Place.key, func.count(_counted_as().distinct())).select_from(Need)
    query = query.join(need_place, need_place.c.need_id == Need.id).join(Place, Place.id == need_place.c.place_id)
    found = session.execute(query.where(*_wanted(actor, None, theme)).group_by(Place.key))
    return {row[0]: row[1] for row in found}


def counts_by_theme(session: Session, actor: Actor, *, place: str | None) -> dict[str, int]:
    """How many rows of that list each theme would show, the place held."""
    query = select(Need.theme, func.count(_counted_as().distinct())).where(*_wanted(actor, place, None))
    return {theme: count for theme, count in session.execute(query.group_by(Need.theme)) if theme}


def _wanted(actor: Actor, place: str | None, theme: str | None) -> list[ColumnElement[bool]]:
    wanted = [NEED_IS_SEARCHABLE, Need.proposed_revision == Need.revision, needs_visible_to(actor), ~_is_answered()]
    if place is not None:
        wanted.append(Need.places.any(Place.key == place))
    if theme is not None:
        wanted.append(Need.theme == theme)
    return wanted


def _counted_as() -> ColumnElement[UUID]:
    """What a need counts as: its joint need, or itself."""
    of_one = Membership.joint_need_id
    in_one = select(of_one).where(Membership.need_id == Need.id, Membership.left_at.is_(None)).correlate(Need).scalar_subquery()
    return func.coalesce(in_one, Need.id)


def _is_answered() -> ColumnElement[bool]:
    """Whether something at or above *possible* is in force for the need, or for one that is one with it, and was not turned down."""
    waiting = and_(Proposal.state.in_((ProposalState.OPEN, ProposalState.DEFERRED)), Proposal.innovation.has(INNOVATION_IS_SEARCHABLE))
    answered = select(Proposal.need_id).where(Proposal.band != Band.WEAK, or_(Proposal.state == ProposalState.CONFIRMED, waiting))
    own, other = aliased(Membership), aliased(Membership)
    of_answered = select(own.joint_need_id).where(own.left_at.is_(None), own.need_id.in_(answered))
    beside = select(other.need_id).where(other.left_at.is_(None), other.joint_need_id.in_(of_answered))
    return or_(Need.id.in_(answered), Need.id.in_(beside))


def is_answered(session: Session, need_id: UUID) -> bool:
    """Whether something may answer a need, or one that is one with it, and was not turned down; whoever asks."""
    return session.scalar(select(Need.id).where(Need.id == need_id, _is_answered())) is not None


def searched(session: Session, needs: Sequence[Need]) -> dict[UUID, Search]:
    """What is known of the search for each of these needs, with those that are one with it; all of them were ranked."""
    ids = {need.id for need in needs}
    joint = joint_needs.joint_ids(session, joint_needs.with_mates(session, ids))
    runs = _latest_runs(session, ids)
    ends: dict[UUID, list[tuple[datetime, Band]]] = {}
    for proposal in session.scalars(select(Proposal).where(Proposal.need_id.in_(ids | joint.keys()))).unique():
        group = joint.get(proposal.need_id, proposal.need_id)
        ends.setdefault(group, []).append((_ended(proposal, runs.get(proposal.need_id)), proposal.band))
    came = _came_since(session, min((run.created_at for run in runs.values()), default=None))
    found = {}
    for need in needs:
        run, of_group = runs[need.id], ends.get(joint.get(need.id, need.id), [])
        since = max([need.opened_at or need.created_at, *(ended for ended, _ in of_group)])
        looked_at = run.candidate_count + len(came) - bisect_right(came, run.created_at)
        band = min((band for _, band in of_group), key=list(Band).index, default=Band.WEAK if looked_at else None)
        found[need.id] = Search(since, band, looked_at)
    return found


def _latest_runs(session: Session, need_ids: Collection[UUID]) -> dict[UUID, RankingRun]:
    rows = session.scalars(select(RankingRun).where(RankingRun.need_id.in_(need_ids)).order_by(RankingRun.created_at, RankingRun.id))
    return {row.need_id: row for row in rows if row.need_id is not None}


def _ended(proposal: Proposal, run: RankingRun | None) -> datetime:
    """When it was left that a proposal may answer its need: turned down, or taken out of force by another text or another ranker."""
    closing = proposal.closing_decision
    if closing is not None and closing.verdict is Verdict.REJECTED:
        return closing.decided_at
    ends = [closing.decided_at if closing is not None else proposal.created_at]
    if run is not None and (proposal.need_revision, proposal.run.ranker_hash) != (proposal.need.revision, run.ranker_hash):
        ends.append(run.created_at)
    if proposal.innovation_revision != proposal.innovation.revision or not proposal.innovation.searchable:
        ends.append(proposal.innovation.updated_at)
    return max(ends)


def _came_since(session: Session, since: datetime | None) -> list[datetime]:
    """When each innovation came that was handed in after a moment and can be found; each was held against all needs then."""
    if since is None:
        return []
    query = select(Innovation.submitted_at).where(INNOVATION_IS_SEARCHABLE, Innovation.submitted_at > since)
    return sorted(at for at in session.scalars(query) if at is not None)
