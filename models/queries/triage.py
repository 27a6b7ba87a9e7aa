"""Triage: the queue in the order of worth, one submission, its proposals, and what waits for its next step."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVarTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, Subquery, and_, bindparam, case, cast, exists, func, or_, select, true
from sqlalchemy.orm import Session, aliased, selectinload

from models.actors import Actor
from models.clocks import Clock, ClockKind, Due
from models.documents import searchable_text
from models.events import Event
from models.innovations import Innovation, InnovationKind, InnovationStatus
from models.needs import Need
from models.people import Person, Role, RoleGrant
from models.proposals import Band, Proposal, ProposalState
from models.queries.documents import NotFound
from models.queries.pages import Page, page_of
from models.queries.visibility import NEED_IS_SEARCHABLE, innovations_visible_to, proposals_visible_to, submissions_visible_to
from models.triage import STATUS_AFTER, Ask, Outcome, OutcomeKind, Submission, SubmissionState

Listed = TypeVarTuple("Listed")
MOST_SHOWN = 5
"""How many proposals of a submission are put before the Hub at first, and are to be decided."""
DECIDED = "decided"
"""Of a submission, in place of its best band: its matches were decided or set aside, and none is left."""
_AT_OR_ABOVE_POSSIBLE = (Band.STRONG, Band.POSSIBLE)
_DECIDED = (ProposalState.CONFIRMED, ProposalState.REJECTED)
_OPEN = tuple(state for state in SubmissionState if state is not SubmissionState.CLOSED)
_IN_TRIAGE = (InnovationStatus.SUBMITTED, InnovationStatus.IN_TRIAGE)
_CHUNK = 400  # bound parameters of one statement
_NOT_MERGED = Submission.innovation.has(Innovation.merged_into_id.is_(None))
_SKIPS = selectinload(Proposal.skips)
# Written once: every step in triage asks for these, and to put them together takes longer than to answer them.
_INNOVATION_OF = select(Submission.innovation_id).where(Submission.id == bindparam("submission_id"))
_LOCKED = select(Submission.id).where(Submission.id == bindparam("submission_id")).with_for_update(key_share=True)
_AS_IT_IS = select(Submission).where(Submission.id == bindparam("submission_id")).execution_options(populate_existing=True)
_INNOVATION_LOCKED = select(Innovation.id).where(Innovation.id == bindparam("innovation_id")).with_for_update(key_share=True)
_OF_INNOVATION = select(Submission).where(Submission.innovation_id == bindparam("innovation_id")).order_by(Submission.number)


class Age(StrEnum):
    """How long the Hub has been waited for."""

    OVERDUE = "overdue"
    SOON = "soon"
    IN_TIME = "in_time"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which submissions are listed; nothing said means all that are open and not put off.

    `waits_for` are those that a person can see to now: nobody else has them, and no innovator is asked. `of_colleagues` are
    those that somebody other than that person has. `decided` tells those whose matches were decided from those that have
    none, beside the band *weak*. `snoozed` is None for both kinds; what is overdue counts as put off no
    longer, because no day that somebody chose may hide it.
    """

    state: SubmissionState | None = None
    assigned_to: UUID | None = None
    unassigned: bool = False
    waits_for: UUID | None = None
    of_colleagues: UUID | None = None
    overdue: bool | None = None
    age: Age | None = None
    band: Band | None = None
    decided: bool | None = None
    kind: InnovationKind | None = None
    flagged: bool | None = None
    snoozed: bool | None = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class _Told:
    """What the queue is ordered, narrowed and counted by, as SQL."""

    overdue: ColumnElement[Any]
    age: ColumnElement[Any]
    best: ColumnElement[Any]
    band: ColumnElement[Any]
    decided: ColumnElement[bool]
    flagged: ColumnElement[Any]
    snoozed: ColumnElement[Any]


def queue(session: Session, actor: Actor, wanted: Wanted, *, today: date, after: str | None = None, limit: int = 50) -> Page[Submission]:
    """Submissions in the order in which they are worth a look.

    What is overdue comes first, then what has the most probable open proposal, then what has waited longest.
    """
    ordered = _in_order(select(Submission), actor, wanted, today)
    return page_of(session, ordered, after=after, limit=limit, kinds=(int, float, datetime, UUID))


