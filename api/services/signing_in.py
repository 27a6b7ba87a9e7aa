"""Signing in by a link in a mail: who reads what is sent to an account's address is its owner.

Whose an address is, is looked up by a job after the answer went out, so that neither its words nor its time tell it.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.queue import Job, enqueue, enqueue_all
from api.services import links, mailing
from api.services.accounts import AccountInvalid
from api.services.addresses import plain_address
from api.services.recording import record
from models.actors import ANONYMOUS, SYSTEM
from models.events import Event
from models.links import MOST_ASKED, LinkAsk, LinkPurpose
from models.people import Person, Role
from models.queries import links as link_rows
from models.queries import people

VALID_FOR: Final = timedelta(minutes=30)
TWICE_IS_ONCE: Final = timedelta(seconds=10)
_OWED_AT_ONCE: Final = 500


def address_said(email: str) -> str:
    """The plain form of an address; raises AccountInvalid for what is none."""
    address = plain_address(email)
    if address is None:
        raise AccountInvalid("That is no e-mail address. Give one like name@example.nhs.uk.", field="email")
    return address


def may_be_sent(session: Session, address: str, *, at: datetime) -> bool:
    """Whether an address may be sent one more link now; when it may, this one is counted."""
    if not _may_ask(session, address, at=at):
        return False
    session.add(LinkAsk(address=address, asked_at=at, done_at=at))
    session.flush()
    return True


def ask(session: Session, email: str, *, at: datetime) -> None:
    """Owe the owner of an address a link, if there is one; says the same of every address. Twice at once, as by two clicks, is once.

    Raises AccountInvalid for what is no address.
    """
    address = address_said(email)
    if link_rows.asked_lately(session, address, at=at, within=TWICE_IS_ONCE) or not _may_ask(session, address, at=at):
        return
    row = LinkAsk(address=address, asked_at=at)
    session.add(row)
    session.flush()
    record(session, Event.of("person.link_asked", subject_kind="link_ask", subject_id=row.id, actor=ANONYMOUS.name, at=at), at=at)
    enqueue(session, Job.SEND_LINK, at=at, id=str(row.id))


def send(session: Session, ask_id: UUID, *, at: datetime, staff_too: bool) -> None:
    """Mail the link that was asked for, when the address has an open account. Safe to run twice.

    `staff_too` is whether people with more roles than that of an innovator may sign in so.
    """
    row = link_rows.ask(session, ask_id)
    if row is None or row.done_at is not None:
        return
    row.done_at = at
    person = people.by_email(session, row.address)
    if person is not None and person.active and (staff_too or offers_only(person)):
        _mail(session, person, row, at=at)
    session.flush()


def offers_only(person: Person) -> bool:
    """Whether somebody holds no role but that of an innovator."""
    return {grant.role for grant in person.grants} <= {Role.INNOVATOR}


def owe_links(session: Session, *, at: datetime) -> None:
    """Owe anew the links that were asked for and that nobody has seen to."""
    enqueue_all(
        session, Job.SEND_LINK, [{"id": str(ask_id)} for ask_id in link_rows.undone_asks(session, _OWED_AT_ONCE)], at=at, bulk=False
    )


def _may_ask(session: Session, address: str, *, at: datetime) -> bool:
    return link_rows.asked_lately(session, address, at=at) < MOST_ASKED


def _mail(session: Session, person: Person, row: LinkAsk, *, at: datetime) -> None:
    token = links.make(
        session, LinkPurpose.SIGN_IN, subject_id=person.id, person_id=person.id, address=person.email, at=at, valid_for=VALID_FOR
    )
    minutes = int(VALID_FOR.total_seconds() // 60)
    told = {"name": person.name, "token": token, "minutes": minutes}
    mailing.post(session, "sign_in_link", mailing.to_person(person), once_key=f"sign_in_link:{row.id}", at=at, **told)
    record(session, Event.of("person.link_sent", subject_kind="person", subject_id=person.id, actor=SYSTEM.name, at=at), at=at)
