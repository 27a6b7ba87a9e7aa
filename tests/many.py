"""As much of everything as a test asks for, around one row of each kind that pages are opened for."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from api.services import accounts, concluding, inviting, keeping_views, noting, triaging
from api.services.letters import Choice
from models.actors import Actor
from models.decisions import Reason, ReasonCode
from models.jobs import JobRow, JobState
from models.keys import Scope
from models.people import Person, Role
from models.triage import OutcomeKind, Submission
from models.watches import WatchKind
from tests import factories, joint_needs, mails, merges, outcomes, place_answers, rankers, sign_offs, triage

STAFF: Final = {"hub": Role.HUB, "lead": Role.LEAD, "leeds": Role.PLACE, "innovator": Role.INNOVATOR, "board": Role.BOARD}


@dataclass
class Many:
    """People of every role, the rows that addresses name, and how many there are of everything else."""

    people: dict[str, Person]
    names: dict[str, Any]
    need: Any
    innovation: Any
    submission: Submission
    hub: Actor
    count: int = 0


def begin(session: Session) -> Many:
    """The people and the rows that stay in the middle."""
    people = {name: factories.make_person(session, role, name=f"{name.title()} officer") for name, role in STAFF.items()}
    hub = accounts.actor_of_person(people["hub"])
    need = joint_needs.owned(session, "LDS")
    submission = triage.submission(session, at=datetime.now(UTC))
    proposal = place_answers.announced(session, need, factories.make_innovation(session), at=datetime.now(UTC) - place_answers.AFTER)
    (asked,) = place_answers.questions(session, proposal).values()
    call = factories.make_call(session)
    body = merges.body(session)
    names = {
        "need_id": need.id,
        "innovation_id": submission.innovation_id,
        "other_id": factories.make_innovation(session).id,
        "submission_id": submission.id,
        "outcome_id": _taken_back(session, submission, hub),
        "proposal_id": proposal.id,
        "place_answer_id": asked.id,
        "reference": call.reference,
        "body_id": body.id,
        "organisation_id": factories.make_organisation(session).id,
        "sign_off_id": sign_offs.asked(session, people["leeds"], need).id,
        "referral_id": merges.referral(session).id,
        "person_id": people["board"].id,
        "message_id": mails.make_mail(session, people["innovator"]).id,
        "joint_need_id": joint_needs.joint(session).id,
        "watch_id": factories.make_watch(session, people["innovator"]).id,
    }
    return Many(people, names, need, submission.innovation, submission, hub)


def _taken_back(session: Session, submission: Submission, hub: Actor) -> Any:
    """An outcome with its letter, which was undone since, so that the submission waits as before."""
    at = datetime.now(UTC)
    choice = Choice(kind=OutcomeKind.ARCHIVE, reason=Reason(ReasonCode.NOT_READY))
    given = concluding.conclude(session, submission.id, choice, actor=hub, at=at, undo_window_seconds=600, leave_undecided=True)
    concluding.undo(session, submission.id, actor=hub, at=at, undo_window_seconds=600)
    triaging.give_back(session, submission.id, actor=hub, at=at)
    return given.id


def grow(session: Session, many: Many, count: int) -> None:
    """More of everything, until there are so many."""
    _attach(session, many)
    for number in range(many.count, count):
        _one_more(session, many, number, datetime.now(UTC))
    many.count = count


def _attach(session: Session, many: Many) -> None:
    many.need = session.merge(many.need, load=True)
    many.innovation = session.merge(many.innovation, load=True)
    many.submission = session.merge(many.submission, load=True)


def _one_more(session: Session, many: Many, number: int, at: datetime) -> None:
    body = merges.body(session, name=f"Body {number}")
    supplier = factories.make_organisation(session, f"Supplier {number}")
    offered = factories.make_innovation(session, supplier=supplier.name, name=f"Innovation {number}")
    wanted = joint_needs.owned(session, "LDS", title=f"Need {number}")
    factories.make_proposal(session, many.need, offered)
    factories.make_proposal(session, wanted, many.innovation)
    answered = place_answers.announced(session, joint_needs.owned(session, "LDS"), offered, at=at - place_answers.AFTER)
    if number % 2:
        place_answers.introduced(session, answered, at=at)
    place_answers.confirm(session, factories.make_proposal(session, wanted, offered), by=many.hub, at=at)
    triage.submission(session, at=at, name=f"Submission {number}", supplier=supplier.name)
    noting.write(session, many.submission.id, f"Note {number}", actor=many.hub, at=at)
    merges.referral(session, many.innovation if number == 0 else offered, body)
    outcomes.make_outcome(session)
    factories.make_call(session, joint_needs.owned(session, "CAL", title=f"Called for {number}"))
    joint_needs.joint(session)
    mails.make_mail(session, many.people["hub"])
    rankers.make_ranker(session, f"ranker-{number}")
    for name, person in many.people.items():
        factories.make_watch(session, person, kind=WatchKind.TEXT, value=f"words {number}")
        keeping_views.save(session, path="/triage", name=f"View {number}", query="state=asked", actor=_actor(person), at=at)
        factories.make_person(session, STAFF[name], name=f"Somebody {number}")
    factories.make_key(session, Role.PIPELINE, {Scope.EVENTS}, name=f"System {number}")
    lead = _actor(many.people["lead"])
    inviting.invite(session, email=f"new.{number}@example.org", role=Role.BOARD, actor=lead, at=at)
    said = {"name": "embed", "dedupe_key": str(number), "arguments": {}, "state": JobState.DEAD, "attempts": 5, "last_error": "Away."}
    session.add(JobRow(**said, due_at=at, created_at=at, finished_at=at, correlation_id="", priority=0))
    session.flush()


def _actor(person: Person) -> Actor:
    return accounts.actor_of_person(person)
