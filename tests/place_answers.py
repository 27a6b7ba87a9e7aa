"""Confirmed matches and the places that are asked about them, for tests: plain makers on top of the factories."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.services import accounts, deciding, delivering, introducing, place_answers
from api.services.place_answers import Reply
from models.actors import Actor
from models.decisions import Reason, ReasonCode, Verdict
from models.documents import Visibility
from models.innovations import Innovation
from models.mail import Message
from models.needs import Need
from models.people import Person, Role
from models.place_answers import PlaceAnswer, PlaceReply, QuestionState
from models.proposals import Proposal, ProposalState
from models.queries import events
from models.working_days import day_of
from tests import factories
from tests.factories import NOW

WINDOW = 600
AFTER = timedelta(seconds=WINDOW)
ANNOUNCED = NOW + AFTER
ALL_PLACES = ("BDC", "CAL", "KIR", "LDS", "WAK")
UNTIL = day_of(NOW) + timedelta(days=70)
NO_REASON = Reason()
MEET, NOT_NOW, NO = PlaceReply.MEET, PlaceReply.NOT_NOW, PlaceReply.NO


def staff(session: Session, role: Role = Role.HUB, **values: Any) -> Actor:
    """Somebody new in a role, who acts."""
    return accounts.actor_of_person(factories.make_person(session, role, **values))


def confirm(session: Session, proposal: Proposal, *, by: Actor | None = None, at: datetime = NOW) -> UUID:
    """The Hub confirms; returns the decision's id."""
    decision = deciding.decide(
        session, proposal.id, Verdict.CONFIRMED, actor=by or staff(session), at=at, reason=NO_REASON, undo_window_seconds=WINDOW
    )
    return decision.id


def announced(
    session: Session, need: Need | None = None, innovation: Innovation | None = None, *, at: datetime = NOW, **values: Any
) -> Proposal:
    """A match that was confirmed and announced, so that its places are asked."""
    proposal = factories.make_proposal(session, need, innovation, **values)
    delivering.announce(session, confirm(session, proposal, at=at), at=at + AFTER, undo_window_seconds=WINDOW)
    return proposal


def questions(session: Session, proposal: Proposal) -> dict[str, PlaceAnswer]:
    """The latest question to each place, by its key; `WY` is West Yorkshire as one voice."""
    rows = session.scalars(select(PlaceAnswer).where(PlaceAnswer.proposal_id == proposal.id).order_by(PlaceAnswer.asking)).unique()
    return {row.place.key if row.place else "WY": row for row in rows}


def say(
    session: Session,
    row: PlaceAnswer,
    answer: PlaceReply,
    *,
    by: Actor,
    at: datetime = ANNOUNCED,
    code: ReasonCode | None = None,
    note: str = "",
    version: int | None = None,
    **more: Any,
) -> PlaceAnswer:
    """Somebody answers."""
    reply = Reply(answer, Reason(code=code, note=note), **more)
    return place_answers.answer(session, row.id, reply, actor=by, at=at, undo_window_seconds=WINDOW, version=version)


def introduce(session: Session, row: PlaceAnswer, *, at: datetime = ANNOUNCED + AFTER) -> PlaceAnswer | None:
    """The job that a *meet* leaves."""
    return introducing.introduce(session, row.id, at=at, undo_window_seconds=WINDOW)


def introduced(session: Session, proposal: Proposal, key: str = "LDS", *, at: datetime = ANNOUNCED) -> PlaceAnswer:
    """A place says *meet*, and both sides are told."""
    row = questions(session, proposal)[key]
    say(session, row, MEET, by=staff(session, Role.PLACE, place=key), at=at)
    introduce(session, row, at=at + AFTER)
    return row


def kinds_of(session: Session, proposal: Proposal) -> list[str]:
    """The kinds of all events of a match."""
    return sorted(event.kind for event in events.of_subject(session, proposal.id))


def mails(session: Session, *templates: str) -> list[tuple[str, str]]:
    """Template and address of what was mailed, in the order of writing; of these templates only, when any is named."""
    rows = session.scalars(select(Message).order_by(Message.created_at, Message.template, Message.address))
    return [(row.template, row.address) for row in rows if not templates or row.template in templates]


def body(session: Session, template: str, person: Person) -> str:
    """The words of the mail of a template to a person."""
    row = session.scalars(select(Message).where(Message.template == template, Message.address == person.email)).one()
    return f"{row.subject}\n{row.body}"


def people(session: Session, keys: Iterable[str]) -> dict[str, Person]:
    """One person of each place."""
    return {key: factories.make_person(session, Role.PLACE, place=key, name=f"Place lead of {key}") for key in keys}


def told_apart(session: Session) -> Iterable[tuple[str, PlaceAnswer]]:
    """A question of each kind that the rules tell apart, in words."""
    hub_only = factories.make_innovation(session, visibility=Visibility.HUB_ONLY)
    for words, keys, innovation in (
        ("to own place", ("LDS",), None),
        ("to another place", ("WAK",), None),
        ("to own place, of an innovation for the Hub only", ("LDS",), hub_only),
        ("to West Yorkshire as one voice", tuple(factories.PLACES), None),
    ):
        proposal = announced(session, factories.make_need(session, places=keys), innovation)
        (row,) = questions(session, proposal).values()
        yield words, row


def put_to(session: Session, proposal: Proposal) -> None:
    """A question to Leeds about a match, and what the rules ask of it: that it was confirmed."""
    leeds = factories.make_place(session)
    row = PlaceAnswer(
        proposal_id=proposal.id,
        need_id=proposal.need_id,
        place_id=leeds.id,
        asking=1,
        state=QuestionState.HELD,
        created_at=NOW,
        version=1,
    )
    row.ask(at=NOW)
    proposal.state = ProposalState.CONFIRMED
    proposal.place_answers.append(row)
    session.flush()
