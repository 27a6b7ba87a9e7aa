"""What places do on a simulated day: answer, pilot, adopt, join, leave, call, end; and who watches."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.services import (
    calling,
    ending_needs,
    feedback,
    intake,
    joining,
    place_answers,
    stages,
    watching,
)
from api.services.ending_needs import Result
from api.services.place_answers import Reply
from api.services.stages import Step
from bench.year_acts import REASONS, Acting, HubActs
from bench.year_world import UNDO_SECONDS
from models.actors import Actor
from models.decisions import Reason
from models.documents import Side
from models.feedback import Answer, Feedback
from models.joint_needs import Membership
from models.needs import Need, NeedStatus
from models.pipeline import PipelineStage, StageChange
from models.place_answers import PlaceAnswer, PlaceReply, QuestionState
from models.proposals import Proposal, ProposalState
from models.queries import unmet
from models.triage import Outcome, OutcomeKind
from models.watches import Watched, WatchKind

_NEXT: Final = {
    PipelineStage.INTRODUCED: PipelineStage.EVALUATING,
    PipelineStage.EVALUATING: PipelineStage.PILOTING,
    PipelineStage.PILOTING: PipelineStage.ADOPTED,
    PipelineStage.ADOPTED: PipelineStage.SPREAD,
}


class PlaceActs(Acting):
    """What places and those who watch them do."""

    def answer_places(self, session: Session) -> None:
        """Places say whether they want to meet; the Hub speaks for West Yorkshire as one voice."""
        made = self.world
        for row in session.execute(select(PlaceAnswer.id, PlaceAnswer.place_id).where(PlaceAnswer.state == QuestionState.ASKED)).all():
            if not made.draw(0.25):
                continue
            actor = made.place_actor(row.place_id) or made.lead
            given = {"actor": actor, "at": made.at, "undo_window_seconds": UNDO_SECONDS}
            reply = made.chance.choices(
                (
                    Reply(PlaceReply.MEET, Reason()),
                    Reply(PlaceReply.NOT_NOW, Reason(), until=made.day + timedelta(days=30)),
                    Reply(PlaceReply.NO, Reason(made.chance.choice(REASONS))),
                ),
                (60, 10, 30),
            )[0]
            self.attempt(
                session,
                f"place answered {reply.answer}",
                place_answers.answer,
                row.id,
                reply,
                **given,
            )

    def move_stages(self, session: Session) -> None:
        """Matches that were introduced go on, or stop."""
        made = self.world
        keys = {place_id: key for key, actor in made.place_people.items() for place_id in actor.place_ids}
        for (proposal_id, place_id), stage in self._standing(session).items():
            if stage not in _NEXT or place_id not in keys or not made.draw(0.05):
                continue
            stops = made.draw(0.25)
            reason = Reason(made.chance.choice(REASONS)) if stops else Reason()
            step = Step(keys[place_id], PipelineStage.STOPPED if stops else _NEXT[stage], on_date=made.day, reason=reason)
            actor = made.place_people[keys[place_id]]
            self.attempt(
                session,
                f"stage {step.stage}",
                stages.change,
                proposal_id,
                step,
                actor=actor,
                at=made.at,
            )

    def _standing(self, session: Session) -> dict[tuple[UUID, UUID], PipelineStage]:
        told = select(StageChange.proposal_id, StageChange.place_id, StageChange.stage).order_by(StageChange.changed_at, StageChange.id)
        return {(row.proposal_id, row.place_id): row.stage for row in session.execute(told)}

    def join_and_leave(self, session: Session) -> None:
        """Places join needs that are like their own; now and then one leaves, also in the midst of decisions."""
        made = self.world
        by_theme: dict[str, list[Need]] = {}
        for need in session.scalars(select(Need).where(Need.status == NeedStatus.OPEN).order_by(Need.created_at, Need.id)).unique():
            by_theme.setdefault(need.theme or "", []).append(need)
        for needs in by_theme.values():
            own, other = made.chance.choice(needs), made.chance.choice(needs)
            owner = made.place_actor(own.owner_place_id)
            if own is other or owner is None or not made.draw(0.15):
                continue
            self.attempt(
                session,
                "need joined",
                joining.join,
                other.id,
                own.id,
                actor=owner,
                at=made.at,
            )
        for need_id, owner_place_id in joint_members(session):
            if (owner := made.place_actor(owner_place_id)) and made.draw(0.03):
                self.attempt(session, "need left", joining.leave, need_id, actor=owner, at=made.at)

    def end_needs(self, session: Session) -> None:
        """Needs whose match was adopted are met with their result; a few are closed or withdrawn."""
        made = self.world
        adopted = {row[0]: row[1] for row in session.execute(ADOPTED)}
        for need in session.execute(select(Need.id, Need.owner_place_id).where(Need.status == NeedStatus.OPEN).order_by(Need.id)).all():
            owner = made.place_actor(need.owner_place_id)
            if owner is None:
                continue
            given = {"actor": owner, "at": made.at}
            if need.id in adopted and made.draw(0.1):
                result = Result("Fewer people wait.", measured_value="18 weeks", on_date=made.day, proposal_id=adopted[need.id])
                self.attempt(session, "need met", ending_needs.meet, need.id, result, **given)
            elif made.draw(0.0004):
                self.attempt(session, "need closed", ending_needs.close, need.id, "The service was changed.", **given)
            elif made.draw(0.0004):
                self.attempt(session, "need withdrawn", intake.withdraw, Side.NEED, need.id, **given)

    def call_out(self, session: Session) -> None:
        """Some needs that nothing answers are published as calls, until a day."""
        made = self.world
        for need in unmet.page(session, made.lead, limit=100).rows:
            owner = made.place_actor(need.owner_place_id)
            if owner is None or not made.draw(0.04):
                continue
            until = made.day + timedelta(days=made.chance.choice((30, 60, 90)))
            self.attempt(
                session,
                "call published",
                calling.publish,
                need.id,
                introduction="",
                closes_on=until,
                actor=owner,
                at=made.at,
            )

    def begin_watches(self, session: Session) -> None:
        """Some innovators and every place watch a theme; digests leave weekly, as everybody begins."""
        made = self.world
        themes = sorted({str(said.get("theme")) for said in made.needs_to_come if said.get("theme")})
        for actor in made.innovators[::4]:
            self._watch(session, actor, made.chance.choice(themes), Watched.NEEDS)
        for actor in made.place_people.values():
            self._watch(session, actor, made.chance.choice(themes), Watched.NEEDS)

    def _watch(self, session: Session, actor: Actor, theme: str, what: Watched) -> None:
        made = self.world
        self.attempt(session, "watch begun", watching.begin, kind=WatchKind.THEME, what=what, value=theme, actor=actor, at=made.at)

    def give_feedback(self, session: Session) -> None:
        """Some innovators answer the question of their letter, by its link."""
        made = self.world
        for outcome_id in unasked_outcomes(session, made.at - timedelta(days=3)):
            if made.draw(0.2):
                token = feedback.invite(session, outcome_id, person_id=made.lead.person_id, at=made.at).rpartition("/")[2]
                said = made.chance.choices((Answer.YES, Answer.PARTLY, Answer.NO), (60, 25, 15))[0]
                self.attempt(session, "feedback given", feedback.give, token, said, "", at=made.at)


class Acts(HubActs, PlaceActs):
    """Everything that people do in the year."""


def joint_members(session: Session) -> list[tuple[UUID, UUID | None]]:
    """The needs that are in a joint need now, with the place that owns each."""
    query = select(Need.id, Need.owner_place_id).join(Membership, Membership.need_id == Need.id).where(Membership.left_at.is_(None))
    return [(row[0], row[1]) for row in session.execute(query.order_by(Need.id))]


def unasked_outcomes(session: Session, since: datetime) -> list[UUID]:
    """Outcomes whose letter has left lately and whose question has no answer."""
    answered = select(Feedback.outcome_id)
    query = select(Outcome.id).where(Outcome.settled_at >= since, Outcome.id.not_in(answered), Outcome.kind != OutcomeKind.UNDONE)
    return list(session.scalars(query.order_by(Outcome.id)))


ADOPTED: Final = (
    select(Proposal.need_id, Proposal.id)
    .join(StageChange, StageChange.proposal_id == Proposal.id)
    .where(StageChange.stage == PipelineStage.ADOPTED, Proposal.state == ProposalState.CONFIRMED)
    .order_by(Proposal.id)
)