def ids(session: Session, actor: Actor, wanted: Wanted, *, today: date, limit: int) -> Sequence[UUID]:
    """Which they are, in the same order."""
    return session.scalars(_in_order(select(Submission.id), actor, wanted, today).limit(limit)).all()


def _in_order(listed: Select[*Listed], actor: Actor, wanted: Wanted, today: date) -> Select[*Listed]:
    query, told = _joined(listed, today, closed=wanted.state is SubmissionState.CLOSED)
    query = query.where(submissions_visible_to(actor), _NOT_MERGED, *_conditions(wanted, told))
    return query.order_by(told.overdue.desc(), told.best.desc(), Submission.submitted_at, Submission.id)


def tallies(session: Session, actor: Actor, *, text: str, today: date, closed: bool = False) -> Mapping[tuple[str, ...], int]:
    """How many submissions there are of each kind that a list is narrowed by, whoever has them.

    Closed ones, of which there are many, are counted only if `closed` says so, and then alone. A key is state, holder (`me`,
    `nobody` or `colleague`), kind of innovation, age, best band (`decided` where only decided matches are left), `flagged` and
    `snoozed` as `1` or `0`.
    """
    holder = case((Submission.assigned_to.is_(None), "nobody"), (Submission.assigned_to == actor.person_id, "me"), else_="colleague")
    kind = select(Innovation.kind).where(Innovation.id == Submission.innovation_id).scalar_subquery()
    query, told = _joined(select(Submission.state, holder.label("holder")), today, closed=closed)
    band = case((and_(told.band == Band.WEAK.value, told.decided), DECIDED), else_=told.band)
    narrowed = [told.age.label("age"), band.label("band"), told.flagged.label("flagged"), told.snoozed.label("snoozed")]
    widened = query.add_columns(kind.label("kind"), *narrowed)
    in_state = Submission.state == SubmissionState.CLOSED if closed else Submission.state.in_(_OPEN)
    counted = widened.where(in_state, submissions_visible_to(actor), _NOT_MERGED, *_holds_words(text)).subquery()
    found = session.execute(select(*counted.columns, func.count()).group_by(*counted.columns))
    return {tuple(str(each) for each in row[:-1]): row[-1] for row in found}


def put_off(today: date) -> Select[UUID]:
    """The innovations whose submission somebody has put off until another day; what is overdue is put off no longer."""
    late = exists().where(Clock.kind == ClockKind.TRIAGE, Clock.subject_id == Submission.id, Clock.overdue_on <= today)
    return select(Submission.innovation_id).where(Submission.state.in_(_OPEN), Submission.snoozed_until > today, ~late)


def _joined(query: Select[*Listed], today: date, *, closed: bool) -> tuple[Select[*Listed], _Told]:
    """A query of submissions beside their clocks and matches, and what can be said of them."""
    matched, late = _matched(closed=closed), func.coalesce(Clock.overdue_on <= today, False)
    clock = and_(Clock.kind == ClockKind.TRIAGE, Clock.subject_id == Submission.id)
    best, strong = func.coalesce(matched.c.best, 0.0), func.coalesce(matched.c.strong, 0)
    told = _Told(
        overdue=case((late, 1), else_=0),
        age=case(
            (late, Age.OVERDUE.value),
            (Clock.reminder_on <= today, Age.SOON.value),
            (Clock.reminder_on.is_not(None), Age.IN_TIME.value),
            else_=Age.PAUSED.value,
        ),
        best=best,
        band=case((strong > 0, Band.STRONG.value), (best > 0, Band.POSSIBLE.value), else_=Band.WEAK.value),
        decided=exists().where(Proposal.innovation_id == Submission.innovation_id, *_set_down()),
        flagged=func.coalesce(matched.c.flagged, 0),
        snoozed=case((and_(Submission.snoozed_until > today, ~late), 1), else_=0),
    )
    return query.outerjoin(Clock, clock).outerjoin(matched, matched.c.innovation_id == Submission.innovation_id), told


