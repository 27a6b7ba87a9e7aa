"""Mail that leaves: what is owed to whom, what became of it, who wants which of it, and where none arrives."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, DomainError, Key

GIVEN_UP_AFTER: Final = timedelta(days=5)
"""How long a mail is tried again, as mail servers do; a weekend with nobody to look after one is shorter."""
_PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 20, 30, 60))
_DIED: Final = "The service stopped while it was being sent. Ask whether it arrived before you send it again."
_OPENS: Final = "_link"  # the end of the name of templates whose mails open something


class MailNotSendable(DomainError):
    """The mail is not in a state in which it may be sent again."""


class MessageState(StrEnum):
    """Where a mail stands; *unsure* is one that may have left, because nobody lived to tell."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    BOUNCED = "bounced"
    SUPPRESSED = "suppressed"
    UNSURE = "unsure"


NOT_DELIVERED: Final = frozenset({MessageState.FAILED, MessageState.BOUNCED, MessageState.SUPPRESSED, MessageState.UNSURE})
"""What staff look after, and may send again."""


class Subscription(StrEnum):
    """Mail that people may do without; all else are letters about something that they are part of."""

    DIGEST = "digest"


class Frequency(StrEnum):
    """How often somebody wants a digest."""

    OFF = "off"
    DAILY = "daily"
    WEEKLY = "weekly"


class Message(Base):
    """One mail to one address: written when it is owed, sent by a job, at most once for each time that somebody says so.

    `sending_since` is when the last attempt began; while the state is *sending*, an attempt may be under way.
    `give_up_at` is when it is tried no more.
    """

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name="sent_has_time"),
        CheckConstraint("state <> 'sending' OR sending_since IS NOT NULL", name="sending_has_time"),
        Index("ix_message_created_at_id", "created_at", "id"),
        Index("ix_message_state", "state", "due_at"),
        Index("ix_message_address", "address"),
    )

    id: Mapped[Key]
    once_key: Mapped[str] = mapped_column(unique=True)
    template: Mapped[str]
    subscription: Mapped[Subscription | None]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    address: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text, default="")
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[MessageState] = mapped_column(default=MessageState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    give_up_at: Mapped[datetime]
    sending_since: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]

    @property
    def is_secret(self) -> bool:
        """Whether it holds a link that opens something, which only its receiver may see."""
        return self.template.endswith(_OPENS)

    @property
    def is_forgotten(self) -> bool:
        """Whether there is nothing left to send."""
        return not self.address or not self.body

    def begin(self, *, at: datetime) -> int:
        """An attempt begins; returns its number, by which its outcome is told."""
        self.state, self.sending_since, self.attempts = MessageState.SENDING, at, self.attempts + 1
        return self.attempts

    def awaits(self, attempt: int) -> bool:
        """Whether the outcome of an attempt is still news: it is the last, and nobody has told it."""
        return self.attempts == attempt and self.state in {MessageState.SENDING, MessageState.UNSURE}

    def sent(self, *, at: datetime) -> None:
        """The mail server has taken it; a secret is kept no longer than that."""
        self.state, self.sent_at, self.last_error = MessageState.SENT, at, ""
        if self.is_secret:
            self.body = ""

    def refused(self, error: str, *, bounced: bool) -> None:
        """It cannot be delivered: to this address (*bounced*), or at all (*failed*)."""
        self.state, self.last_error = MessageState.BOUNCED if bounced else MessageState.FAILED, error

    def put_off(self, error: str, *, at: datetime) -> None:
        """Try again after a pause that grows; after days it has failed."""
        due_at = at + _PAUSES[min(max(self.attempts, 1), len(_PAUSES)) - 1]
        if due_at > self.give_up_at:
            self.refused(f"{error} It was tried for {GIVEN_UP_AFTER.days} days.", bounced=False)
        else:
            self.state, self.due_at, self.last_error = MessageState.QUEUED, due_at, error

    def hold(self, error: str, *, due_at: datetime) -> None:
        """Wait without having been tried."""
        self.due_at, self.last_error = due_at, error

    def unsure(self, error: str = _DIED) -> None:
        """Whoever sent it could not tell, so that it may have left; it is not sent again by itself."""
        self.state, self.last_error = MessageState.UNSURE, error

    def suppress(self, reason: str) -> None:
        """Do not send it."""
        self.state, self.last_error = MessageState.SUPPRESSED, reason

    def send_again(self, *, at: datetime) -> None:
        """Owe it anew, because a person says so; raises MailNotSendable."""
        if self.state not in NOT_DELIVERED:
            raise MailNotSendable(f"This mail is {self.state}. Only one that was not delivered can be sent again.", state=self.state.value)
        if self.is_forgotten:
            raise MailNotSendable("Its text is kept no more. Ask its receiver to begin again.", state=self.state.value)
        self.state, self.due_at, self.give_up_at = MessageState.QUEUED, at, at + GIVEN_UP_AFTER

    def forget(self) -> None:
        """Keep nothing of whom it went to and what it said; one that has not left never will."""
        self.person_id, self.address, self.name, self.subject, self.body, self.last_error = None, "", "", "", "", ""
        if self.state is MessageState.QUEUED:
            self.suppress("Its receiver was deleted.")


class MailPreference(Base):
    """Which mail somebody wants beyond letters; who has no row wants a digest every week.

    `digested_until` is when it was last looked whether there is anything new for them.
    """

    __tablename__ = "mail_preference"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    digest: Mapped[Frequency] = mapped_column(default=Frequency.WEEKLY)
    digested_until: Mapped[datetime | None]

    @property
    def wants_digests(self) -> bool:
        """Whether they want any."""
        return self.digest is not Frequency.OFF


class SuppressedAddress(Base):
    """An address that mail came back from for good; kept as a hash, since it may be nobody's."""

    __tablename__ = "suppressed_address"

    address_hash: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]


class MailSecret(Base):
    """What the links to end a subscription are signed with; one row, made when the first is needed."""

    __tablename__ = "mail_secret"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
