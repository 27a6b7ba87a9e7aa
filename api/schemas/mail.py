"""Mail as the API shows it, and what people say of theirs."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.pages import PageQuery
from api.services.bouncing import LONGEST_REPORT
from api.services.content import Strict
from models.mail import Frequency, MailPreference, Message, MessageState, Subscription

_EXAMPLE: dict[str, Any] = {
    "id": "6c1f8f6e-5a7f-4a3c-8f0e-0a4d3f1f6b21",
    "template": "digest",
    "subscription": "digest",
    "state": "unsure",
    "address": "managing.director@example.org",
    "subject": "What is new for you in needs and innovations",
    "attempts": 1,
    "due_at": "2026-11-23T07:00:00Z",
    "sent_at": None,
    "last_error": "The service stopped while it was being sent. Ask whether it arrived before you send it again.",
    "created_at": "2026-11-23T07:00:00Z",
}


class MailQuery(PageQuery):
    """Which mails are wanted."""

    state: MessageState | None = Field(default=None, description="Only those in this state; failed, bounced and unsure ones need somebody.")
    template: Annotated[str, Field(pattern="^[a-z_]{1,60}$")] | None = Field(default=None, description="Only those of this kind.")


class MailOut(BaseModel):
    """One mail that is owed or has left."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    id: UUID
    template: str = Field(description="What kind of mail it is.")
    subscription: Subscription | None = Field(description="Mail that its receiver may do without; null for a letter.")
    state: MessageState = Field(description="unsure: it may have left, and is not sent again by itself.")
    address: str = Field(description="Where it goes; empty when its receiver was deleted.")
    subject: str
    attempts: int = Field(description="How often it was tried.")
    due_at: datetime = Field(description="When it is tried next, or was to be.")
    sent_at: datetime | None
    last_error: str = Field(description="Why it did not arrive, with the words of the mail server.")
    created_at: datetime

    @classmethod
    def of(cls, row: Message) -> Self:
        """A row as it is listed."""
        return cls.model_validate({name: getattr(row, name) for name in MailOut.model_fields})


class MailTextOut(MailOut):
    """One mail with its text."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE | {"text": "Hello Managing director, …"}})

    text: str | None = Field(
        default=None, description="What it says; null where it holds a link for its receiver alone or is kept no more."
    )

    @classmethod
    def read(cls, row: Message, text: str) -> Self:
        """A row as it is read."""
        found = cls.of(row)
        return found.model_copy(update={"text": None if row.is_secret or row.is_forgotten else text})


class BounceIn(Strict):
    """A mail that a mail server sent back."""

    report: str = Field(min_length=1, max_length=LONGEST_REPORT, description="The whole mail (RFC 3464), with its headers.")


class PreferenceIn(Strict):
    """What somebody wants from now on."""

    digest: Frequency = Field(description="off, daily (weekdays) or weekly (Mondays), at seven in the morning.")


class PreferenceOut(BaseModel):
    """What somebody wants beyond letters about what they are part of."""

    model_config = ConfigDict(json_schema_extra={"example": {"digest": "weekly"}})

    digest: Frequency = Field(description="How often they get what is new for them: off, daily (weekdays) or weekly (Mondays).")

    @classmethod
    def of(cls, row: MailPreference | None) -> Self:
        """As it was said; who said nothing gets a digest every week."""
        return cls(digest=row.digest if row else Frequency.WEEKLY)
