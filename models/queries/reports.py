"""What reports count: plain rows, few columns each; what they mean is said by who shows them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Row, String, and_, case, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from models.calls import Call
from models.decisions import Decision, Verdict
from models.documents import Side
from models.events import Event
from models.innovations import Innovation
from models.need_results import NeedResult
from models.needs import Need, NeedStatus, need_place
from models.organisations import Organisation
from models.pipeline import PipelineStage, StageChange
from models.place_answers import PlaceAnswer, PlaceReply
from models.places import Place
from models.proposals import Band, Proposal, ProposalState
from models.referrals import Referral, ReferralState, ReferralStep
from models.triage import Outcome, OutcomeKind, Submission
from models.watches import Watch, Watched

SHOWN: tuple[Band, ...] = (Band.STRONG, Band.POSSIBLE)
"""The bands of what is put before the Hub as worth a look."""

GONE, BACK = "gone", "back"
"""No states: a document was merged into another or deleted, or stands by itself again, as it did before."""
_STANDS_FOR_IT = func.coalesce(Innovation.merged_into_id, Innovation.id)
"""The innovation as which one counts: itself, or the one that it was merged into."""
_HANDED_IN = and_(Innovation.live, Innovation.submitted_at.is_not(None), Innovation.merged_into_id.is_(None))


class Step(NamedTuple):
    """A document came into a state; GONE and BACK are told as such."""

    kind: str
    subject_id: UUID | str
    at: datetime
    status: str


class Barrier(NamedTuple):
    """Somebody gave a reason why not."""

    at: datetime
    reason: str


class Pair(NamedTuple):
    """A pair that was put before the Hub, and how it was decided; it counts once, however often it was ranked."""

    need_id: UUID
    innovation_id: UUID
    confirmed: bool
    rejected: bool


def within(column: Any, since: datetime | None, until: datetime | None) -> ColumnElement[bool]:  # noqa: ANN401 -- a column of times
    """Times from `since` until before `until`; an open border is None."""
    return and_(column.is_not(None), *([column >= since] if since is not None else []), *([column < until] if until is not None else []))


def needs(session: Session, statuses: Collection[NeedStatus]) -> Sequence[Need]:
    """The needs in these states, with their places, by title."""
    query = select(Need).where(Need.live, Need.status.in_(statuses)).order_by(Need.title, Need.id)
    return session.scalars(query).unique().all()


def steps(session: Session) -> Iterator[Step]:
    """Each step of each need and innovation that an event tells, a document's steps together, in order."""
    status = case(
        (Event.kind.in_(["innovation.merged", "innovation.deleted"]), GONE),
        (Event.kind == "innovation.unmerged", BACK),
        else_=Event.data["status"].as_string(),
    )
    query = (
        select(Event.subject_kind, type_coerce(Event.subject_id, String), Event.recorded_at, status)  # it tells rows apart, unread
        .where(Event.subject_kind.in_([side.value for side in Side]), status.is_not(None))
        .order_by(Event.subject_kind, Event.subject_id, Event.recorded_at, Event.ordinal)
    )
    for row in session.execute(query, execution_options={"yield_per": 1000}):
        yield Step(*row)


def decision_times(session: Session, since: datetime | None, until: datetime | None) -> Sequence[Row[datetime, datetime]]:
    """When each pair that was decided in a time was put before the Hub, and when it was decided; an undone verdict is none."""
    query = (
        select(Proposal.created_at, Decision.decided_at)
        .join(Decision.proposal)
        .where(Decision.verdict.in_([Verdict.CONFIRMED, Verdict.REJECTED]), _stands(), within(Decision.decided_at, since, until))
        .order_by(Decision.decided_at, Decision.id)
    )
    return session.execute(query).all()


def waiting_since(session: Session) -> Sequence[datetime]:
    """Since when each pair waits that is open, strong or possible."""
    query = select(Proposal.created_at).where(Proposal.state == ProposalState.OPEN, Proposal.band.in_(SHOWN))
    return session.scalars(query.order_by(Proposal.created_at)).all()


def hub_reasons(session: Session, since: datetime | None, until: datetime | None) -> Sequence[Barrier]:
    """The reasons of rejected and deferred pairs; an undone verdict gave none."""
    query = select(Decision.decided_at, Decision.reason_code).where(
        Decision.verdict.in_([Verdict.REJECTED, Verdict.DEFERRED]), _stands(), within(Decision.decided_at, since, until)
    )
    return [Barrier(at, code) for at, code in session.execute(query.order_by(Decision.decided_at, Decision.id)) if code is not None]


