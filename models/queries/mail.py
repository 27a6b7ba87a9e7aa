"""Mail that is owed or has left, who wants which of it, and addresses that none arrives at."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.base import Base
from models.mail import Frequency, MailPreference, MailSecret, Message, MessageState, SuppressedAddress
from models.queries.documents import NotFound
from models.queries.pages import Page, page_of


def add(session: Session, row: Message) -> Message | None:
    """Keep a mail; None when there is one of the same `once_key`, also one that another transaction is just writing."""
    row.id = row.id or uuid4()
    kept = {column.key: getattr(row, column.key) for column in Message.__table__.columns}
    query = _insert(session)(Message).values(kept).on_conflict_do_nothing(index_elements=["once_key"]).returning(Message)
    added: Message | None = session.scalars(query).first()
    return added


def one(session: Session, message_id: UUID) -> Message:
    """A mail; raises NotFound."""
    return _there(session.get(Message, message_id))


def to_change(session: Session, message_id: UUID) -> Message:
    """A mail, locked and as it is now; raises NotFound."""
    query = select(Message).where(Message.id == message_id).with_for_update().execution_options(populate_existing=True)
    return _there(session.scalars(query).first())


def _there(row: Message | None) -> Message:
    if row is None:
        raise NotFound("There is no mail of that id. List the mails.")
    return row


def due(session: Session, at: datetime, *, stuck_since: datetime, limit: int) -> Sequence[UUID]:
    """The ids of mails that are due, or that somebody began to send so long ago that they cannot be alive, the oldest first."""
    waiting = (Message.state == MessageState.QUEUED) & (Message.due_at <= at)
    stuck = (Message.state == MessageState.SENDING) & (Message.sending_since <= stuck_since)
    return session.scalars(select(Message.id).where(or_(waiting, stuck)).order_by(Message.due_at, Message.id).limit(limit)).all()


def page(session: Session, *, state: MessageState | None, template: str | None, after: str | None, limit: int) -> Page[Message]:
    """Mails of that state and template, all without, the latest first."""
    query = select(Message)
    if state is not None:
        query = query.where(Message.state == state)
    if template is not None:
        query = query.where(Message.template == template)
    return page_of(session, query.order_by(Message.created_at.desc(), Message.id), after=after, limit=limit, kinds=(datetime, UUID))


def of_person(session: Session, person_id: UUID, address: str) -> Sequence[Message]:
    """The mails to a person, or to their address before they had an account, locked."""
    theirs = or_(Message.person_id == person_id, Message.address == address)
    return session.scalars(select(Message).where(theirs).order_by(Message.id).with_for_update()).all()


def preference(session: Session, person_id: UUID) -> MailPreference | None:
    """What a person said of mail beyond letters; None when they never did."""
    return session.get(MailPreference, person_id)


def begin_preference(session: Session, person_id: UUID) -> None:
    """Keep what everybody begins with for a person who has said nothing yet."""
    said = {"person_id": person_id, "digest": Frequency.WEEKLY, "watches": True}
    session.execute(_insert(session)(MailPreference).values(said).on_conflict_do_nothing())


def preference_to_change(session: Session, person_id: UUID) -> MailPreference:
    """What a person said, locked and as it is now; it has been begun."""
    query = select(MailPreference).where(MailPreference.person_id == person_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def forget_preference(session: Session, person_id: UUID) -> None:
    """Keep nothing of what a person said."""
    session.execute(delete(MailPreference).where(MailPreference.person_id == person_id))


def suppressed(session: Session, address_hash: str) -> SuppressedAddress | None:
    """Since when nothing arrives at an address; None when there is nothing known against it."""
    return session.get(SuppressedAddress, address_hash)


def unsuppress(session: Session, address_hash: str) -> None:
    """Take an address as one that mail arrives at."""
    session.execute(delete(SuppressedAddress).where(SuppressedAddress.address_hash == address_hash))


def known_secret(session: Session, name: str) -> str | None:
    """The secret of a name; None when it was never needed."""
    return session.scalars(select(MailSecret.value).where(MailSecret.name == name)).first()


def secret(session: Session, name: str, *, otherwise: str) -> str:
    """The secret of a name; `otherwise` becomes it when there is none yet."""
    if (found := known_secret(session, name)) is not None:
        return found
    session.execute(_insert(session)(MailSecret).values(name=name, value=otherwise).on_conflict_do_nothing())
    return session.scalars(select(MailSecret.value).where(MailSecret.name == name)).one()


def _insert(session: Session) -> Callable[[type[Base]], Any]:
    """The insert that can let a row be that is there."""
    return postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
