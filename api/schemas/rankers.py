"""Rankers as the API shows them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from models.ranker_versions import RankerState, RankerVersion

RankerName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="The name of a trained ranker.")]


_EXAMPLE: dict[str, Any] = {
    "id": "6c1f8f6e-5a7f-4a3c-8f0e-0a4d3f1f6b21",
    "name": "trained-2026-11-20",
    "ranker_id": "trained-2026-11-20-53aa51172d14",
    "file_hash": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "base": "walk-3-1110a243fdf4",
    "encoder_id": "all-MiniLM-L6-v2@7ffc6555e160",
    "state": "trained",
    "decisions": 312,
    "confirmed": 140,
    "rejected": 172,
    "needs": 61,
    "decided_from": "2026-04-01T09:00:00Z",
    "decided_to": "2026-11-19T16:20:00Z",
    "trained_at": "2026-11-20T08:00:00Z",
    "trained_by": "system",
    "activated_at": None,
    "activated_by": "",
    "version": 1,
}


class RankerOut(BaseModel):
    """One version of the ranker that was trained on decisions."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    id: UUID
    name: str
    ranker_id: str = Field(description="As it stands with everything that it ranked.")
    file_hash: str = Field(description="SHA-256 of its file; with another one it is not used.")
    base: str = Field(description="The ranker whose weights it began from.")
    encoder_id: str = Field(description="The encoder that it holds for.")
    state: RankerState = Field(description="trained: waits for the lead; active: judges; retired: judged once.")
    decisions: int = Field(description="How many decisions it was trained on.")
    confirmed: int
    rejected: int
    needs: int = Field(description="How many needs they are on.")
    decided_from: datetime
    decided_to: datetime
    trained_at: datetime
    trained_by: str
    activated_at: datetime | None = Field(description="When it last began to judge.")
    activated_by: str
    version: int

    @classmethod
    def of(cls, row: RankerVersion) -> "RankerOut":
        """A row as it is shown."""
        return cls.model_validate({name: getattr(row, name) for name in RankerOut.model_fields})


class RankerReportOut(RankerOut):
    """A version with the report of its training."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": _EXAMPLE
            | {"report": {"later_decisions": {"decisions": 94, "log_loss": {"needs": 31, "before": 0.61, "after": 0.57}}}}
        }
    )

    report: dict[str, Any] = Field(
        description="Before and after: on later decisions, on decisions on other needs, on sets of judged texts; with what is absent. "
        "Before is the ranker of the settings, from which each training begins."
    )

    @classmethod
    def of(cls, row: RankerVersion) -> "RankerReportOut":
        """A row as it is shown."""
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields})


class RankersOut(BaseModel):
    """All trained rankers, and which one judges."""

    model_config = ConfigDict(json_schema_extra={"example": {"in_use": "walk-3-1110a243fdf4", "trained": False, "items": [_EXAMPLE]}})

    in_use: str = Field(description="The ranker that judges, as it stands with everything that it ranks.")
    trained: bool = Field(description="Whether it is one of these; otherwise it is the one of the settings.")
    items: list[RankerOut]
