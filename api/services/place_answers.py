"""handed on -> answered: each place concerned is asked once the Hub has confirmed, and says meet, not now or no."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.queue import Job, enqueue
from api.services import clocks, mailing
from api.services.recording import record
from models.actors import SYSTEM, Actor
from models.clocks import Clock, ClockKind, Due
from models.decisions import Reason
from models.documents import StaleVersion
from models.events import Event
from models.needs import Need
from models.people import Person
from models.place_answers import PLACES_OF_THE_REGION, Closing, PlaceAnswer, PlaceReply, QuestionState
from models.policies import PLACE_ANSWER_GIVE
from models.proposals import Proposal
from models.queries import joint_needs, proposals, recipients
from models.queries import place_answers as rows
from models.subjects import subject_of
from models.working_days import LONDON, day_of


@dataclass(frozen=True, slots=True)
class Reply:
    """What somebody of a place says: `until` with *not now*, a code with *no*."""

    answer: PlaceReply
    reason: Reason
    until: date | None = None


def ask_places(session: Session, proposal: Proposal, *, at: datetime) -> Sequence[PlaceAnswer]:
    """Ask every place of every member of the joint need about an announced match; returns the new questions.

    Twice is once; a place that has joined since is asked then. While the innovation is for the Hub alone the questions
    are held, and whoever offers it is told what would let them go out.
    """
    if not proposal.handed_on:
        return []
    latest = {row.place_id: row for row in proposal.place_answers}
    made = []
    for place_id, need in _concerned(session, proposal).items():
        before = latest.get(place_id)
        if before is not None and not before.gives_way_to(need.id):
            continue
        asking = before.asking + 1 if before is not None else 1
        row = PlaceAnswer(need_id=need.id, need=need, place_id=place_id, asking=asking, state=QuestionState.HELD, created_at=at, version=1)
        proposal.place_answers.append(row)
        made.append(row)
    session.flush()
    for row in made:
        session.refresh(row, ["place"])
        _put(session, row, at=at)
    if any(row.state is QuestionState.HELD for row in made):
        _say_what_is_held(session, proposal, at=at)
    return made


def ask_places_of(session: Session, need_ids: Collection[UUID], *, at: datetime) -> None:
    """Ask the places that are concerned by now about every announced match of these needs, because a need has joined or left them."""
    for proposal in rows.confirmed_of_needs(session, list(need_ids)):
        ask_places(session, proposals.to_decide(session, proposal.id, SYSTEM), at=at)


def ask_what_waits(session: Session, answer_id: UUID, *, at: datetime) -> PlaceAnswer | None:
    """Ask again when the day of a *not now* has come, or put a held question; returns the question, None when nothing waits."""
    row = rows.to_change(session, answer_id, SYSTEM)
    if row.state is QuestionState.HELD:
        return row if _put(session, row, at=at) else None
    waits = row.state is QuestionState.ANSWERED and row.answer is PlaceReply.NOT_NOW and row.asked_again_at is None
    if not waits or row.until is None or row.until > day_of(at):
        return None
    anew = row.ask_again(at=at)
    anew.need, anew.place = row.need, row.place
    row.proposal.place_answers.append(anew)
    session.flush()
    _put(session, anew, at=at)
    return anew


def to_ask(session: Session, *, at: datetime, limit: int) -> Sequence[UUID]:
    """The questions that wait to be put, from seven in the morning."""
    return rows.to_ask(session, day_of(at), limit=limit) if at.astimezone(LONDON).hour >= clocks.FROM_HOUR else []


def answer(
    session: Session,
    answer_id: UUID,
    reply: Reply,
    *,
    actor: Actor,
    at: datetime,
    undo_window_seconds: float,
    version: int | None = None,
) -> PlaceAnswer:
    """Take a place's answer; the first one stands, but for a change by the same person within the window.

    Raises AnswerClosed when somebody answered before or nobody waits, StaleVersion when `version` is not the present one.
    """
    PLACE_ANSWER_GIVE.check(actor)
    row = rows.to_change(session, answer_id, actor)
    person_id = PLACE_ANSWER_GIVE.person(actor, subject_of(row))
    row.must_be_open(by=person_id, at=at, window_seconds=undo_window_seconds)
    if version is not None and version != row.version:
        raise StaleVersion(f"{row.in_words} Read it again before you answer.", version=row.version, **row.in_short)
    row.give(
        reply.answer,
        by=person_id,
        by_name=actor.shown_as,
        at=at,
        reason=reply.reason,
        until=reply.until,
        on_behalf=row.place_id not in actor.place_ids,
        window_seconds=undo_window_seconds,
    )
    session.flush()
    clocks.stop(session, ClockKind.PLACE_ANSWER, row.id, at=at)
    record(session, _event("place.answered", row, actor, at, answer=reply.answer.value, reason=row.reason_code, late=row.late), at=at)
    if reply.answer is PlaceReply.MEET:
        enqueue(session, Job.INTRODUCE, at=at, due_at=at + timedelta(seconds=undo_window_seconds), answer=str(row.id))
    session.flush()
    return row


def withdraw(session: Session, need_id: UUID, *, at: datetime) -> None:
    """Wait no more across a parting of a need and the rest of its joint need, whose matches are locked.

    Closed are the questions about matches of the other side, whichever left; those about a match of the place's
    own need stay, and so does what was answered but for a *not now*.
    """
    _close(session, rows.open_across(session, need_id), Closing.PLACE_LEFT, at=at)


def hold(session: Session, innovation_id: UUID, *, at: datetime) -> None:
    """Take the questions about an innovation back from the places, because it is for the Hub alone again; they wait meanwhile."""
    for proposal in proposals.of_document(session, SYSTEM, innovation_id=innovation_id, lock=True):
        for row in proposal.place_answers:
            if row.state is QuestionState.ASKED:
                row.hold()
                session.flush()
                clocks.pause(session, ClockKind.PLACE_ANSWER, row.id, at=at)
                record(session, _event("place.held", row, SYSTEM, at), at=at)


def close_of_need(session: Session, need_id: UUID, *, at: datetime) -> None:
    """Wait no more for the places whose need it was, because it is met or closed."""
    _close(session, rows.open_of_need(session, need_id), Closing.NEED_ENDED, at=at)


def end(session: Session, proposal: Proposal, *, at: datetime) -> None:
    """Wait for nobody any more, because an announced match was reversed.

    Both sides of an introduction are told, and who was asked and has not answered, or waits to be introduced.
    """
    for row in proposal.place_answers:
        waits = row.is_put and (row.state is QuestionState.ASKED or row.answer is PlaceReply.MEET)
        if row.state is QuestionState.CLOSED or row.answer is PlaceReply.NO or row.asked_again_at is not None:
            continue
        _close(session, [row], Closing.MATCH_REVERSED, at=at)
        if row.introduced_at is not None:
            _say_that_it_ended(session, row, [*recipients.of_innovation(session, proposal.innovation), *people_of(session, row)], at=at)
        elif waits:
            _say_that_it_ended(session, row, people_of(session, row), at=at)


def chase(session: Session, clock: Clock, due: Due, *, at: datetime) -> None:
    """Remind the people of a place; when it is overdue, tell them and the Hub."""
    row = rows.find(session, clock.subject_id)
    if row is None or row.state is not QuestionState.ASKED:
        return
    template = "place_reminder" if due is Due.REMINDER else "place_overdue"
    asked = people_of(session, row)
    _mail(session, template, row, asked, at=at, to_hub=False)
    if due is Due.OVERDUE:
        told = {person.id for person in asked}
        _mail(session, template, row, [each for each in recipients.hub_staff(session) if each.id not in told], at=at, to_hub=True)


def people_of(session: Session, row: PlaceAnswer) -> Sequence[Person]:
    """Who is asked: the people of the place; the Hub for West Yorkshire as one voice, and for a place without an account."""
    found = recipients.of_place(session, row.place_id) if row.place_id is not None else []
    return found or recipients.hub_staff(session)


def _concerned(session: Session, proposal: Proposal) -> dict[UUID | None, Need]:
    """Whom to ask, with the need of theirs that it is about: the one that is most their own.

    A need that names every place is asked of the one that owns it, else of West Yorkshire as one voice (None). Who is asked
    about the same innovation already, because it was confirmed for a need before that joined, is left out.
    """
    found: dict[UUID | None, Need] = {}
    together = joint_needs.together(session, proposal.need_id)
    for need in sorted(together, key=lambda each: (len(each.places), each.id != proposal.need_id, each.id)):
        regional = len(need.places) >= PLACES_OF_THE_REGION
        for place_id in [need.owner_place_id] if regional else [place.id for place in need.places]:
            found.setdefault(place_id, need)
    elsewhere = rows.asked_elsewhere(session, proposal, [need.id for need in together])
    return {place_id: need for place_id, need in found.items() if place_id not in elsewhere}


def _put(session: Session, row: PlaceAnswer, *, at: datetime) -> bool:
    """Ask, unless what would be read is for the Hub alone; returns whether it was asked."""
    if not row.may_be_put:
        return False
    row.ask(at=at, waited=clocks.start(session, ClockKind.PLACE_ANSWER, row.id, at=at).counted)
    session.flush()
    record(session, _event("place.asked", row, SYSTEM, at), at=at)
    _mail(session, "place_asked", row, people_of(session, row), at=at)
    return True


def _close(session: Session, found: Sequence[PlaceAnswer], cause: Closing, *, at: datetime) -> None:
    for row in found:
        row.close(cause, at=at)
        session.flush()
        clocks.stop(session, ClockKind.PLACE_ANSWER, row.id, at=at)


def _say_what_is_held(session: Session, proposal: Proposal, *, at: datetime) -> None:
    """Tell whoever offers it that places would be asked if partners might read it; the Hub where nobody is known."""
    innovation = proposal.innovation
    for person in recipients.of_innovation(session, innovation) or recipients.hub_staff(session):
        mailing.post(
            session,
            "place_held",
            mailing.to_person(person),
            once_key=f"place_held:{proposal.innovation_id}:{person.id}",
            at=at,
            name=person.name,
            innovation=innovation.name,
            innovation_id=str(innovation.id),
        )


def _say_that_it_ended(session: Session, row: PlaceAnswer, people: Sequence[Person], *, at: datetime) -> None:
    """The need is named to those alone whose own it is; the others read of several that ended on one day for one place once."""
    own = {person.id for person in people_of(session, row)}
    together = f"{row.proposal.innovation_id}:{row.place_id}:{day_of(at)}"
    for told, about in (([each for each in people if each.id in own], None), ([each for each in people if each.id not in own], together)):
        _mail(session, "match_ended", row, told, at=at, about=about, introduced=row.introduced_at is not None)


def _mail(
    session: Session, template: str, row: PlaceAnswer, people: Sequence[Person], *, at: datetime, about: str | None = None, **more: object
) -> None:
    """One mail to each, of the question or of what it is `about`; the innovation is named as it was judged, the need to its own alone."""
    asked = {person.id for person in people_of(session, row)}
    for person in people:
        mailing.post(
            session,
            template,
            mailing.to_person(person),
            once_key=f"{template}:{about or row.id}:{person.id}",
            at=at,
            name=person.name,
            place=row.asked_as,
            for_another=row.place_id is None or all(grant.place_id != row.place_id for grant in person.grants),
            need=row.need.title if person.id in asked else "",
            need_id=str(row.need_id),
            innovation=name_as_judged(row.proposal),
            supplier=row.proposal.innovation.supplier.name if row.proposal.innovation.supplier else "",
            answer_by=row.answer_by,
            again=row.comes_back,
            proposal=str(row.proposal_id),
            question=str(row.id),
            **more,
        )


def name_as_judged(proposal: Proposal) -> str:
    """What the innovation was called in the text that was judged."""
    name: str = proposal.innovation_as_judged.content["fields"]["name"]
    return name


def _event(kind: str, row: PlaceAnswer, actor: Actor, at: datetime, **data: object) -> Event:
    said: dict[str, Any] = {
        "place": row.place.key if row.place is not None else None,
        "need": str(row.need_id),
        "innovation": str(row.proposal.innovation_id),
        "question": str(row.id),
        **data,
    }
    return Event.of(kind, subject_kind="proposal", subject_id=row.proposal_id, actor=actor.name, at=at, **said)
