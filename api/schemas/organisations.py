"""Organisations that wait for the Hub's word."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.services.content import Strict


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
