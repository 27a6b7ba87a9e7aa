"""People, the roles that they hold and their signed-in sessions."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Text, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key

SEEN_EVERY = timedelta(minutes=1)  # how often the use of a session is written down
RENEWED_EVERY = timedelta(hours=1)  # how long a token of a session in use is good for
PARALLEL_REQUESTS = timedelta(minutes=1)  # how long a request may have been under way with the token before


class Role(StrEnum):
    """What a person or key may do."""

    INNOVATOR = "innovator"
    PLACE = "place"
    HUB = "hub"
    LEAD = "lead"
    PIPELINE = "pipeline"
    BOARD = "board"


class Person(Base):
    """Somebody with an account."""

    __tablename__ = "person"
    __table_args__ = (CheckConstraint("email = lower(email)", name="email_lower_case"),)

    id: Mapped[Key]
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]  # name and address are gone; what the person did stays on record
    grants: Mapped[list["RoleGrant"]] = relationship(back_populates="person", cascade="all, delete-orphan", lazy="selectin")


class RoleGrant(Base):
    """One role of one person; a place role names its place, an innovator role its organisation."""

    __tablename__ = "role_grant"
    __table_args__ = (
        CheckConstraint("(role = 'place') = (place_id IS NOT NULL)", name="place_role_has_place"),
        CheckConstraint("(role = 'innovator') = (organisation_id IS NOT NULL)", name="innovator_role_has_organisation"),
        UniqueConstraint("person_id", "role", "place_id", "organisation_id"),
    )

    id: Mapped[Key]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[Role]
    place_id: Mapped[UUID | None] = mapped_column(ForeignKey("place.id"))
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    person: Mapped[Person] = relationship(back_populates="grants")


class SignInSession(Base):
    """A signed-in browser; only the hash of its token is kept.

    The token is renewed now and then. The one before it goes on until the browser has sent the new one, which it
    may never have received, and a little longer for the requests that were under way.
    """

    __tablename__ = "sign_in_session"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    csrf_token: Mapped[str]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    renewed_at: Mapped[datetime] = mapped_column(server_default=func.current_timestamp())  # for the release before, which knows neither
    renew_at: Mapped[datetime] = mapped_column(server_default=func.current_timestamp())
    previous_token_hash: Mapped[str | None] = mapped_column(unique=True)
    previous_ends_at: Mapped[datetime | None]
    acting_as: Mapped[Role | None]  # the one role that the person has chosen to act in; none for all that they hold
    person: Mapped[Person] = relationship(lazy="joined")

    def in_force(self, token_hash: str, *, at: datetime, idle: timedelta) -> bool:
        """Whether a token still signs the session's person in; after `idle` without use it does not."""
        outdated = token_hash != self.token_hash and self.previous_ends_at is not None and at >= self.previous_ends_at
        return self.person.active and at < self.expires_at and at < self.last_seen_at + idle and not outdated

    def renewal_due(self, token_hash: str, *, at: datetime) -> bool:
        """Whether who sends this token is to be given another: its time has come, or the last one never arrived."""
        if token_hash == self.token_hash:
            return at >= self.renew_at
        return self.previous_ends_at is None and at >= self.renewed_at + PARALLEL_REQUESTS

    def news(self, token_hash: str, *, at: datetime) -> bool:
        """Whether this use of a token is to be written down."""
        arrived = token_hash == self.token_hash and self.previous_token_hash is not None and self.previous_ends_at is None
        return arrived or at >= self.last_seen_at + SEEN_EVERY or self.renewal_due(token_hash, at=at)

    def used(self, token_hash: str, *, at: datetime) -> None:
        """Write down a use; the token before the current one ends soon after the current one was first used."""
        self.last_seen_at = at
        if token_hash == self.token_hash and self.previous_ends_at is None:
            self.previous_ends_at = at + PARALLEL_REQUESTS

    def renew(self, old_hash: str, new_hash: str, *, at: datetime) -> None:
        """Go on under a new token in place of the one that was sent."""
        self.token_hash, self.previous_token_hash, self.previous_ends_at = new_hash, old_hash, None
        self.renewed_at, self.renew_at = at, at + RENEWED_EVERY


class KnownDevice(Base):
    """A browser in which a person has signed in before; only the hash of its token is kept."""

    __tablename__ = "known_device"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
