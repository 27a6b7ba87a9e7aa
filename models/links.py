"""What is done by a link in a mail: the links themselves, invitations, asks for a link, and answers that wait to be claimed."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, DomainError, Key
from models.people import Role

ASKED_WITHIN: Final = timedelta(hours=1)
MOST_ASKED: Final = 5
"""How many links one address is sent within that time; beyond it the answer is the same and nothing is sent."""


class LinkPurpose(StrEnum):
    """What a link may be spent on."""

    SIGN_IN = "sign_in"
    SAVE = "save"
    INVITATION = "invitation"
    ANSWER = "answer"
    REFERRAL = "referral"
    FEEDBACK = "feedback"
    NEED_SHARE = "need_share"


# Whoever answered by a link is not told to ask for another, by which they could answer no more.
_AFTER_USE: Final = dict.fromkeys(
    (LinkPurpose.ANSWER, LinkPurpose.REFERRAL, LinkPurpose.FEEDBACK), "We have your answer, and you need do nothing more."
)


class LinkSpent(DomainError):
    """The link was used, is past its date, was taken back, or is none of ours."""


class Link(Base):
    """A link that was mailed and works once; only the hash of its token, 256 random bits, is kept.

    `subject_id` is what it is about: a person, answers that were saved, an invitation, a question to an innovator.
    """

    __tablename__ = "link"
    __table_args__ = (
        CheckConstraint("expires_at > made_at", name="expires_after_made"),
        Index("ix_link_subject", "purpose", "subject_id"),
        Index("ix_link_expires_at", "expires_at"),
    )

    id: Mapped[Key]
    token_hash: Mapped[str] = mapped_column(unique=True)
    purpose: Mapped[LinkPurpose]
    subject_id: Mapped[UUID]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    address: Mapped[str] = mapped_column(default="", index=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    spent_at: Mapped[datetime | None]
    taken_back_at: Mapped[datetime | None]

    def must_be_good(self, at: datetime) -> None:
        """Refuse a link that no longer works; raises LinkSpent, which says why and what to do."""
        if self.taken_back_at is not None:
            raise LinkSpent("This link was taken back. Ask whoever sent it for a new one.", why="taken_back")
        if self.spent_at is not None:
            raise LinkSpent(f"This link was used already, and works once. {_AFTER_USE.get(self.purpose, 'Ask for a new one.')}", why="used")
        if at >= self.expires_at:
            raise LinkSpent("This link is too old. Ask for a new one.", why="expired")


class Invitation(Base):
    """Somebody is asked into a role by e-mail; a place role names its place, an innovator role its organisation."""

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint("(role = 'place') = (place_id IS NOT NULL)", name="place_role_has_place"),
        CheckConstraint("(role = 'innovator') = (organisation_id IS NOT NULL)", name="innovator_role_has_organisation"),
        CheckConstraint("accepted_at IS NULL OR taken_back_at IS NULL", name="accepted_or_taken_back"),
        CheckConstraint("(accepted_at IS NULL) = (accepted_by IS NULL)", name="accepted_by_somebody"),
        Index("ix_invitation_made_at_id", "made_at", "id"),
    )

    id: Mapped[Key]
    address: Mapped[str] = mapped_column(index=True)
    role: Mapped[Role]
    place_id: Mapped[UUID | None] = mapped_column(ForeignKey("place.id"), index=True)
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    invited_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    taken_back_at: Mapped[datetime | None]


class LinkAsk(Base):
    """Somebody asked for a link to an address, which may be nobody's; whose it is, is looked up after the answer went out."""

    __tablename__ = "link_ask"
    __table_args__ = (Index("ix_link_ask_address", "address", "asked_at"),)

    id: Mapped[Key]
    address: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(index=True)
    done_at: Mapped[datetime | None]


class SavedAnswers(Base):
    """The answers of somebody without an account, kept until the owner of the address claims them by a link.

    `content` is what was said of an innovation; it is in no list and no search, and nobody reads it before it is claimed.
    """

    __tablename__ = "saved_answers"

    id: Mapped[Key]
    address: Mapped[str] = mapped_column(index=True)
    organisation: Mapped[str]
    content: Mapped[dict[str, Any]]
    hand_in: Mapped[bool]
    saved_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
