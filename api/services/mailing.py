"""Mail is owed here, once for each cause, and rendered at once; a job sends it (`posting`).

Whoever changes something posts the mails about it in the same transaction, so that both happen or neither.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.queue import Job, enqueue
from api.services import writing
from api.services.accounts import actor_of_person
from api.services.addresses import plain_address
from api.services.recording import record
from models.actors import Actor
from models.base import DomainError
from models.events import Event
from models.mail import GIVEN_UP_AFTER, Frequency, MailPreference, Message, MessageState, Subscription
from models.people import Person
from models.queries import mail, people

NOBODY_THERE: Final = "Mail to this address came back before. Ask for another address, or send it again if it works now."
FORGOTTEN: Final = "(somebody who was deleted)"
NO_ADDRESS: Final = "That is no e-mail address. Give one like name@example.nhs.uk."
_KINDS: Final = tuple(Subscription)
_SIGNED: Final = "unsubscribe"
_SAID: Final = 17  # bytes of a token: the person's id and the number of the kind; the signature follows


class AddressRefused(DomainError):
    """It is no e-mail address."""


class UnsubscribeRefused(DomainError):
    """The link to end a subscription is not one of ours."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to write to, with an account or without."""

    address: str
    name: str = ""
    person_id: UUID | None = None


def to_person(person: Person) -> Recipient:
    """Somebody with an account."""
    return Recipient(person.email, person.name, person.id)


def post(session: Session, template: str, to: Recipient, *, once_key: str, at: datetime, **values: object) -> Message | None:
    """Owe one mail; None when it was posted before, or is mail that this person does without or that would come back.

    A letter to an address that mail came back from, or to what is none, is kept as not delivered, for staff to see.
    Raises what `writing.write` raises.
    """
    address, written = to.address.strip().lower(), writing.write(template, **values)
    comes_back = mail.suppressed(session, hashed(address)) is not None
    if written.subscription and (comes_back or not wants(session, to.person_id)):
        return None
    row = Message(
        once_key=once_key,
        template=template,
        subscription=written.subscription,
        person_id=to.person_id,
        address=address,
        name=writing.one_line(to.name),
        subject=written.subject,
        body=written.body,
        state=MessageState.QUEUED,
        attempts=0,
        due_at=at,
        give_up_at=at + GIVEN_UP_AFTER,
        last_error="",
        created_at=at,
    )
    if comes_back or plain_address(address) is None:
        row.suppress(NOBODY_THERE if comes_back else NO_ADDRESS)
    added = mail.add(session, row)
    if added is not None and added.state is MessageState.QUEUED:
        owe(session, added, at=at)
    return added


def owe(session: Session, message: Message, *, at: datetime) -> None:
    """Enqueue the sending of a mail when it is due; mail that people may do without lets other work pass."""
    enqueue(session, Job.MAIL, at=at, due_at=message.due_at, bulk=message.subscription is not None, message=str(message.id))


def checked(address: str) -> str:
    """An address as it is kept, without spaces and in lower case; raises AddressRefused."""
    if (found := plain_address(address)) is None:
        raise AddressRefused(NO_ADDRESS)
    return found


def hashed(address: str) -> str:
    """An address as the list of those that nothing arrives at keeps it."""
    return hashlib.sha256(address.encode()).hexdigest()


def wants(session: Session, person_id: UUID | None) -> bool:
    """Whether somebody wants mail that people may do without; who has no account has asked for none."""
    if person_id is None:
        return False
    said = mail.preference(session, person_id)
    return said is None or said.wants_digests


def preference(session: Session, person_id: UUID) -> MailPreference:
    """What a person wants, locked to be changed; as everybody begins when they have said nothing."""
    mail.begin_preference(session, person_id)
    return mail.preference_to_change(session, person_id)


def token_of(session: Session, person_id: UUID, subscription: Subscription) -> str:
    """What ends a subscription without a sign-in; it is good for ever, because mail is kept for long."""
    said = person_id.bytes + bytes([_KINDS.index(subscription)])
    secret = mail.secret(session, _SIGNED, otherwise=secrets.token_hex(32))
    return base64.urlsafe_b64encode(said + _signature(secret, said)).decode().rstrip("=")


def prefer(session: Session, person_id: UUID, digest: Frequency, *, actor: Actor, at: datetime) -> MailPreference:
    """Say how often somebody wants a digest; the next one tells what is new since the last."""
    said = preference(session, person_id)
    if said.digest is not digest:
        said.digest = digest
        kind = "person.mail_stopped" if digest is Frequency.OFF else "person.mail_wanted"
        record(session, Event.of(kind, subject_kind="person", subject_id=person_id, actor=actor.name, at=at, digest=digest.value), at=at)
    session.flush()
    return said


def unsubscribe(session: Session, token: str, *, at: datetime) -> None:
    """End the subscription that a token names, at once and until it is wanted anew; raises UnsubscribeRefused. Twice is once."""
    person_id, _ = read_token(session, token)
    if (person := people.by_id(session, person_id)) is not None:
        prefer(session, person_id, Frequency.OFF, actor=actor_of_person(person), at=at)


def read_token(session: Session, token: str) -> tuple[UUID, Subscription]:
    """Whose subscription to what a token ends; raises UnsubscribeRefused."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raw = b""
    said, signature = raw[:_SAID], raw[_SAID:]
    secret = mail.known_secret(session, _SIGNED)
    if not secret or len(said) < _SAID or said[-1] >= len(_KINDS) or not hmac.compare_digest(signature, _signature(secret, said)):
        raise UnsubscribeRefused("This link is not whole. Copy it from the mail once more, or sign in and say how much mail you want.")
    return UUID(bytes=said[:-1]), _KINDS[said[-1]]


def forget(session: Session, person_id: UUID) -> None:
    """Keep nothing of the mails to a person, of what they wanted, and of them in mails to others; called before they are erased."""
    person = people.by_id(session, person_id)
    if person is None:
        return
    for row in mail.of_person(session, person_id, person.email):
        row.forget()
    session.flush()
    address, name = _whole(person.email, of=r"[\w.+-]"), _whole(person.name, of=r"\w")
    for row in mail.naming(session, person.email):  # such as an introduction
        if address.search(row.body):
            row.body = name.sub(FORGOTTEN, address.sub(FORGOTTEN, row.body))
    mail.forget_preference(session, person_id)
    mail.unsuppress(session, hashed(person.email))
    session.flush()


def _whole(words: str, *, of: str) -> re.Pattern[str]:
    """Words that are no part of longer ones, such as Jo in John; a full stop after them ends a sentence."""
    return re.compile(rf"(?<!{of}){re.escape(words)}(?![\w-]|\.\w)")


def _signature(secret: str, said: bytes) -> bytes:
    return hmac.digest(bytes.fromhex(secret), said, "sha256")[:16]
