"""People, the roles that they hold and their signed-in sessions."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key


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
    """A signed-in browser; only the hash of its token is kept."""

    __tablename__ = "sign_in_session"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    csrf_token: Mapped[str]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    person: Mapped[Person] = relationship(lazy="joined")

    def in_force(self, at: datetime) -> bool:
        """Whether the session still signs its person in."""
        return self.person.active and at < self.expires_at