def _conditions(wanted: Wanted, told: _Told) -> Iterator[ColumnElement[bool]]:
    yield Submission.state == wanted.state if wanted.state else Submission.state.in_(_OPEN)
    if wanted.assigned_to is not None:
        yield Submission.assigned_to == wanted.assigned_to
    if wanted.unassigned:
        yield Submission.assigned_to.is_(None)
    if wanted.waits_for is not None:
        yield and_(
            or_(Submission.assigned_to.is_(None), Submission.assigned_to == wanted.waits_for), Submission.state != SubmissionState.ASKED
        )
    if wanted.of_colleagues is not None:
        yield Submission.assigned_to != wanted.of_colleagues
    if wanted.decided is not None:
        yield told.decided if wanted.decided else ~told.decided
    if wanted.kind is not None:
        yield Submission.innovation.has(Innovation.kind == wanted.kind)
    said = ((told.overdue, wanted.overdue), (told.flagged, wanted.flagged), (told.snoozed, wanted.snoozed))
    yield from (column == int(value) for column, value in said if value is not None)
    yield from (column == value.value for column, value in ((told.age, wanted.age), (told.band, wanted.band)) if value is not None)
    yield from _holds_words(wanted.text)


def _set_down() -> Iterator[ColumnElement[bool]]:
    """Of a match that was decided or set aside."""
    yield Proposal.band.in_(_AT_OR_ABOVE_POSSIBLE)
    still = and_(Proposal.state == ProposalState.DEFERRED, Proposal.need.has(NEED_IS_SEARCHABLE))
    yield or_(Proposal.state.in_(_DECIDED), still)


def _holds_words(text: str) -> Iterator[ColumnElement[bool]]:
    for word in searchable_text(text).split():
        yield Submission.innovation.has(Innovation.search_text.contains(word, autoescape=True))


def _matched(*, closed: bool) -> Subquery:
    """The best open proposal at or above *possible* of each innovation, how many are strong, and whether any has a flag.

    On needs that are open to matching; unless `closed` is wanted, only of what is in triage.
    """
    strong = func.sum(case((Proposal.band == Band.STRONG, 1), else_=0))
    flagged = func.max(case((cast(Proposal.flags, String) != "[]", 1), else_=0))
    query = select(Proposal.innovation_id, func.max(Proposal.probability).label("best"), strong.label("strong"), flagged.label("flagged"))
    still = query.join(Need, Need.id == Proposal.need_id).where(NEED_IS_SEARCHABLE, Proposal.band.in_(_AT_OR_ABOVE_POSSIBLE))
    if not closed:
        waiting = select(Submission.innovation_id).where(Submission.state.in_(_OPEN))
        still = still.where(Proposal.innovation_id.in_(waiting))
    return still.where(Proposal.state == ProposalState.OPEN).group_by(Proposal.innovation_id).subquery()


def get(session: Session, submission_id: UUID, actor: Actor) -> Submission:
    """A submission that the actor may read; raises NotFound."""
    query = select(Submission).where(Submission.id == submission_id, submissions_visible_to(actor))
    found = session.scalars(query).unique().first()
    if found is None:
        raise _not_found()
    return found


def of_ids(session: Session, submission_ids: Collection[UUID], actor: Actor) -> dict[UUID, Submission]:
    """Those of these submissions that the actor may read, by id."""
    query = select(Submission).where(Submission.id.in_(submission_ids), submissions_visible_to(actor), _NOT_MERGED)
    return {row.id: row for row in session.scalars(query).unique()}


def latest_of(session: Session, innovation_ids: Collection[UUID], actor: Actor) -> dict[UUID, Submission]:
    """The latest submission of each of these innovations that has one, by innovation."""
    query = select(Submission).where(Submission.innovation_id.in_(innovation_ids), submissions_visible_to(actor), _NOT_MERGED)
    return {row.innovation_id: row for row in session.scalars(query.order_by(Submission.number)).unique()}


