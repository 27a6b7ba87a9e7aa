"""Questions to places and their answers: lists, one to answer, those that wait for their day, the reasons given."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, and_, literal, or_, select
from sqlalchemy.orm import Session, aliased, selectinload

from models.actors import Actor
from models.decisions import Decision
from models.documents import Visibility
from models.innovations import Innovation
from models.pipeline import PipelineStage, StageChange
from models.place_answers import PlaceAnswer, PlaceReply, QuestionState
from models.places import Place
from models.proposals import Proposal, ProposalState
from models.queries.documents import NotFound
from models.queries.pages import Page, page_of
from models.queries.visibility import QUESTION_IS_PUT, place_answers_visible_to

_OPEN = or_(
    PlaceAnswer.state.in_((QuestionState.HELD, QuestionState.ASKED)),
    and_(PlaceAnswer.state == QuestionState.ANSWERED, PlaceAnswer.answer == PlaceReply.NOT_NOW, PlaceAnswer.asked_again_at.is_(None)),
)
_UNKNOWN = "There is no question to a place of that id that you may see. Check the id, or sign in as somebody who may."


@dataclass(frozen=True, slots=True)
class ReasonGiven:
    """Why one place would not, or went no further: `given_with` is `no` or `stopped`."""

    place_id: UUID | None
    need_id: UUID
    innovation_id: UUID
    code: str
    given_with: str
    given_at: datetime


def page(
    session: Session,
    actor: Actor,
    *,
    state: QuestionState | None = None,
    answer: PlaceReply | None = None,
    place: str | None = None,
    need_id: UUID | None = None,
    proposal_id: UUID | None = None,
    for_all: bool = False,
    oldest_first: bool = False,
    after: str | None = None,
    limit: int = 50,
) -> Page[PlaceAnswer]:
    """Questions that the actor may read, newest first; `need_id` is the place's own need or the one that was matched.

    `for_all` leaves those to West Yorkshire as one voice, which the Hub answers.

    `oldest_first` turns the order round: of those that wait for an answer, the soonest due stands first.
    """
    judged = selectinload(PlaceAnswer.proposal).selectinload(Proposal.innovation_as_judged)  # whose name a list tells
    query = select(PlaceAnswer).where(place_answers_visible_to(actor)).options(judged)
    if state is not None:
        query = query.where(PlaceAnswer.state == state)
    if answer is not None:
        query = query.where(PlaceAnswer.answer == answer)
    if place is not None:
        query = query.where(PlaceAnswer.place.has(Place.key == place))
    if need_id is not None:
        query = query.where(or_(PlaceAnswer.need_id == need_id, PlaceAnswer.proposal.has(Proposal.need_id == need_id)))
    if proposal_id is not None:
        query = query.where(PlaceAnswer.proposal_id == proposal_id)
    if for_all:
        query = query.where(PlaceAnswer.place_id.is_(None))
    created = PlaceAnswer.created_at.asc() if oldest_first else PlaceAnswer.created_at.desc()
    ordered = query.order_by(created, PlaceAnswer.id)
    return page_of(session, ordered, after=after, limit=limit, kinds=(datetime, UUID))


def get(session: Session, answer_id: UUID, actor: Actor) -> PlaceAnswer:
    """A question that the actor may read; raises NotFound."""
    found = session.scalars(select(PlaceAnswer).where(PlaceAnswer.id == answer_id, place_answers_visible_to(actor))).unique().first()
    if found is None:
        raise NotFound(_UNKNOWN)
    return found


def of_proposals(session: Session, actor: Actor, proposal_ids: Collection[UUID]) -> dict[UUID, list[PlaceAnswer]]:
    """The latest question about each of these matches to each place that the actor may read of, by the place's name."""
    query = select(PlaceAnswer).where(PlaceAnswer.proposal_id.in_(proposal_ids), place_answers_visible_to(actor))
    latest = {(row.proposal_id, row.place_id): row for row in session.scalars(query.order_by(PlaceAnswer.asking, PlaceAnswer.id)).unique()}
    found: dict[UUID, list[PlaceAnswer]] = {proposal_id: [] for proposal_id in proposal_ids}
    for row in sorted(latest.values(), key=lambda each: each.asked_as):
        found[row.proposal_id].append(row)
    return found


def to_change(session: Session, answer_id: UUID, actor: Actor) -> PlaceAnswer:
    """A question with its match, both locked, the match first; raises NotFound."""
    proposal_id = session.scalar(select(PlaceAnswer.proposal_id).where(PlaceAnswer.id == answer_id))
    session.scalars(select(Proposal.id).where(Proposal.id == proposal_id).with_for_update(key_share=True)).first()
    session.scalars(select(PlaceAnswer.id).where(PlaceAnswer.id == answer_id).with_for_update(key_share=True)).first()
    query = select(PlaceAnswer).where(PlaceAnswer.id == answer_id, place_answers_visible_to(actor))
    found = session.scalars(query.execution_options(populate_existing=True)).unique().first()
    if found is None:
        raise NotFound(_UNKNOWN)
    return found


def find(session: Session, answer_id: UUID) -> PlaceAnswer | None:
    """A question, whoever asks; None when there is none. For jobs only."""
    return session.get(PlaceAnswer, answer_id)


def open_of_need(session: Session, need_id: UUID) -> Sequence[PlaceAnswer]:
    """The questions to places whose own need it is, that somebody still waits for, now or when their day comes; locked."""
    return _locked(session, select(PlaceAnswer).where(PlaceAnswer.need_id == need_id, _OPEN))


