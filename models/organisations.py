"""Bodies that own needs, offer innovations or employ the people who use the service."""

from enum import StrEnum

from sqlalchemy import Column, ForeignKey, Table, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key
from models.places import Place


class OrganisationKind(StrEnum):
    """What sort of body it is."""

    ICB = "ICB"
    NHS_TRUST = "NHS_TRUST"
    COUNCIL = "COUNCIL"
    HEALTH_INNOVATION_NETWORK = "HEALTH_INNOVATION_NETWORK"
    UNIVERSITY = "UNIVERSITY"
    SUPPLIER = "SUPPLIER"
    VOLUNTARY = "VOLUNTARY"
    OTHER = "OTHER"


class CompanySize(StrEnum):
    """How many people a supplier employs, in the bands of the national innovation service."""

    UP_TO_5 = "up_to_5"
    UP_TO_25 = "6_to_25"
    UP_TO_100 = "26_to_100"
    MORE = "more_than_100"


class Origin(StrEnum):
    """Where a supplier is at home; shown and reported, never a feature of matching."""

    WEST_YORKSHIRE = "west_yorkshire"
    UK = "rest_of_uk"
    OVERSEAS = "overseas"


organisation_place = Table(
    "organisation_place",
    Base.metadata,
    Column("organisation_id", ForeignKey("organisation.id"), primary_key=True),
    Column("place_id", ForeignKey("place.id"), primary_key=True),
)


class Organisation(Base):
    """A body; its ODS code is an attribute, never its key.

    One that somebody named at the front door is not `confirmed`: whoever names it elsewhere means another of that name.
    """

    __tablename__ = "organisation"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(index=True)
    kind: Mapped[OrganisationKind]
    ods_code: Mapped[str | None] = mapped_column(unique=True)
    town: Mapped[str | None]
    size: Mapped[CompanySize | None]
    origin: Mapped[Origin | None]
    confirmed: Mapped[bool] = mapped_column(default=True, server_default=true())
    places: Mapped[list[Place]] = relationship(secondary=organisation_place)
