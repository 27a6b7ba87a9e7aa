"""Colleagues by invitation."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.services.content import Strict
from models.people import Role


class InvitationIn(Strict):
    """Whom to invite, and as what; your own only place or organisation need not be named."""

    model_config = ConfigDict(json_schema_extra={"example": {"email": "colleague@example.org", "role": "place", "place": "LDS"}})

    email: str = Field(min_length=3, max_length=254)
    role: Role
    place: str | None = Field(default=None, max_length=20, description="Key of the place, for the role 'place'.")
    organisation: UUID | None = Field(default=None, description="Id of the organisation, for the role 'innovator'.")


class InvitationOut(BaseModel):
    """An invitation, and what became of it."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "id": "0d6a3c1e-6f5e-4a53-9c53-1a5d0e9a1111",
                "address": "colleague@example.org",
                "role": "place",
                "place_id": "7f5c3c1e-6f5e-4a53-9c53-1a5d0e9a2222",
                "organisation_id": None,
                "made_at": "2026-11-02T09:00:00Z",
                "expires_at": "2026-11-16T09:00:00Z",
                "accepted_at": None,
                "taken_back_at": None,
            }
        },
    )

    id: UUID
    address: str
    role: Role
    place_id: UUID | None
    organisation_id: UUID | None
    made_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    taken_back_at: datetime | None
