"""asked -> answered: an innovator's answer is a new version of the innovation, which is ranked again and read again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.services import accounts, clocks, intake, links, triaging
from api.services.recording import record
from models.actors import Actor
from models.base import DomainError
from models.clocks import ClockKind
from models.documents import Side
from models.innovations import Innovation, InnovationStatus
from models.links import Link, LinkPurpose, LinkSpent
from models.policies import SUBMISSION_ANSWER
from models.queries import people, recipients, triage
from models.subjects import subject_of
from models.triage import Ask, AskClosed, Leaving, OutcomeKind, Submission
from models.working_days import day_of


class NothingAnswered(DomainError):
    """The answer says nothing."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of an answer; `in_time` is false for one that came when the submission had left triage.

    Its words are then a note for the Hub; what it changes in the innovation is kept all the same.
    """

    ask: Ask
    submission: Submission
    in_time: bool

    @property
    def says(self) -> str:
        """What whoever answered is told."""
        if self.in_time:
            return "Thank you. We have your answer, look for needs again, and tell you what we decided."
        last = self.submission.standing
        if last is None or last.settled_at is None:  # it can still be undone, and nobody is told of it before
            return "Thank you. We have your answer, and tell you what we decided."
        again = "" if last.kind is OutcomeKind.ACTIVE else " If you want us to read it again, hand your innovation in again."
        return f"Thank you. We had decided before your answer came, and keep it beside our decision. Our letter says what that was.{again}"


def question(session: Session, token: str, *, at: datetime) -> Ask:
    """The question of a mailed link, to be shown; looking spends nothing. Raises LinkSpent or AskClosed."""
    link = links.peek(session, token, LinkPurpose.ANSWER, at=at)
    found = _asked(session, link.subject_id)
    _answering(session, link, found)
    _must_be_answerable(found)
    return found


def answer_by_link(session: Session, token: str, answer: str, changes: Mapping[str, Any], *, at: datetime) -> Answered:
    """Take the answer of whoever holds the link that was mailed to them, once; raises LinkSpent, AskClosed or NothingAnswered."""
    link = links.spend(session, token, LinkPurpose.ANSWER, at=at)
    asked = _asked(session, link.subject_id)
    return _take(session, asked, answer, changes, actor=_answering(session, link, asked), at=at)


def answer(session: Session, submission_id: UUID, answer: str, changes: Mapping[str, Any], *, actor: Actor, at: datetime) -> Answered:
    """Take the answer of somebody signed in to what was last asked; raises NotFound, NotAllowed, AskClosed or NothingAnswered."""
    row = triage.answerable(session, submission_id, actor)
    SUBMISSION_ANSWER.check(actor, subject_of(row))
    undone = {each.undoes_id for each in row.outcomes}
    asked = [each for each in row.asks if each.outcome_id not in undone]
    if not asked:
        raise AskClosed("Nothing was asked about this submission.")
    return _take(session, asked[-1], answer, changes, actor=actor, at=at)


def _take(session: Session, asked: Ask, answer: str, changes: Mapping[str, Any], *, actor: Actor, at: datetime) -> Answered:
    if not answer and not changes:
        raise NothingAnswered("Write an answer, or change what your innovation says.")
    row = triage.to_change(session, asked.submission_id)
    asked = next(each for each in row.asks if each.id == asked.id)
    _must_be_answerable(asked)
    in_time = asked.is_open
    revision = _changed(session, row.innovation, changes, actor=actor, at=at)
    asked.take_answer(answer, by_name=actor.shown_as, at=at, today=day_of(at), revision=revision)
    if in_time:
        row.answered()
        clocks.stop(session, ClockKind.ASK, asked.id, at=at)
        clocks.start(session, ClockKind.TRIAGE, row.id, at=at)
    told = triaging.event("submission.answered", row, actor, at, ask=str(asked.id), revision=revision, late=asked.late, in_time=in_time)
    record(session, told, at=at)
    session.flush()
    return Answered(asked, row, in_time)


def _changed(session: Session, innovation: Innovation, changes: Mapping[str, Any], *, actor: Actor, at: datetime) -> int | None:
    """The version that the changed fields make; None when they change nothing that is read."""
    if not changes:
        return None
    before = innovation.revision
    intake.change(session, Side.INNOVATION, innovation.id, changes, actor=actor, at=at)
    return innovation.revision if innovation.revision != before else None


def _asked(session: Session, ask_id: UUID) -> Ask:
    found = triage.ask(session, ask_id)
    if found is None:
        raise LinkSpent("What this link asked has been deleted. There is nothing left to do.", why="gone")
    return found


def _answering(session: Session, link: Link, asked: Ask) -> Actor:
    """Whom a link was mailed to, as long as they offer the innovation or are who we write to about it; raises LinkSpent."""
    person = people.by_id(session, link.person_id) if link.person_id is not None else None
    if person is None or not person.active:
        raise LinkSpent("The account that this link was made for is closed. Write to us instead.", why="closed")
    actor, innovation = accounts.actor_of_person(person), asked.submission.innovation
    if not SUBMISSION_ANSWER.allows(actor, subject_of(innovation)) and person not in recipients.of_innovation(session, innovation):
        raise LinkSpent("Whoever this link was made for no longer offers this innovation. Sign in, or write to us instead.", why="closed")
    return actor


def _must_be_answerable(asked: Ask) -> None:
    """Refuse an answer where there is one already, or where the innovation was taken back; a late one is taken."""
    asked.must_be_unanswered()
    row = asked.submission
    if row.left_by is not None:
        raise AskClosed(f"{row.in_words} Nothing is asked about it any more.", state=row.left_by.value)
    if row.innovation.status is InnovationStatus.WITHDRAWN:
        raise AskClosed("This innovation was withdrawn. Nothing is asked about it any more.", state=Leaving.WITHDRAWN.value)
    if row.innovation.merged_into_id is not None:
        raise AskClosed("This innovation was merged into another. Nothing is asked about it any more.", state=Leaving.MERGED.value)
