"""The five places and the codes that they have had."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key


class Place(Base):
    """One of the five places; known by its own short key, because ODS codes end and bodies merge."""

    __tablename__ = "place"

    id: Mapped[Key]
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    partnership: Mapped[str]
    ons_code: Mapped[str | None]
    ods_codes: Mapped[list["PlaceCode"]] = relationship(back_populates="place", order_by="PlaceCode.valid_from")

    def ods_code_on(self, day: date) -> str | None:
        """The sub-ICB code in force on a day; None when none is known."""
        current = [row for row in self.ods_codes if row.in_force_on(day)]
        return current[0].ods_code if current else None


class PlaceCode(Base):
    """An ODS code of a place, with the days on which it was in force."""

    __tablename__ = "place_code"
    __table_args__ = (
        UniqueConstraint("place_id", "ods_code"),
        CheckConstraint("valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from", name="validity_in_order"),
    )

    id: Mapped[Key]
    place_id: Mapped[UUID] = mapped_column(ForeignKey("place.id"))
    ods_code: Mapped[str]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    successor: Mapped[str | None]
    verified: Mapped[bool] = mapped_column(default=False)
    place: Mapped[Place] = relationship(back_populates="ods_codes")

    def in_force_on(self, day: date) -> bool:
        """Whether the code was valid on that day; an unknown border counts as open."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)
