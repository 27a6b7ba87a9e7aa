"""introduced -> evaluating -> piloting -> adopted -> spread, or stopped: how far a match has come, place by place."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.services.recording import record
from models.actors import Actor, NotAllowed
from models.base import DomainError
from models.decisions import Reason, ReasonMissing
from models.documents import TransitionRefused
from models.events import Event
from models.people import Role
from models.pipeline import ADOPTED_HERE, REACHED_A_PILOT, PipelineStage, StageChange, check_step, steps_after
from models.place_answers import PlaceAnswer
from models.places import Place
from models.policies import INNOVATION_READ_UPTAKE, PROPOSAL_STAGE
from models.proposals import Proposal
from models.queries import documents, joint_needs, places, proposals
from models.queries import stages as rows
from models.subjects import subject_of
from models.working_days import day_of

PILOTS_WITHOUT_ADOPTION: Final = 3
_NO_REASON: Final = Reason()


class PlaceNotConcerned(DomainError):
    """The match is about no need of that place."""


class StageDateRefused(DomainError):
    """The day is still to come, or before the step that stands."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is said of a match in one place; `on_date` is today when it is left out, a reason goes with *stopped* alone."""

    place: str
    stage: PipelineStage
    on_date: date | None = None
    note: str = ""
    evidence_link: str = ""
    reason: Reason = _NO_REASON


@dataclass(frozen=True, slots=True)
class Signs:
    """What other places' experience says of an innovation; *elsewhere* is in another place than where it is asked."""

    piloted_elsewhere: bool
    third_pilot_no_adoption: bool
    pilots: int
    adoptions: int


@dataclass(frozen=True, slots=True)
class InPlace:
    """Where one match of an innovation stands in one place."""

    place: Place
    proposal_id: UUID
    stage: PipelineStage
    since: date


@dataclass(frozen=True, slots=True)
class Uptake:
    """How far an innovation has come in which place, as far as the asker may know."""

    innovation_id: UUID
    places: Sequence[InPlace]
    signs: Signs


@dataclass(frozen=True, slots=True)
class Standing:
    """How a match has come to where it stands in one place; `following` are the steps that the asker may write next."""

    place: Place
    steps: Sequence[StageChange]
    following: Sequence[PipelineStage]


def standings(session: Session, proposal: Proposal, *, actor: Actor) -> list[Standing]:
    """Where a match that the actor may read stands in each place that it concerns, by name; a place reads of itself."""
    steps: dict[UUID, list[StageChange]] = {}
    for step in rows.history(session, proposal.id, actor):
        steps.setdefault(step.place_id, []).append(step)
    concerned = _concerned(session, proposal)
    may = proposal.handed_on and PROPOSAL_STAGE.allows(actor, subject_of(proposal))
    found = []
    for place in places.all_places(session):
        own = _speaks_for_all(actor) or place.id in actor.place_ids
        known = steps.get(place.id, [])
        if own and (place.id in concerned or known):
            next_ones = steps_after(known[-1].stage if known else None) if may and place.id in concerned else ()
            found.append(Standing(place, known, next_ones))
    return sorted(found, key=lambda each: each.place.name)


def change(session: Session, proposal_id: UUID, step: Step, *, actor: Actor, at: datetime) -> StageChange:
    """Write the next step of an announced match in a place.

    Raises TransitionRefused, which tells both stages, PlaceNotConcerned, StageDateRefused or ReasonMissing.
    """
    PROPOSAL_STAGE.check(actor)
    proposal = proposals.to_decide(session, proposal_id, actor)
    PROPOSAL_STAGE.check(actor, subject_of(proposal))
    (place,) = places.by_keys(session, [step.place])
    if not _speaks_for_all(actor) and place.id not in actor.place_ids:
        raise NotAllowed(PROPOSAL_STAGE.refusal)
    if not proposal.handed_on:
        raise TransitionRefused(
            f"Only a match that was confirmed and announced has stages, and this one is {proposal.state}.", state=proposal.state.value
        )
    if place.id not in _concerned(session, proposal):
        raise PlaceNotConcerned(f"This match is about no need of {place.name}. Name a place that has the need.", field="place")
    before = rows.last(session, proposal.id, place.id)
    check_step(before.stage if before is not None else None, step.stage)
    if (step.stage is PipelineStage.STOPPED) is (step.reason.code is None):
        raise ReasonMissing("Stopping needs a reason code, and no other step has one.", field="reason_code")
    return _write(session, proposal, place, step, before, by=actor, at=at)


