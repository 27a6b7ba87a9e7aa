"""Organisations that wait for the Hub's word, and how reports tell them apart."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.services.content import Strict
from models.organisations import CompanySize, Origin


class ConfirmIn(Strict):
    """What an organisation is: a new one, or one that is known."""

    model_config = ConfigDict(json_schema_extra={"example": {"same_as": "0d6a3c1e-6f5e-4a53-9c53-1a5d0e9a1111"}})

    same_as: UUID | None = Field(default=None, description="The known organisation that it is; left out for a new one.")


class NamedOrganisationOut(BaseModel):
    """An organisation and whether the Hub has confirmed it."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={"example": {"id": "0d6a3c1e-6f5e-4a53-9c53-1a5d0e9a1111", "name": "New firm", "confirmed": False}},
    )

    id: UUID
    name: str
    confirmed: bool


class ProfileIn(Strict):
    """How large an organisation is and where it is at home; null where nobody says."""

    model_config = ConfigDict(json_schema_extra={"example": {"size": "up_to_5", "origin": "west_yorkshire"}})

    size: CompanySize | None = Field(description="How many people it employs.")
    origin: Origin | None


class ProfileOut(BaseModel):
    """An organisation as reports tell it apart."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "id": "1c0a8a39-0a4e-4c36-9c53-4a3f0f2f7f11",
                "name": "Example supplier",
                "size": "up_to_5",
                "origin": "west_yorkshire",
            }
        },
    )

    id: UUID
    name: str
    size: CompanySize | None
    origin: Origin | None