def open_across(session: Session, need_id: UUID) -> Sequence[PlaceAnswer]:
    """The open questions that join a need to another one's match, or another need to its own match; locked."""
    query = select(PlaceAnswer).join(Proposal, Proposal.id == PlaceAnswer.proposal_id)
    across = and_(PlaceAnswer.need_id != Proposal.need_id, or_(PlaceAnswer.need_id == need_id, Proposal.need_id == need_id))
    return _locked(session, query.where(across, _OPEN))


def asked_elsewhere(session: Session, proposal: Proposal, need_ids: Sequence[UUID]) -> set[UUID | None]:
    """The places, None for West Yorkshire, with a question about another match of the same innovation with one of these needs."""
    query = select(PlaceAnswer.place_id).join(Proposal, Proposal.id == PlaceAnswer.proposal_id)
    other = and_(Proposal.id != proposal.id, Proposal.innovation_id == proposal.innovation_id, Proposal.need_id.in_(need_ids))
    return set(session.scalars(query.where(other, PlaceAnswer.state != QuestionState.CLOSED)))


def confirmed_of_needs(session: Session, need_ids: Sequence[UUID]) -> Sequence[Proposal]:
    """The confirmed matches of these needs, announced or not, in the order of their ids."""
    query = select(Proposal).where(Proposal.need_id.in_(need_ids), Proposal.state == ProposalState.CONFIRMED)
    return session.scalars(query.order_by(Proposal.id)).unique().all()


def to_ask(session: Session, today: date, *, limit: int) -> Sequence[UUID]:
    """The questions that are to be put: those whose *not now* ends, and held ones whose innovation partners may read now."""
    again = and_(
        PlaceAnswer.state == QuestionState.ANSWERED,
        PlaceAnswer.answer == PlaceReply.NOT_NOW,
        PlaceAnswer.asked_again_at.is_(None),
        PlaceAnswer.until <= today,
    )
    as_judged = Proposal.innovation.has(
        and_(Innovation.visibility != Visibility.HUB_ONLY, Innovation.revision == Proposal.innovation_revision)
    )
    readable_then = Proposal.decisions.any(Decision.innovation_visibility.in_((Visibility.PARTNERS, Visibility.PUBLIC)))
    readable_now = Proposal.innovation.has(Innovation.visibility != Visibility.HUB_ONLY)
    readable = PlaceAnswer.proposal.has(or_(as_judged, and_(readable_then, readable_now)))
    put = aliased(PlaceAnswer)
    to_the_same = and_(put.proposal_id == PlaceAnswer.proposal_id, put.place_id.is_not_distinct_from(PlaceAnswer.place_id))
    shown_before = select(put.id).where(to_the_same, put.asked_at.is_not(None)).exists()
    goes_on = and_(shown_before, PlaceAnswer.proposal.has(readable_now))
    query = select(PlaceAnswer.id).where(or_(again, and_(PlaceAnswer.state == QuestionState.HELD, or_(readable, goes_on))))
    return session.scalars(query.order_by(PlaceAnswer.created_at, PlaceAnswer.id).limit(limit)).all()


def to_introduce(session: Session, before: datetime, *, limit: int) -> Sequence[UUID]:
    """The answers *meet* given before a moment, of which the two sides have not been told."""
    query = select(PlaceAnswer.id).where(
        PlaceAnswer.state == QuestionState.ANSWERED,
        PlaceAnswer.answer == PlaceReply.MEET,
        PlaceAnswer.introduced_at.is_(None),
        PlaceAnswer.answered_at <= before,
        QUESTION_IS_PUT,
    )
    return session.scalars(query.order_by(PlaceAnswer.answered_at, PlaceAnswer.id).limit(limit)).all()


def reasons(session: Session, *, since: datetime | None = None, until: datetime | None = None) -> Sequence[ReasonGiven]:
    """The reasons of every *no* and of every match that was stopped in a place, in the order of time; `until` is left out."""
    noes = select(
        PlaceAnswer.place_id,
        PlaceAnswer.need_id,
        Proposal.innovation_id,
        PlaceAnswer.reason_code.label("code"),
        literal(PlaceReply.NO.value).label("given_with"),
        PlaceAnswer.answered_at.label("given_at"),
    ).join(Proposal, Proposal.id == PlaceAnswer.proposal_id)
    noes = noes.where(PlaceAnswer.answer == PlaceReply.NO)
    stops = select(
        StageChange.place_id,
        Proposal.need_id,
        Proposal.innovation_id,
        StageChange.reason_code.label("code"),
        literal(PipelineStage.STOPPED.value).label("given_with"),
        StageChange.changed_at.label("given_at"),
    ).join(Proposal, Proposal.id == StageChange.proposal_id)
    stops = stops.where(StageChange.stage == PipelineStage.STOPPED)
    found = [ReasonGiven(*row) for query in (noes, stops) for row in session.execute(query)]
    within = [row for row in found if (since is None or row.given_at >= since) and (until is None or row.given_at < until)]
    return sorted(within, key=lambda row: (row.given_at, str(row.place_id), str(row.need_id)))


def _locked(session: Session, query: Select[PlaceAnswer]) -> Sequence[PlaceAnswer]:
    """In the order of their ids, as they are once nobody else changes them."""
    locked = query.order_by(PlaceAnswer.id).with_for_update(of=PlaceAnswer, key_share=True).execution_options(populate_existing=True)
    return session.scalars(locked).unique().all()
