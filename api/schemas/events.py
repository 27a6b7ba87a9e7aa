"""What happened, in order."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Position = Annotated[int, Field(ge=0, le=2**53, description="Position of the last event that you have; 0 for the beginning.")]


class EventsQuery(BaseModel):
    """From where the events are read."""

    model_config = ConfigDict(extra="forbid")

    after: Position = 0
    limit: int = Field(default=100, ge=1, le=1000, description="How many at most.")
    kind: list[str] = Field(default=[], max_length=20, description="Only these kinds; may be given several times.")


class EventOut(BaseModel):
    """Something that happened: ids and hashes, never names or texts."""

    model_config = ConfigDict(from_attributes=True)

    position: int
    id: UUID
    kind: str
    subject_kind: str
    subject_id: UUID
    actor: str
    data: dict[str, JsonValue]
    recorded_at: datetime
    correlation_id: str
    previous_hash: str = Field(description="The hash of the event before.")
    hash: str = Field(description="SHA-256 over this event and the hash of the one before.")


class FeedOut(BaseModel):
    """Events past a position, in order and without gaps for whoever asks."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "events": [
                    {
                        "position": 42,
                        "id": "7d3b8a52-52b6-4b0e-9f4c-0a8c9a1b2c3d",
                        "kind": "match.confirmed",
                        "subject_kind": "proposal",
                        "subject_id": "8f1d4c1a-4f0e-4a0d-9b34-6b8b1f0f8a55",
                        "actor": "system",
                        "data": {
                            "need": "0b1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a11",
                            "innovation": "5a0c8a39-0a4e-4c36-9c53-4a3f0f2f7f10",
                            "band": "strong",
                        },
                        "recorded_at": "2026-11-02T10:25:01Z",
                        "correlation_id": "",
                        "previous_hash": "4d1f…",
                        "hash": "9a0c…",
                    }
                ],
                "position": 42,
                "more": False,
            }
        },
    )

    events: list[EventOut]
    position: int = Field(description="Send this as `after` next time.")
    more: bool = Field(description="More events are there already.")
