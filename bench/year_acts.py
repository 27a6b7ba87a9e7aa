"""What comes in on a simulated day, what the Hub does with it, and what innovators answer."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.services import (
    asking,
    concluding,
    deciding,
    intake,
    merging,
    referring,
    triaging,
)
from api.services.content import InnovationContent, NeedContent
from api.services.letters import Choice
from bench.year_world import UNDO_SECONDS, World
from models.actors import Actor
from models.base import DomainError
from models.decisions import Reason, ReasonCode, Verdict
from models.documents import Side
from models.innovations import Innovation, InnovationStatus
from models.proposals import Band, Proposal, ProposalState
from models.queries import triage
from models.queries.triage import Wanted
from models.referrals import DeclineCode, Referral, ReferralOutcome, ReferralState
from models.triage import OutcomeKind, Submission, SubmissionClosed, SubmissionState, SubmissionTaken

CONFIRMS: Final = {Band.STRONG: 0.7, Band.POSSIBLE: 0.35, Band.WEAK: 0.05}
"""How often the simulated staff confirm a match of each band."""
REASONS: Final = tuple(code for code in ReasonCode if code is not ReasonCode.OTHER)
"""What is drawn from when somebody says no."""
_AT_WORK, _AT_CHRISTMAS = 0.9, 0.45
_CHRISTMAS: Final = frozenset(date(2026, 12, day) for day in range(21, 32))
_LONG_OVERDUE: Final = timedelta(days=14)
_QUEUE_READ: Final = 50
"""Submissions of the queue that are looked at before somebody takes one: as many as a page of it has."""


class Acting:
    """What happens, drawn by the world's chance; `done` counts it."""

    def __init__(self, made: World) -> None:
        self.world = made
        self.done: Counter[str] = Counter()

    def attempt(self, session: Session, named: str, act: Callable[..., object], /, *about: object, **how: object) -> bool:
        """Do something that may be refused; a refusal undoes its part alone and is counted by its name."""
        try:
            with session.begin_nested():
                act(session, *about, **how)
        except DomainError as refused:
            self.done[f"refused: {named}, {type(refused).__name__}"] += 1
            return False
        self.done[named] += 1
        return True


