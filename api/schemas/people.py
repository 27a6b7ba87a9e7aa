"""Signing in, and who one is."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.services.content import Strict
from models.keys import Scope
from models.people import Role


class SignIn(Strict):
    """What an account is opened with."""

    model_config = ConfigDict(json_schema_extra={"example": {"email": "hub.triage@example.org", "password": "correct horse battery"}})

    email: str = Field(min_length=3, max_length=254)
    password: str = Field(min_length=1, max_length=256)


class SessionOut(BaseModel):
    """A sign-in that has begun; the cookie of the same answer carries it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"name": "Hub triage officer", "csrf_token": "q0V…", "expires_at": "2026-11-02T21:00:00Z"},
        }
    )

    name: str
    csrf_token: str = Field(description="Send this as the header X-CSRF-Token with every change.")
    expires_at: datetime


class Me(BaseModel):
    """Who the service takes you for, and what you may do."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "actor": "person:0d6a3c1e-6f5e-4a53-9c53-1a5d0e9a1111",
                "name": "Leeds place lead",
                "roles": ["place"],
                "scopes": ["decide", "events", "import", "read", "write"],
                "places": ["LDS"],
                "csrf_token": "q0V…",
            }
        }
    )

    actor: str = Field(description="How events call you.")
    name: str
    roles: list[Role]
    scopes: list[Scope]
    places: list[str] = Field(description="Keys of your own places.")
    csrf_token: str | None = Field(description="For a signed-in browser's changes; null for a key.")


class ExportOut(BaseModel):
    """Everything that is held about you: the rows that name you by id, by what events call you or by your address."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"tables": {"person": [{"email": "director@example.org", "name": "Director"}]}}}
    )

    tables: dict[str, list[dict[str, Any]]]
