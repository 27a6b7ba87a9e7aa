"""Innovations that are one, bodies that help and referrals to them, for tests: plain makers on top of the factories."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.services import accounts, referring
from models.actors import Actor
from models.innovations import Innovation, InnovationStatus
from models.links import Link
from models.mail import Message
from models.people import Role
from models.referrals import BodyKind, Geography, Referral, SupportBody
from tests import factories
from tests.factories import NOW

LATER = NOW + timedelta(hours=1)


def staff(session: Session, role: Role = Role.HUB, **values: Any) -> Actor:
    """Somebody new in a role, who acts."""
    return accounts.actor_of_person(factories.make_person(session, role, **values))


def body(session: Session, **values: Any) -> SupportBody:
    """A body that helps with everything, and has an address."""
    said: dict[str, Any] = {
        "name": "Regional innovation network",
        "kind": BodyKind.HEALTH_INNOVATION_NETWORK,
        "helps_with": "planning an evaluation",
        "geography": Geography.YORKSHIRE_AND_HUMBER,
        "contact_email": "front.door@example.org",
        "contact_url": "https://www.example.org/contact",
        "created_at": NOW,
        "updated_at": NOW,
        "version": 1,
    }
    row = SupportBody(**said | values)
    session.add(row)
    session.flush()
    return row


def active(session: Session, **values: Any) -> Innovation:
    """An innovation that has left triage."""
    row: Innovation = factories.make_innovation(session, **{"status": InnovationStatus.ACTIVE} | values)
    return row


def referral(session: Session, innovation: Innovation | None = None, to: SupportBody | None = None, **values: Any) -> Referral:
    """An innovation offered to a body by the Hub."""
    said: dict[str, Any] = {"reason": "They plan evaluations.", "at": NOW}
    innovation, to = innovation or active(session), to or body(session)
    return referring.refer(session, innovation.id, to.id, actor=staff(session), **said | values)


def mails(session: Session) -> list[tuple[str, str]]:
    """Template and address of everything that was mailed."""
    rows = session.scalars(select(Message).order_by(Message.created_at, Message.template, Message.address))
    return [(row.template, row.address) for row in rows]


def words(session: Session, template: str) -> str:
    """Subject and words of the latest mail of a template."""
    row = session.scalars(select(Message).where(Message.template == template).order_by(Message.created_at.desc())).first()
    assert row is not None
    return f"{row.subject}\n{row.body}"


def token(session: Session, template: str = "referral_asked_link") -> str:
    """The secret of the link in the latest mail of a template."""
    return words(session, template).split("/referrals/")[1].split()[0]


def links(session: Session) -> list[Link]:
    """All links that were made."""
    return list(session.scalars(select(Link)))