class HubActs(Acting):
    """What comes in, what the Hub does with it, and what innovators answer."""

    def state_needs(self, session: Session, count: int) -> None:
        """Places state needs, most of them for everybody to read."""
        made = self.world
        for said in [made.needs_to_come.pop() for _ in range(min(count, len(made.needs_to_come)))]:
            actor = made.place_people[said["places"][0]]
            visibility = made.chance.choices(("public", "partners", "hub_only"), (85, 10, 5))[0]
            content = NeedContent.model_validate(said | {"visibility": visibility})
            intake.create(session, Side.NEED, content, actor=actor, at=made.at, submit_too=True)
            self.done["need opened"] += 1

    def hand_in(self, session: Session, count: int) -> None:
        """Firms hand innovations in; a few say nothing of consent."""
        made = self.world
        for said in [made.innovations_to_come.pop() for _ in range(min(count, len(made.innovations_to_come)))]:
            visibility = made.chance.choices(("partners", "hub_only", "public"), (60, 25, 15))[0]
            consent = {} if made.draw(0.03) else {"consent_by": "Managing director", "consent_scope": "matching"}
            content = InnovationContent.model_validate(said | consent | {"visibility": visibility})
            intake.create(session, Side.INNOVATION, content, actor=made.chance.choice(made.innovators), at=made.at, submit_too=True)
            self.done["submission handed in"] += 1

    def triage(self, session: Session, most_each: int) -> None:
        """Whoever is at work takes from the head of the queue; now and then two reach for the same."""
        made = self.world
        at_work = [actor for actor in made.staff if made.draw(_AT_CHRISTMAS if made.day in _CHRISTMAS else _AT_WORK)]
        page = triage.queue(session, made.lead, Wanted(), today=made.day, limit=_QUEUE_READ)
        waiting = [row.id for row in page.rows if row.state is not SubmissionState.ASKED or self._long_overdue(row)]
        for number, submission_id in enumerate(waiting[: most_each * len(at_work)]):
            actor = at_work[number % len(at_work)]
            row = session.get_one(Submission, submission_id)
            if row.assigned_to not in (None, actor.person_id):
                actor = next((each for each in made.staff if each.person_id == row.assigned_to), actor)
            self.see_to(session, submission_id, actor)
            if made.draw(0.03):
                rival = made.chance.choice([each for each in made.staff if each is not actor])
                self._clash(session, submission_id, rival)

    def _long_overdue(self, row: Submission) -> bool:
        asked = row.open_ask
        return asked is not None and self.world.at - asked.asked_at > _LONG_OVERDUE

    def _clash(self, session: Session, submission_id: UUID, rival: Actor) -> None:
        """A colleague gives another outcome to what somebody has seen to; the first one stands."""
        choice = Choice(kind=OutcomeKind.ARCHIVE, reason=Reason(ReasonCode.NOT_READY))
        try:
            with session.begin_nested():
                self._conclude(session, submission_id, choice, rival)
        except (SubmissionClosed, SubmissionTaken):
            self.done["second outcome refused"] += 1
        else:
            raise AssertionError("Two outcomes were given to one submission.")

    def see_to(self, session: Session, submission_id: UUID, actor: Actor) -> None:
        """Decide what is shown, then give the outcome."""
        made = self.world
        if not self.attempt(session, "submission taken", triaging.take, submission_id, actor=actor, at=made.at):
            return
        shown = triaging.shown(session, submission_id, actor=actor)
        if not shown.ranked:
            triaging.give_back(session, submission_id, actor=actor, at=made.at)
            self.done["submission given back"] += 1
            return
        for proposal in shown.proposals:
            if proposal.state is ProposalState.OPEN:
                self._decide(session, proposal, actor)
        made.wait(3)
        choice = self._choice(session, shown.submission, shown.proposals, actor)
        self._conclude(session, submission_id, choice, actor)
        if made.draw(0.02):
            made.wait(2)
            concluding.undo(session, submission_id, actor=actor, at=made.at, undo_window_seconds=UNDO_SECONDS)
            self.done["outcome undone"] += 1
            self._conclude(session, submission_id, self._choice(session, shown.submission, shown.proposals, actor), actor)

    def _decide(self, session: Session, proposal: Proposal, actor: Actor) -> None:
        made = self.world
        if made.draw(CONFIRMS[proposal.band]):
            verdict, reason = Verdict.CONFIRMED, Reason()
        elif made.draw(0.05):
            verdict, reason = Verdict.DEFERRED, Reason(ReasonCode.NO_CAPACITY, until=made.at + timedelta(days=30))
        else:
            verdict, reason = Verdict.REJECTED, Reason(made.chance.choice(REASONS))
        given = {"actor": actor, "at": made.at, "reason": reason, "undo_window_seconds": UNDO_SECONDS}
        if self.attempt(session, f"pair {verdict}", deciding.decide, proposal.id, verdict, **given) and made.draw(0.03):
            deciding.undo(session, proposal.id, actor=actor, at=made.at, undo_window_seconds=UNDO_SECONDS)
            self.done["verdict undone"] += 1
            deciding.decide(session, proposal.id, Verdict.REJECTED, **given | {"reason": Reason(ReasonCode.NOT_THIS_PROBLEM)})

    def _choice(self, session: Session, row: Submission, shown: Sequence[Proposal], actor: Actor) -> Choice:
        made = self.world
        if any(proposal.state is ProposalState.CONFIRMED for proposal in shown):
            return Choice(kind=OutcomeKind.ACTIVE)
        if not row.asks and made.draw(0.2):
            by = made.day + timedelta(days=14)
            return Choice(kind=OutcomeKind.ASK, question="Which evidence do you have from the NHS?", answer_by=by)
        routes = referring.routes_of(session, row.innovation_id, actor=actor)
        if routes and made.draw(0.5):
            return Choice(kind=OutcomeKind.REFER, reason=Reason(note=routes[0].reason), body_id=routes[0].body.id)
        return Choice(kind=OutcomeKind.ARCHIVE, reason=Reason(made.chance.choice(REASONS)))

    def _conclude(self, session: Session, submission_id: UUID, choice: Choice, actor: Actor) -> None:
        given = {"actor": actor, "at": self.world.at, "undo_window_seconds": UNDO_SECONDS, "leave_undecided": True}
        concluding.conclude(session, submission_id, choice, **given)
        self.done[f"outcome {choice.kind}"] += 1

    def answer_referrals(self, session: Session) -> None:
        """The Hub writes down what bodies said; some never say anything."""
        made = self.world
        waiting = select(Referral.id, Referral.state).where(Referral.state.in_([ReferralState.OFFERED, ReferralState.ACCEPTED]))
        for row in session.execute(waiting).all():
            given: dict[str, Any] = {"actor": made.lead, "at": made.at}
            if row.state is ReferralState.ACCEPTED:
                if made.draw(0.03):
                    self.attempt(session, "referral closed", referring.close, row.id, ReferralOutcome.HELPED, **given)
            elif made.draw(0.1):
                self.attempt(session, "referral accepted", referring.accept, row.id, **given)
            elif made.draw(0.04):
                code = DeclineCode.NOT_OUR_REMIT
                self.attempt(session, "referral declined", referring.decline, row.id, code, **given)

    def merge(self, session: Session) -> None:
        """Once a day somebody looks whether a recent submission is one that is known, and merges it; some are parted again."""
        made = self.world
        recent = select(Innovation).where(Innovation.status == InnovationStatus.ACTIVE, Innovation.merged_into_id.is_(None))
        found = session.scalars(recent.order_by(Innovation.submitted_at.desc()).limit(1)).unique().first()
        if found is None:
            return
        for other in merging.candidates(session, made.context.libraries, found.id, made.lead)[:1]:
            given = {"actor": made.lead, "at": made.at}
            into = other.innovation.id
            merged = self.attempt(session, "merged", merging.merge, found.id, into, two_organisations=True, **given)
            if merged and made.draw(0.2):
                self.attempt(session, "parted again", merging.unmerge, found.id, **given)

    def answer_asks(self, session: Session) -> None:
        """Some innovators answer what they were asked, some late, some never; some go away."""
        made = self.world
        asked = session.scalars(select(Submission).where(Submission.state == SubmissionState.ASKED)).unique().all()
        for row in asked:
            owner = self._owner(row.innovation)
            if owner is not None and made.draw(0.12):
                said = {"evidence_summary": "A pilot in two general practices showed fewer visits over six months."}
                self.attempt(
                    session,
                    "ask answered",
                    asking.answer,
                    row.id,
                    "See below.",
                    said,
                    actor=owner,
                    at=made.at,
                )

    def come_and_go(self, session: Session) -> None:
        """A few withdraw; a few of those refused hand a new version in; the odd one gives its consent at last."""
        made = self.world
        for row in self._some(session, InnovationStatus.ACTIVE, 0.0015) + self._some(session, InnovationStatus.SUBMITTED, 0.002):
            if owner := self._owner(row):
                self.attempt(
                    session,
                    "submission withdrawn",
                    intake.withdraw,
                    Side.INNOVATION,
                    row.id,
                    actor=owner,
                    at=made.at,
                )
        for row in self._some(session, InnovationStatus.ARCHIVED, 0.0008):
            if owner := self._owner(row):
                self.attempt(session, "handed in again", self._again, row.id, owner)
        held = select(Innovation).where(Innovation.consent_at.is_(None), Innovation.status.in_(["submitted", "in_triage"]))
        for row in session.scalars(held).unique().all():
            if (owner := self._owner(row)) and made.draw(0.1):
                consent = {"consent_by": "Managing director", "consent_scope": "matching"}
                intake.change(session, Side.INNOVATION, row.id, consent, actor=owner, at=made.at)
                self.done["consent given"] += 1

    def _again(self, session: Session, innovation_id: UUID, owner: Actor) -> None:
        said = {"benefits": "A second site has used it since, with the same result."}
        intake.change(session, Side.INNOVATION, innovation_id, said, actor=owner, at=self.world.at)
        intake.submit(session, Side.INNOVATION, innovation_id, actor=owner, at=self.world.at)

    def _some(self, session: Session, status: InnovationStatus, share: float) -> list[Innovation]:
        query = select(Innovation.id).where(Innovation.status == status, Innovation.merged_into_id.is_(None)).order_by(Innovation.id)
        drawn = [each for each in session.scalars(query).all() if self.world.draw(share)]
        return [session.get_one(Innovation, each) for each in drawn]

    def _owner(self, row: Innovation) -> Actor | None:
        return self.world.innovator_of.get(row.supplier_id) if row.supplier_id is not None else None