def stop_reasons(session: Session, since: datetime | None, until: datetime | None) -> Sequence[Barrier]:
    """Why pilots and evaluations were stopped."""
    query = select(StageChange.changed_at, StageChange.reason_code).where(
        StageChange.stage == PipelineStage.STOPPED, within(StageChange.changed_at, since, until)
    )
    return [Barrier(*row) for row in session.execute(query.order_by(StageChange.changed_at, StageChange.id))]


def stages(session: Session, until: datetime | None) -> Sequence[StageChange]:
    """Every step of every match in every place, in order."""
    query = select(StageChange).order_by(StageChange.proposal_id, StageChange.place_id, StageChange.changed_at, StageChange.id)
    return session.scalars(query if until is None else query.where(StageChange.changed_at < until)).all()


def pairs_shown(session: Session, since: datetime | None, until: datetime | None) -> Sequence[Pair]:
    """The pairs that were put before the Hub as strong or possible in a time, each once; what was merged counts as what stands for it."""
    confirmed, rejected = (
        func.max(Proposal.decisions.any(and_(Decision.verdict == verdict, _stands())).cast(Integer))
        for verdict in (Verdict.CONFIRMED, Verdict.REJECTED)
    )
    query = (
        select(Proposal.need_id, _STANDS_FOR_IT, confirmed, rejected)
        .join(Innovation, Innovation.id == Proposal.innovation_id)
        .where(Proposal.band.in_(SHOWN), within(Proposal.created_at, since, until))
        .group_by(Proposal.need_id, _STANDS_FOR_IT)
        .order_by(Proposal.need_id, _STANDS_FOR_IT)
    )
    return [Pair(need, innovation, bool(yes), bool(no)) for need, innovation, yes, no in session.execute(query)]


def reached(session: Session, stages: Collection[PipelineStage]) -> set[tuple[UUID, UUID]]:
    """The pairs (need, innovation) that came to one of these stages in some place, whatever became of them."""
    steps = select(StageChange.proposal_id).where(StageChange.stage.in_(stages))
    query = select(Proposal.need_id, _STANDS_FOR_IT).join(Innovation, Innovation.id == Proposal.innovation_id)
    return {(row[0], row[1]) for row in session.execute(query.where(Proposal.id.in_(steps)))}


def first_handed_in(session: Session, since: datetime | None, until: datetime | None) -> set[UUID]:
    """The innovations that were handed in for the first time in a time; what was merged counts as what stands for it."""
    first = func.min(Submission.submitted_at)
    query = select(_STANDS_FOR_IT).join(Submission, Submission.innovation_id == Innovation.id).where(Innovation.live)
    return set(session.scalars(query.group_by(_STANDS_FOR_IT).having(within(first, since, until))))


def given_an_outcome(session: Session) -> set[UUID]:
    """The innovations of which a submission left triage with an outcome; what was merged counts as what stands for it."""
    query = select(_STANDS_FOR_IT).join(Submission, Submission.innovation_id == Innovation.id)
    return set(session.scalars(query.where(Submission.outcome.is_not(None))))


def innovations_of_proposals(session: Session, proposal_ids: Collection[UUID]) -> set[UUID]:
    """The innovations of these proposals, each once."""
    query = select(_STANDS_FOR_IT).join(Proposal, Proposal.innovation_id == Innovation.id)
    return set(session.scalars(query.where(Proposal.id.in_(proposal_ids))))


def places_of_needs(session: Session) -> Sequence[Row[UUID, str]]:
    """The key of each place of each need."""
    query = select(need_place.c.need_id, Place.key).join(Place, Place.id == need_place.c.place_id)
    return session.execute(query.order_by(need_place.c.need_id, Place.key)).all()


def suppliers(session: Session) -> Sequence[tuple[UUID, Organisation | None]]:
    """Each innovation that was handed in and was not merged, with who offers it; None where nobody is named."""
    query = select(Innovation.id, Organisation).outerjoin(Organisation, Innovation.supplier_id == Organisation.id)
    rows = session.execute(query.where(_HANDED_IN).order_by(Innovation.id))
    return [(row[0], row[1]) for row in rows]