def open_first(session: Session, row: PlaceAnswer, *, at: datetime) -> StageChange | None:
    """Write `introduced` for a place that said *meet*; None when a step stands already, or it is West Yorkshire as one voice."""
    if row.place is None or rows.last(session, row.proposal_id, row.place.id) is not None:
        return None
    step = Step(place=row.place.key, stage=PipelineStage.INTRODUCED)
    answerer = Actor(name=f"person:{row.answered_by}", shown_as=row.answered_by_name)
    return _write(session, row.proposal, row.place, step, None, by=answerer, at=at)


def uptake(session: Session, innovation_id: UUID, *, actor: Actor) -> Uptake:
    """How far an innovation that the actor may read has come.

    A place reads of itself, and whether it was piloted elsewhere; an innovator, where two were merged, of what their own
    organisation offers.
    """
    innovation = documents.innovation(session, innovation_id, actor)
    INNOVATION_READ_UPTAKE.check(actor, subject_of(innovation))
    steps = rows.of_innovations(session, [innovation.id])[innovation.id]
    own = {step.id for step in rows.of_innovations(session, [innovation.id], offered_by=actor.organisation_ids)[innovation.id]}
    latest = {(step.proposal_id, step.place_id): step for step in steps}
    all_of_it = _speaks_for_all(actor) or Role.BOARD in actor.roles
    shown = [step for step in latest.values() if all_of_it or step.place_id in actor.place_ids or step.id in own]
    told = [InPlace(step.place, step.proposal_id, step.stage, step.on_date) for step in shown]
    ordered = sorted(told, key=lambda each: (each.place.name, each.since, each.proposal_id))
    return Uptake(innovation.id, ordered, _signs(steps, home=actor.place_ids))


def signs_of(session: Session, shown: Collection[Proposal], *, actor: Actor) -> Mapping[UUID, Signs]:
    """What is said beside each proposal: elsewhere is not in the asker's place, nor, for others, in a place of its need."""
    steps = rows.of_innovations(session, {row.innovation_id for row in shown})
    own = actor.place_ids if not actor.is_hub else frozenset()
    return {row.id: _signs(steps[row.innovation_id], home=own or frozenset(place.id for place in row.need.places)) for row in shown}


def _signs(steps: Sequence[StageChange], *, home: Collection[UUID]) -> Signs:
    """A pilot is a match in a place that came so far, whatever became of it."""
    pilots = {(step.proposal_id, step.place_id) for step in steps if step.stage in REACHED_A_PILOT}
    adoptions = {(step.proposal_id, step.place_id) for step in steps if step.stage in ADOPTED_HERE}
    return Signs(
        piloted_elsewhere=any(place_id not in home for _, place_id in pilots),
        third_pilot_no_adoption=len(pilots) >= PILOTS_WITHOUT_ADOPTION and not adoptions,
        pilots=len(pilots),
        adoptions=len(adoptions),
    )


def _speaks_for_all(actor: Actor) -> bool:
    return actor.is_hub or Role.PIPELINE in actor.roles


def _concerned(session: Session, proposal: Proposal) -> set[UUID]:
    """The places of all needs of the match, and those that were asked about it."""
    return {place.id for place in joint_needs.places_of(session, proposal.need_id)} | {
        row.place_id for row in proposal.place_answers if row.place_id is not None and row.shows_the_match
    }


def _write(
    session: Session, proposal: Proposal, place: Place, step: Step, before: StageChange | None, *, by: Actor, at: datetime
) -> StageChange:
    on_date = step.on_date or day_of(at)
    if on_date > day_of(at):
        raise StageDateRefused("That day is still to come. Give the day on which it happened.", field="on_date")
    if before is not None and on_date < before.on_date:
        raise StageDateRefused(f"The match was {before.stage} on {before.on_date:%d %B %Y}. Give that day or a later one.", field="on_date")
    row = StageChange(
        proposal_id=proposal.id,
        place=place,
        stage=step.stage,
        on_date=on_date,
        note=step.note,
        evidence_link=step.evidence_link,
        reason_code=step.reason.code.value if step.reason.code is not None else "",
        changed_at=max(at, before.changed_at + timedelta(microseconds=1)) if before is not None else at,
        changed_by=by.name,
        changed_by_name=by.shown_as,
    )
    session.add(row)
    session.flush()
    record(session, _event(proposal, row, before, by, at), at=at)
    session.flush()
    return row


def _event(proposal: Proposal, row: StageChange, before: StageChange | None, by: Actor, at: datetime) -> Event:
    decision = proposal.closing_decision
    return Event.of(
        "stage.changed",
        subject_kind="proposal",
        subject_id=proposal.id,
        actor=by.name,
        at=at,
        place=row.place.key,
        stage=row.stage.value,
        before=before.stage.value if before is not None else None,
        on_date=row.on_date.isoformat(),
        reason=row.reason_code or None,
        decision=str(decision.id) if decision is not None else None,
        need=str(proposal.need_id),
        innovation=str(proposal.innovation_id),
    )
