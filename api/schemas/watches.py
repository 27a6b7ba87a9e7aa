"""Watches: what somebody wants to be told of."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.services.content import Short, Strict, YesOrNo
from models.watches import Watched, WatchKind

EXAMPLE: dict[str, Any] = {"kind": "text", "what": "needs", "value": "falls of older people at home"}


class WatchIn(Strict):
    """What is watched: a theme as needs name it, a place by its key, or a text, which finds what the matching finds to fit."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    kind: WatchKind
    what: Watched = Field(default=Watched.NEEDS, description="Needs and the calls for answers; or innovations, for places and the Hub.")
    value: Annotated[Short, Field(min_length=1, description="The theme, the key of the place, or the text.")]


class WatchPatch(Strict):
    """Whether it finds anything for now."""

    model_config = ConfigDict(json_schema_extra={"example": {"muted": True}})

    muted: YesOrNo


class WatchOut(BaseModel):
    """A watch of one's own; what it finds goes into one's digest."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": EXAMPLE
            | {"id": "2f6d1f0e-9f0e-4c59-8d0a-0f8c3b7a6e21", "version": 1, "muted": False, "created_at": "2026-11-02T09:00:00Z"}
        },
    )

    id: UUID
    version: int = Field(description="Counts every change; the ETag.")
    kind: WatchKind
    what: Watched
    value: str
    muted: bool = Field(description="It finds nothing for now, and nothing that it found is told.")
    created_at: datetime