def inequality_codes(session: Session, side: Side) -> dict[UUID, list[str]]:
    """The inequality codes of each need that is open or met, or of each innovation that was handed in and was not merged."""
    if side is Side.NEED:
        shown = Need.status.in_([NeedStatus.OPEN, NeedStatus.MET])
        return {row[0]: row[1] for row in session.execute(select(Need.id, Need.key_health_inequalities).where(Need.live, shown))}
    return {row[0]: row[1] for row in session.execute(select(Innovation.id, Innovation.key_health_inequalities).where(_HANDED_IN))}


def _stands() -> ColumnElement[bool]:
    """Whether a verdict was not undone."""
    return or_(Decision.id.not_in(select(Decision.undoes_id).where(Decision.undoes_id.is_not(None))))


def archive_reasons(session: Session, since: datetime | None, until: datetime | None) -> Sequence[Barrier]:
    """Why submissions were archived; an outcome that was taken back gave no reason."""
    undone = select(Outcome.undoes_id).where(Outcome.undoes_id.is_not(None))
    query = select(Outcome.given_at, Outcome.reason_code).where(
        Outcome.kind == OutcomeKind.ARCHIVE, Outcome.id.not_in(undone), within(Outcome.given_at, since, until)
    )
    return [Barrier(at, code) for at, code in session.execute(query.order_by(Outcome.given_at, Outcome.id)) if code is not None]


def place_reasons(session: Session, since: datetime | None, until: datetime | None) -> Sequence[Barrier]:
    """Why places said no."""
    query = select(PlaceAnswer.answered_at, PlaceAnswer.reason_code).where(
        PlaceAnswer.answer == PlaceReply.NO, within(PlaceAnswer.answered_at, since, until)
    )
    found = session.execute(query.order_by(PlaceAnswer.answered_at, PlaceAnswer.id))
    return [Barrier(at, code) for at, code in found if at is not None and code is not None]


def referral_reasons(session: Session, since: datetime | None, until: datetime | None) -> Sequence[Barrier]:
    """Why support bodies declined."""
    query = (
        select(ReferralStep.at, Referral.decline_code)
        .join(Referral, ReferralStep.referral_id == Referral.id)
        .where(ReferralStep.state == ReferralState.DECLINED, within(ReferralStep.at, since, until))
    )
    return [
        Barrier(at, code) for at, code in session.execute(query.order_by(ReferralStep.at, ReferralStep.referral_id)) if code is not None
    ]


def all_reasons(session: Session, since: datetime | None, until: datetime | None) -> Mapping[str, Sequence[Barrier]]:
    """Every reason that was given why not, by who gave it."""
    return {
        "hub": hub_reasons(session, since, until),
        "archived": archive_reasons(session, since, until),
        "place": place_reasons(session, since, until),
        "stopped": stop_reasons(session, since, until),
        "referral": referral_reasons(session, since, until),
    }


def suppliers_supported(session: Session, since: datetime | None, until: datetime | None) -> Sequence[Organisation]:
    """The suppliers of whom the Hub made a submission active, or referred it, in a time."""
    undone = select(Outcome.undoes_id).where(Outcome.undoes_id.is_not(None))
    helped = (
        select(Submission.innovation_id)
        .join(Outcome, Outcome.submission_id == Submission.id)
        .where(Outcome.kind.in_([OutcomeKind.ACTIVE, OutcomeKind.REFER]), Outcome.id.not_in(undone), within(Outcome.given_at, since, until))
    )
    theirs = select(Innovation.supplier_id).where(Innovation.id.in_(helped))
    return session.scalars(select(Organisation).where(Organisation.id.in_(theirs)).order_by(Organisation.name)).all()


def calls_published(session: Session, since: datetime | None, until: datetime | None) -> int:
    """How many calls were published in a time."""
    return session.scalar(select(func.count()).select_from(Call).where(within(Call.published_at, since, until))) or 0


def watches_set(session: Session, since: datetime | None, until: datetime | None) -> int:
    """How many watches for needs were set in a time and are there still."""
    for_needs = and_(Watch.what == Watched.NEEDS, within(Watch.created_at, since, until))
    return session.scalar(select(func.count()).select_from(Watch).where(for_needs)) or 0


def results_recorded(session: Session, since: datetime | None, until: datetime | None) -> int:
    """How many results of needs that are met were written down in a time."""
    return (
        session.scalar(select(func.count()).where(NeedResult.outcome == NeedStatus.MET, within(NeedResult.recorded_at, since, until))) or 0
    )
