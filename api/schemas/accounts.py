"""People and keys as the lead of the Hub keeps them."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.services.content import Moment, ShortAnswer, Strict
from models.keys import Scope
from models.people import Role


class PersonIn(Strict):
    """Somebody new, who signs in by a mailed link; roles are given apart."""

    model_config = ConfigDict(json_schema_extra={"example": {"email": "officer@example.org", "name": "Hub triage officer"}})

    email: str = Field(min_length=3, max_length=254)
    name: ShortAnswer


class GrantIn(Strict):
    """A role to be given; a place role names its place, an innovator role its organisation."""

    model_config = ConfigDict(json_schema_extra={"example": {"role": "place", "place": "LDS"}})

    role: Role
    place: str | None = Field(default=None, max_length=20, description="Key of the place, for the role 'place'.")
    organisation: UUID | None = Field(default=None, description="Id of the organisation, for the role 'innovator'.")


class GrantOut(BaseModel):
    """A role that somebody holds."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {"id": "0d6a3c1e-6f5e-4a53-9c53-1a5d0e9a1111", "role": "hub", "place_id": None, "organisation_id": None}
        },
    )

    id: UUID
    role: Role
    place_id: UUID | None
    organisation_id: UUID | None


class PersonOut(BaseModel):
    """Somebody with an account."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "id": "0d6a3c1e-6f5e-4a53-9c53-1a5d0e9a1111",
                "email": "officer@example.org",
                "name": "Hub triage officer",
                "active": True,
                "created_at": "2026-11-02T09:00:00Z",
                "grants": [],
            }
        },
    )

    id: UUID
    email: str
    name: str
    active: bool
    created_at: datetime
    grants: list[GrantOut]


class KeyIn(Strict):
    """A key to be made; one with the scope *decide* names the person in whose stead it decides."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Pipeline system", "role": "pipeline", "scopes": ["read", "events"]}})

    name: ShortAnswer
    role: Role
    scopes: list[Scope] = Field(min_length=1, max_length=len(Scope))
    expires_at: Moment | None = Field(default=None, description="When it ends; null for never.")
    place: str | None = Field(default=None, max_length=20, description="Key of the place, for the role 'place'.")
    organisation: UUID | None = Field(default=None, description="Id of the organisation, for the role 'innovator'.")
    person: UUID | None = Field(default=None, description="Id of the person in whose stead it decides.")


KEY_EXAMPLE: Final[dict[str, Any]] = {
    "id": "0d6a3c1e-6f5e-4a53-9c53-1a5d0e9a1111",
    "name": "Pipeline system",
    "prefix": "0a1b2c3d",
    "role": "pipeline",
    "scopes": ["events", "read"],
    "created_at": "2026-11-02T09:00:00Z",
    "expires_at": None,
    "revoked_at": None,
}


class KeyOut(BaseModel):
    """A key, without its secret."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": KEY_EXAMPLE})

    id: UUID
    name: str
    prefix: str
    role: Role
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class NewKeyOut(KeyOut):
    """A key that has just been made."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": KEY_EXAMPLE | {"secret": "mk_0a1b2c3d_…"}})

    secret: str = Field(description="Shown this once; keep it where the machine finds it.")
