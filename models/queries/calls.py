"""Calls: one by its reference, the board of those that are open, those of a need, and the next reference."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from models.actors import Actor
from models.calls import Call, CallCount
from models.documents import Visibility, searchable_text
from models.joint_needs import Membership
from models.needs import Need, NeedStatus
from models.places import Place
from models.proposals import Proposal, ProposalState
from models.queries.documents import NotFound
from models.queries.pages import Page, page_of
from models.queries.visibility import needs_visible_to, proposals_visible_to

_PUBLISHABLE = and_(Need.live, Need.status == NeedStatus.OPEN, Need.visibility == Visibility.PUBLIC)


def _goes_on(day: date) -> ColumnElement[bool]:
    """Whether a call is open on a day, and so is its need."""
    in_time = or_(Call.closes_on.is_(None), Call.closes_on >= day)
    return and_(Call.closed_at.is_(None), in_time, Call.need.has(_PUBLISHABLE))


def page(
    session: Session,
    actor: Actor,
    *,
    day: date,
    open_only: bool,
    place: str | None = None,
    theme: str | None = None,
    text: str = "",
    after: str | None = None,
    limit: int = 50,
) -> Page[Call]:
    """Calls on needs that the actor may read, latest first; the board holds the open ones.

    `text` is words that must all occur in the need, or the reference of a call.
    """
    query = select(Call).where(*conditions(actor, day=day, open_only=open_only, place=place, theme=theme, text=text))
    return page_of(session, query.order_by(Call.published_at.desc(), Call.id), after=after, limit=limit, kinds=(datetime, UUID))


def conditions(
    actor: Actor, *, day: date, open_only: bool, place: str | None = None, theme: str | None = None, text: str = ""
) -> list[ColumnElement[bool]]:
    """What all calls of a list have in common: the actor may read the need, and the filters hold."""
    found = [Call.need.has(needs_visible_to(actor))]
    if open_only:
        found.append(_goes_on(day))
    if place is not None:
        found.append(Call.need.has(Need.places.any(Place.key == place)))
    if theme is not None:
        found.append(Call.need.has(Need.theme == theme))
    if words := searchable_text(text).split():
        occurs = and_(*(Need.search_text.contains(word, autoescape=True) for word in words))
        found.append(or_(Call.reference == text.strip().upper(), Call.need.has(occurs)))
    return found


def on_needs(session: Session, need_ids: Collection[UUID], actor: Actor, *, day: date) -> Mapping[UUID, Call]:
    """The open call of each of these needs that the actor may read; those without one are left out."""
    query = select(Call).where(Call.need_id.in_(need_ids), *conditions(actor, day=day, open_only=True))
    return {row.need_id: row for row in session.scalars(query).unique()}


def by_reference(session: Session, reference: str, actor: Actor, *, lock: bool = False) -> Call:
    """A call on a need that the actor may read; raises NotFound."""
    query = select(Call).where(Call.reference == reference, Call.need.has(needs_visible_to(actor)))
    if lock:
        query = query.with_for_update(of=Call, key_share=True).execution_options(populate_existing=True)
    found = session.scalars(query).unique().first()
    if found is None:
        raise NotFound("There is no call of that reference that you may see. Check the reference, such as WYC-2026-0001.")
    return found


def one_for_update(session: Session, call_id: UUID) -> Call | None:
    """A call, locked, whoever asks; None when there is none. For jobs only."""
    query = select(Call).where(Call.id == call_id).with_for_update(of=Call, key_share=True).execution_options(populate_existing=True)
    return session.scalars(query).unique().first()


def open_of(session: Session, need_ids: Collection[UUID], *, lock: bool = False) -> Sequence[Call]:
    """The open calls of these needs, whoever asks."""
    query = select(Call).where(Call.need_id.in_(need_ids), Call.closed_at.is_(None)).order_by(Call.id)
    if lock:
        query = query.with_for_update(of=Call, key_share=True).execution_options(populate_existing=True)
    return session.scalars(query).unique().all()


def open_for(session: Session, need_ids: Collection[UUID]) -> Mapping[UUID, Call]:
    """The open call of each of these needs, or of one that is a joint need with it; those without one are left out."""
    found = {call.need_id: call for call in open_of(session, need_ids)}
    own, other = aliased(Membership), aliased(Membership)
    beside = (
        select(own.need_id, Call)
        .join(other, other.joint_need_id == own.joint_need_id)
        .join(Call, Call.need_id == other.need_id)
        .where(own.need_id.in_(need_ids), own.left_at.is_(None), other.left_at.is_(None), Call.closed_at.is_(None))
    )
    return {row.need_id: row.Call for row in session.execute(beside).unique()} | found


def ended(session: Session, day: date, limit: int) -> Sequence[UUID]:
    """Calls that are not closed although their need or their last day is over."""
    over = or_(~Call.need.has(_PUBLISHABLE), Call.closes_on < day)
    return session.scalars(select(Call.id).where(Call.closed_at.is_(None), over).order_by(Call.id).limit(limit)).all()


def next_number(session: Session, year: int) -> int:
    """Count a reference of a year; who counts at the same time waits, and what is not committed is counted again."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    counted = insert(CallCount).values(year=year, given=1)
    counted = counted.on_conflict_do_update(index_elements=[CallCount.year], set_={"given": CallCount.given + 1})
    return int(session.execute(counted.returning(CallCount.given)).scalar_one())


def known_before(session: Session, proposal: Proposal, moment: datetime) -> bool:
    """Whether the same text of the innovation was put forward for the same need before a moment."""
    earlier = select(Proposal.id).where(
        Proposal.need_id == proposal.need_id,
        Proposal.innovation_id == proposal.innovation_id,
        Proposal.innovation_revision == proposal.innovation_revision,
        Proposal.created_at < moment,
    )
    return session.scalars(earlier.limit(1)).first() is not None


def candidates(session: Session, actor: Actor, need_ids: Collection[UUID], *, after: str | None, limit: int) -> Page[Proposal]:
    """The proposals in force on these needs that the actor may read, most probable first."""
    in_force = Proposal.state != ProposalState.SUPERSEDED
    query = select(Proposal).where(Proposal.need_id.in_(need_ids), in_force, proposals_visible_to(actor))
    return page_of(session, query.order_by(Proposal.probability.desc(), Proposal.id), after=after, limit=limit, kinds=(float, UUID))
