"""Links that were mailed, invitations, asks for a link, and answers that wait to be claimed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from models.links import ASKED_WITHIN, Invitation, Link, LinkAsk, LinkPurpose, SavedAnswers
from models.mail import Message
from models.people import Person

_TO_STRANGERS: Final = ("save_link", "invitation_link")
"""The templates of mails that leave before there is an account."""


def by_hash(session: Session, token_hash: str, *, to_spend: bool = False) -> Link | None:
    """The link of a token's hash, None when there is none; `to_spend` lets others who spend it wait for this transaction."""
    found = select(Link).where(Link.token_hash == token_hash)
    if to_spend:
        found = found.with_for_update().execution_options(populate_existing=True)
    return session.scalars(found).first()


def take_back(session: Session, purpose: LinkPurpose, subject_id: UUID, *, at: datetime) -> int:
    """End the links of a purpose and a subject that were not used; returns how many there were."""
    open_ones = update(Link).where(Link.purpose == purpose, Link.subject_id == subject_id, Link.spent_at.is_(None))
    return len(session.scalars(open_ones.where(Link.taken_back_at.is_(None)).values(taken_back_at=at).returning(Link.id)).all())


def take_back_of_person(session: Session, person_id: UUID, *, at: datetime) -> None:
    """End every link of a person that was not used."""
    open_ones = update(Link).where(Link.person_id == person_id, Link.spent_at.is_(None), Link.taken_back_at.is_(None))
    session.execute(open_ones.values(taken_back_at=at))


def forget_of_person(session: Session, person_id: UUID, address: str) -> None:
    """Delete the links and the asks of a person and their address."""
    session.execute(delete(Link).where((Link.person_id == person_id) | (Link.address == address)))
    session.execute(delete(LinkAsk).where(LinkAsk.address == address))


def forget_before(session: Session, before: datetime) -> None:
    """Delete links and invitations that have been past their date since a moment, unless accepted, and asks of before it."""
    session.execute(delete(Link).where(Link.expires_at <= before))
    session.execute(delete(Invitation).where(Invitation.expires_at <= before, Invitation.accepted_at.is_(None)))
    session.execute(delete(LinkAsk).where(LinkAsk.asked_at <= before))


def mails_to_strangers(session: Session) -> Sequence[Message]:
    """Mails with a link to addresses that have no account and no link any more."""
    query = select(Message).where(Message.template.in_(_TO_STRANGERS), Message.address != "")
    return session.scalars(query.where(Message.address.not_in(select(Person.email)), Message.address.not_in(select(Link.address)))).all()


def asked_lately(session: Session, address: str, *, at: datetime, within: timedelta = ASKED_WITHIN) -> int:
    """How often a link to an address was asked for within the time that is looked at."""
    lately = select(func.count()).where(LinkAsk.address == address, LinkAsk.asked_at > at - within)
    return session.scalars(lately).one()


def ask(session: Session, ask_id: UUID) -> LinkAsk | None:
    """An ask for a link, locked; None when it was forgotten."""
    return session.scalars(select(LinkAsk).where(LinkAsk.id == ask_id).with_for_update()).first()


def undone_asks(session: Session, limit: int) -> Sequence[UUID]:
    """Asks for a link that nobody has answered yet."""
    return session.scalars(select(LinkAsk.id).where(LinkAsk.done_at.is_(None)).order_by(LinkAsk.asked_at).limit(limit)).all()


def saved_answers(session: Session, saved_id: UUID) -> SavedAnswers:
    """Answers that wait to be claimed; they are there as long as their link is good."""
    return session.get_one(SavedAnswers, saved_id)


def saved_for(session: Session, address: str) -> Sequence[SavedAnswers]:
    """Answers that wait to be claimed by the owner of an address."""
    return session.scalars(select(SavedAnswers).where(SavedAnswers.address == address)).all()


def forget_unclaimed(session: Session, *, at: datetime) -> None:
    """Delete answers that nobody has claimed in time."""
    session.execute(delete(SavedAnswers).where(SavedAnswers.expires_at <= at))