def with_standing_match(session: Session, innovation_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of these innovations of which a match stands confirmed."""
    query = select(Proposal.innovation_id).where(Proposal.innovation_id.in_(innovation_ids), Proposal.state == ProposalState.CONFIRMED)
    return frozenset(session.scalars(query))


def answerable(session: Session, submission_id: UUID, actor: Actor) -> Submission:
    """A submission of an innovation that the actor may read; raises NotFound."""
    visible = Submission.innovation.has(innovations_visible_to(actor))
    found = session.scalars(select(Submission).where(Submission.id == submission_id, visible)).unique().first()
    if found is None:
        raise _not_found()
    return found


def to_change(session: Session, submission_id: UUID) -> Submission:
    """A submission, whoever asks, locked with its innovation against other writers; raises NotFound."""
    named = {"submission_id": submission_id}
    innovation_id = session.scalar(_INNOVATION_OF, named)
    if innovation_id is None:
        raise _not_found()
    lock_innovation(session, innovation_id)
    session.scalars(_LOCKED, named).one()
    return session.scalars(_AS_IT_IS, named).unique().one()


def lock_innovation(session: Session, innovation_id: UUID) -> None:
    """Keep other writers of an innovation, and so of its submissions, out."""
    session.scalars(_INNOVATION_LOCKED, {"innovation_id": innovation_id}).one()


def _not_found() -> NotFound:
    return NotFound("There is no submission of that id that you may see. Check the id, or sign in as somebody who may.")


def current(session: Session, innovation_id: UUID) -> Submission | None:
    """The latest submission of an innovation, open or closed; None when it was never handed in."""
    found = of_innovation(session, innovation_id)
    return found[-1] if found else None


def of_innovation(session: Session, innovation_id: UUID) -> Sequence[Submission]:
    """Every submission of an innovation, in their order."""
    return session.scalars(_OF_INNOVATION, {"innovation_id": innovation_id}).unique().all()


def by_id(session: Session, submission_id: UUID) -> Submission | None:
    """A submission, whoever asks; for chasers only."""
    return session.scalars(select(Submission).where(Submission.id == submission_id)).unique().first()


def ask(session: Session, ask_id: UUID) -> Ask | None:
    """A question to an innovator, whoever asks."""
    return session.scalars(select(Ask).where(Ask.id == ask_id)).first()


def latest_outcome(session: Session, person_id: UUID, since: datetime) -> Outcome | None:
    """What somebody gave last, after a moment, and it was not taken back; whatever submission it is of."""
    query = select(Outcome).where(Outcome.given_by == person_id, Outcome.given_at > since, Outcome.kind != OutcomeKind.UNDONE)
    return session.scalars(query.where(_stands(Outcome)).order_by(Outcome.given_at.desc(), Outcome.id).limit(1)).first()


def assigner(session: Session, row: Submission) -> str | None:
    """Who gave a submission to whoever has it, as events name people; None where they took it themselves."""
    query = select(Event.actor).where(
        Event.subject_kind == "innovation",
        Event.subject_id == row.innovation_id,
        Event.kind == "submission.assigned",
        Event.recorded_at == row.taken_at,
    )
    return session.scalars(query.limit(1)).first()


def submission_of_outcome(session: Session, outcome_id: UUID) -> UUID | None:
    """Which submission an outcome is of; None when there is no such outcome."""
    return session.scalar(select(Outcome.submission_id).where(Outcome.id == outcome_id))


def unreceived(session: Session, limit: int, *, innovation_id: UUID | None = None) -> Sequence[UUID]:
    """Innovations that were handed in with consent and never came into triage: those of imports, and of releases before.

    With an id: whether that is one of them.
    """
    known = exists().where(Submission.innovation_id == Innovation.id)
    query = select(Innovation.id).where(
        Innovation.live,
        Innovation.merged_into_id.is_(None),
        Innovation.status.in_(_IN_TRIAGE),
        Innovation.consent_at.is_not(None),
        ~known,
    )
    if innovation_id is not None:
        query = query.where(Innovation.id == innovation_id)
    return session.scalars(query.order_by(Innovation.submitted_at, Innovation.id).limit(limit)).all()


def unsettled(session: Session, before: datetime, limit: int = 100) -> Sequence[UUID]:
    """Outcomes older than a moment that stand and of which the letter has not left."""
    query = select(Outcome.id).where(
        Outcome.kind != OutcomeKind.UNDONE, Outcome.settled_at.is_(None), Outcome.given_at <= before, _stands(Outcome)
    )
    return session.scalars(query.order_by(Outcome.given_at, Outcome.id).limit(limit)).all()


def untold(session: Session, innovation_id: UUID, since: datetime) -> Outcome | None:
    """The outcome that tells an innovation's owner of confirmed matches, was given after a moment, and whose letter has not left."""
    query = select(Outcome).join(Submission, Submission.id == Outcome.submission_id)
    query = query.where(Submission.innovation_id == innovation_id, Outcome.kind.in_((OutcomeKind.ACTIVE, OutcomeKind.REFER)))
    query = query.where(Outcome.settled_at.is_(None), Outcome.given_at >= since, _stands(Outcome))
    return session.scalars(query.order_by(Outcome.given_at.desc())).first()


def _stands(outcome: Any) -> ColumnElement[bool]:  # noqa: ANN401 -- the table, or an alias of it
    undoing = aliased(Outcome)
    return ~exists().where(undoing.undoes_id == outcome.id)


def without_outcome(session: Session) -> Sequence[UUID]:
    """Submissions that left triage without an outcome that stands, which no service ever does; empty when all is well.

    Also those still open although their innovation says that it has left triage.
    """
    same = and_(Outcome.submission_id == Submission.id, Outcome.kind == Submission.outcome, _stands(Outcome))
    unsaid = and_(Submission.state == SubmissionState.CLOSED, Submission.left_by.is_(None), ~exists().where(same))
    gone = {*STATUS_AFTER.values(), InnovationStatus.WITHDRAWN}
    ahead = and_(Submission.state != SubmissionState.CLOSED, Submission.innovation.has(Innovation.status.in_(gone)))
    return session.scalars(select(Submission.id).where(or_(unsaid, ahead)).order_by(Submission.id)).all()


def proposals_of(session: Session, innovation_id: UUID, actor: Actor) -> Sequence[Proposal]:
    """The proposals in force of an innovation at or above *possible*, most probable first.

    Those on needs that are no longer open to matching are left out, unless they were decided.
    """
    query = select(Proposal).where(_to_show(), Proposal.innovation_id == innovation_id, proposals_visible_to(actor)).options(_SKIPS)
    return session.scalars(query.order_by(Proposal.probability.desc(), Proposal.id)).unique().all()


def proposals_of_many(session: Session, innovation_ids: Collection[UUID]) -> dict[UUID, list[Proposal]]:
    """The same of many innovations, for the Hub."""
    found: dict[UUID, list[Proposal]] = {each: [] for each in innovation_ids}
    ids = list(found)
    for start in range(0, len(ids), _CHUNK):
        query = select(Proposal).where(_to_show(), Proposal.innovation_id.in_(ids[start : start + _CHUNK])).options(_SKIPS)
        for row in session.scalars(query.order_by(Proposal.probability.desc(), Proposal.id)).unique():
            found[row.innovation_id].append(row)
    return found


def _to_show() -> ColumnElement[bool]:
    in_force = and_(Proposal.state != ProposalState.SUPERSEDED, Proposal.band.in_(_AT_OR_ABOVE_POSSIBLE))
    return and_(in_force, or_(Proposal.state.in_(_DECIDED), Proposal.need.has(NEED_IS_SEARCHABLE)))


def due_for(session: Session, person_id: UUID, due: Due, *, today: date, everybodys: bool) -> Sequence[str]:
    """The names of submissions of which somebody is told on a day: those that they have or nobody has, or everybody's."""
    late = Clock.overdue_on <= today if due is Due.OVERDUE else and_(Clock.reminder_on <= today, Clock.overdue_on > today)
    is_staff = and_(Person.active, Person.grants.any(RoleGrant.role.in_((Role.HUB, Role.LEAD))))
    has_left = Submission.assigned_to.not_in(select(Person.id).where(is_staff))
    query = (
        select(Innovation.name)
        .join(Submission, Submission.innovation_id == Innovation.id)
        .join(Clock, and_(Clock.kind == ClockKind.TRIAGE, Clock.subject_id == Submission.id))
        .where(
            late,
            Innovation.merged_into_id.is_(None),
            Submission.state != SubmissionState.CLOSED,
            true() if everybodys else or_(Submission.assigned_to.is_(None), Submission.assigned_to == person_id, has_left),
        )
    )
    return session.scalars(query.order_by(Clock.overdue_on, Submission.submitted_at, Submission.id)).all()
