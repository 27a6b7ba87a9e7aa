"""The declarative base: names of constraints, how types are stored, what every row has."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import JSON, DateTime, Dialect, Enum, MetaData, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


FIRST_YEAR, LAST_YEAR = 1900, 2200
"""Of every time and day that is stored: no later sum, zone or calendar fails on one between them."""


def in_utc(value: datetime) -> datetime:
    """The time in UTC; raises ValueError for a naive one, which says nothing, and for one out of our years."""
    if value.tzinfo is None:
        raise ValueError("A time must carry its zone.")
    # Far outside is told by the year as written: within a day of the years that Python knows, moving to UTC fails.
    if FIRST_YEAR - 1 <= value.year <= LAST_YEAR + 1 and FIRST_YEAR <= (moved := value.astimezone(UTC)).year <= LAST_YEAR:
        return moved
    raise ValueError(f"A time must lie in the years {FIRST_YEAR} to {LAST_YEAR}.")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, stored in UTC; SQLite keeps no zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse what `in_utc` refuses."""
        return in_utc(value) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the time back in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The common base; enums are stored by value as text with a CHECK."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        dict[str, Any]: Json,
        list[Any]: Json,
        list[str]: Json,
        list[float]: Json,
        list[dict[str, Any]]: Json,
        StrEnum: Enum(
            StrEnum,
            native_enum=False,
            create_constraint=True,
            length=40,
            values_callable=lambda members: [member.value for member in members],
        ),
    }


Key = Annotated[UUID, mapped_column(primary_key=True, default=uuid4)]


class DomainError(Exception):
    """A rule of the domain was broken; `api.errors` maps each kind to an HTTP status."""

    def __init__(self, message: str, **details: Any) -> None:  # noqa: ANN401 -- whatever JSON may carry
        super().__init__(message)
        self.message = message
        self.details = details


class Versioned:
    """A row that people change: its version is the ETag, and a stale writer fails."""

    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
