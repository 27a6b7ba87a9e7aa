"""Scoped keys of machines; shown once, kept as hashes."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, DomainError
from models.base import Key as RowKey
from models.people import Role


class Scope(StrEnum):
    """What a key may be used for."""

    READ = "read"
    WRITE = "write"
    DECIDE = "decide"
    EVENTS = "events"
    IMPORT = "import"
    METRICS = "metrics"


class KeyMadeBefore(DomainError):
    """The same form was sent before, and its key was shown in the first answer."""


class ApiKey(Base):
    """A machine's key: `mk_<prefix>_<secret>`; the prefix finds the row, the hash proves the secret."""

    __tablename__ = "api_key"

    id: Mapped[RowKey]
    name: Mapped[str]
    prefix: Mapped[str] = mapped_column(unique=True)
    secret_hash: Mapped[str]
    role: Mapped[Role]
    scopes: Mapped[list[str]]
    place_id: Mapped[UUID | None] = mapped_column(ForeignKey("place.id"))
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    def in_force(self, at: datetime) -> bool:
        """Whether the key still opens anything."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)
