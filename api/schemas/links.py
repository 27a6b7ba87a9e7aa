"""Links in mails: asked for, looked at, opened."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.services.content import Short, Strict
from models.links import LinkPurpose


class LinkAskIn(Strict):
    """Whom to send a link to sign in."""

    model_config = ConfigDict(json_schema_extra={"example": {"email": "director@example.org"}})

    email: str = Field(min_length=3, max_length=254)


class LinkAskedOut(BaseModel):
    """What happens next; the same for every address."""

    model_config = ConfigDict(json_schema_extra={"example": {"detail": "If that address has an account, a link is on its way."}})

    detail: str


class LinkOut(BaseModel):
    """What a link is for; to look at it spends nothing."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "purpose": "save",
                "expires_at": "2026-11-16T09:00:00Z",
                "about": "Attention test",
                "hands_in": True,
                "asks_name": False,
            }
        },
    )

    purpose: LinkPurpose
    expires_at: datetime
    about: str = Field(description="The name of what was saved, or what you are invited to be; empty for a sign-in.")
    hands_in: bool = Field(description="Opening it hands in what was saved.")
    asks_name: bool = Field(description="Opening it makes an account, for which a name may be given.")


class LinkOpenIn(Strict):
    """What is said when a link is opened."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Managing director"}})

    name: Short = Field(default="", description="Your name, for a new account.")


class OpenedOut(BaseModel):
    """You are signed in; the cookie of the same answer carries it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "purpose": "save",
                "name": "Managing director",
                "csrf_token": "q0V…",
                "expires_at": "2026-11-02T21:00:00Z",
                "innovation": "5a0c8a39-0a4e-4c36-9c53-4a3f0f2f7f10",
                "status": "submitted",
            }
        }
    )

    purpose: LinkPurpose
    name: str
    csrf_token: str = Field(description="Send this as the header X-CSRF-Token with every change.")
    expires_at: datetime
    innovation: UUID | None = Field(description="What you saved, which is yours now; null for other links.")
    status: str | None = Field(description="Where it stands: a draft, or submitted.")
