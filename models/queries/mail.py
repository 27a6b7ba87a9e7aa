"""Mail that is owed or has left, who wants which of it, and addresses that none arrives at."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, bindparam, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.base import Base
from models.mail import NOT_DELIVERED, Frequency, MailPreference, MailSecret, Message, MessageState, SuppressedAddress
from models.people import Person
from models.queries.documents import NotFound
from models.queries.pages import Page, page_of
from models.watches import Watch, WatchHit

_ONE = select(Message).where(Message.id == bindparam("message_id")).with_for_update().execution_options(populate_existing=True)


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


def find(session: Session, message_id: UUID) -> Message | None:
    """A mail, locked; None when there is none of that id."""
    return session.scalars(_ONE, {"message_id": message_id}).first()


def to_change(session: Session, message_id: UUID) -> Message:
    """A mail, locked and as it is now; raises NotFound."""
    return _there(find(session, message_id))


def _there(row: Message | None) -> Message:
    if row is None:
        raise NotFound("There is no mail of that id. List the mails.")
    return row


def due(session: Session, at: datetime, *, stuck_since: datetime, limit: int) -> Sequence[UUID]:
    """The ids of mails that are due, or that somebody began to send so long ago that they cannot be alive, the oldest first."""
    waiting = (Message.state == MessageState.QUEUED) & (Message.due_at <= at)
    stuck = (Message.state == MessageState.SENDING) & (Message.sending_since <= stuck_since)
    return session.scalars(select(Message.id).where(or_(waiting, stuck)).order_by(Message.due_at, Message.id).limit(limit)).all()


def was_mailed(session: Session, beginnings: Sequence[str], *, since: datetime, until: datetime) -> bool:
    """Whether a mail whose key begins so was written in that time, and did not fail to arrive as far as is known."""
    written = Message.created_at.between(since, until), Message.state.not_in(sorted(NOT_DELIVERED))
    begins = or_(*(Message.once_key.startswith(each, autoescape=True) for each in beginnings))
    return session.scalar(select(Message.id).where(*written, begins).limit(1)) is not None


def waiting_since(session: Session) -> datetime | None:
    """When the first of the mails that are still to leave was written; None when none is."""
    return session.scalar(select(func.min(Message.created_at)).where(Message.state == MessageState.QUEUED))


def undelivered(session: Session, *, since: datetime) -> dict[str, int]:
    """How many mails that were written since then were not delivered, as far as is known, by state."""
    counted = select(Message.state, func.count()).where(Message.state.in_(sorted(NOT_DELIVERED)), Message.created_at >= since)
    return {state.value: count for state, count in session.execute(counted.group_by(Message.state))}


def waiting(session: Session) -> Sequence[Message]:
    """The mails that are still to leave, or are just leaving."""
    return session.scalars(select(Message).where(Message.state.in_((MessageState.QUEUED, MessageState.SENDING)))).all()


def page(
    session: Session, *, state: MessageState | None, template: str | None, after: str | None, limit: int, undelivered: bool = False
) -> Page[Message]:
    """Mails of that state and template, all without, the latest first; `undelivered`: only those that did not arrive."""
    query = select(Message)
    if undelivered:
        query = query.where(Message.state.in_(sorted(NOT_DELIVERED)))
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


def naming(session: Session, address: str) -> Sequence[Message]:
    """The mails whose text holds an address, locked."""
    found = select(Message).where(Message.body.contains(address, autoescape=True))
    return session.scalars(found.order_by(Message.id).with_for_update()).all()


def begin_preference(session: Session, person_id: UUID) -> None:
    """Keep what everybody begins with for a person who has said nothing yet."""
    said = {"person_id": person_id, "digest": Frequency.WEEKLY}
    session.execute(_insert(session)(MailPreference).values(said).on_conflict_do_nothing())


def preference_to_change(session: Session, person_id: UUID) -> MailPreference:
    """What a person said, locked and as it is now; it has been begun."""
    query = select(MailPreference).where(MailPreference.person_id == person_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def forget_preference(session: Session, person_id: UUID) -> None:
    """Keep nothing of what a person said."""
    session.execute(delete(MailPreference).where(MailPreference.person_id == person_id))


def to_digest(session: Session, since: Mapping[Frequency, datetime], *, limit: int) -> Sequence[UUID]:
    """The ids of people with an open account whose digest has fallen due at the moment of its frequency, and not been looked at since.

    Only those for whom something was found before that moment and never told: most people's digests hold nothing.
    """
    wanted = func.coalesce(MailPreference.digest, Frequency.WEEKLY.value)
    looked_at = func.coalesce(MailPreference.digested_until, Person.created_at)
    due = or_(*((wanted == frequency.value) & (looked_at < moment) & _found_before(moment) for frequency, moment in since.items()))
    query = select(Person.id).outerjoin(MailPreference, MailPreference.person_id == Person.id).where(Person.active, due)
    return session.scalars(query.order_by(Person.id).limit(limit)).all()


def _found_before(moment: datetime) -> ColumnElement[bool]:
    untold = select(WatchHit.id).join(Watch, Watch.id == WatchHit.watch_id)
    return untold.where(Watch.person_id == Person.id, WatchHit.told_at.is_(None), WatchHit.found_at < moment).correlate(Person).exists()


def suppressed(session: Session, address_hash: str) -> SuppressedAddress | None:
    """Since when nothing arrives at an address; None when there is nothing known against it."""
    return session.get(SuppressedAddress, address_hash)


def suppress(session: Session, address_hash: str, *, at: datetime) -> None:
    """Take an address as one that nothing arrives at; twice is once."""
    session.execute(_insert(session)(SuppressedAddress).values(address_hash=address_hash, since=at).on_conflict_do_nothing())


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
