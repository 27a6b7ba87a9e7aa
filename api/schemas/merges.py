"""Innovations that are one: merging, parting, and what happened to all of the parts."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.innovations import ExternalIdOut
from api.schemas.needs import NeedRef
from api.schemas.pages import PageQuery
from api.services.content import Short, Strict, YesOrNo
from api.services.merging import History
from models.events import Event
from models.innovations import Innovation, InnovationStatus
from models.merges import Merge
from models.proposals import Proposal


class MergeIn(Strict):
    """Which innovation is to stand for this one too."""

    model_config = ConfigDict(json_schema_extra={"example": {"into": "0d1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a12", "note": "The same test."}})

    into: UUID
    two_organisations: YesOrNo = Field(
        default=False, description="Say true to merge what two organisations handed in, or what is not known to be of one."
    )
    note: Short = ""


class MergeOut(BaseModel):
    """That one innovation was merged into another, and whether they were parted again."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "id": "c0a3e7f2-7c55-4d0e-8a16-0f8a1c7b5e77",
                "merged_id": "5a0c8a39-0a4e-4c36-9c53-4a3f0f2f7f10",
                "kept_id": "0d1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a12",
                "merged_at": "2026-11-02T10:15:00Z",
                "merged_by": "Hub triage officer",
                "note": "The same test.",
                "undone_at": None,
                "undone_by": None,
            }
        },
    )

    id: UUID
    merged_id: UUID = Field(description="The one that is part of the other.")
    kept_id: UUID = Field(description="The one that stands for both.")
    merged_at: datetime
    merged_by: str
    note: str
    undone_at: datetime | None
    undone_by: str | None

    @classmethod
    def of(cls, row: Merge) -> Self:
        """The merge of a row."""
        told = {name: getattr(row, name) for name in ("id", "merged_id", "kept_id", "merged_at", "note", "undone_at")}
        return cls(**told, merged_by=row.merged_by_name, undone_by=row.undone_by_name)


class PartOut(BaseModel):
    """One of the innovations that are one."""

    id: UUID
    name: str
    supplier: str | None
    status: InnovationStatus
    revision: int
    version: int = Field(description="The ETag with which it may be parted.")
    external_ids: list[ExternalIdOut]
    created_at: datetime
    submitted_at: datetime | None

    @classmethod
    def of(cls, row: Innovation) -> Self:
        """The part of a row."""
        told = {name: getattr(row, name) for name in ("id", "name", "status", "revision", "version", "created_at", "submitted_at")}
        ids = [ExternalIdOut.model_validate(each) for each in row.external_ids]
        return cls(**told, supplier=row.supplier.name if row.supplier else None, external_ids=ids)


class ConfirmedOut(BaseModel):
    """A confirmed match of one of the parts."""

    proposal_id: UUID
    innovation_id: UUID
    need: NeedRef
    confirmed_at: datetime
    announced_at: datetime | None

    @classmethod
    def of(cls, row: Proposal) -> Self:
        """The match of a row."""
        confirmed = row.decisions[-1]
        return cls(
            proposal_id=row.id,
            innovation_id=row.innovation_id,
            need=NeedRef.model_validate(row.need),
            confirmed_at=confirmed.decided_at,
            announced_at=confirmed.announced_at,
        )


class HappenedOut(BaseModel):
    """One thing that happened to one of the parts, or to one of its proposals."""

    at: datetime
    kind: str
    subject_kind: str
    subject_id: UUID
    by: str
    data: dict[str, Any]

    @classmethod
    def of(cls, row: Event) -> Self:
        """What an event says."""
        return cls(at=row.recorded_at, kind=row.kind, subject_kind=row.subject_kind, subject_id=row.subject_id, by=row.actor, data=row.data)


_EXAMPLE: dict[str, Any] = {
    "innovation_id": "0d1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a12",
    "parts": [
        {
            "id": "0d1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a12",
            "name": "Computer test of attention",
            "supplier": "Example supplier",
            "status": "active",
            "revision": 1,
            "version": 2,
            "external_ids": [],
            "created_at": "2026-11-02T09:00:00Z",
            "submitted_at": "2026-11-02T09:00:00Z",
        }
    ],
    "merges": [],
    "matches": [],
    "happened": [
        {
            "at": "2026-11-02T09:00:00Z",
            "kind": "submission.received",
            "subject_kind": "innovation",
            "subject_id": "0d1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a12",
            "by": "person:7d1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a77",
            "data": {"revision": 1, "status": "submitted"},
        }
    ],
    "next": None,
}


class HistoryOut(BaseModel):
    """What an innovation and those that were merged into it were and are; what happened, latest first."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    innovation_id: UUID
    parts: list[PartOut] = Field(description="The innovation itself, then those for which it stands, oldest first.")
    merges: list[MergeOut] = Field(description="Every merge, those that were undone among them, oldest first.")
    matches: list[ConfirmedOut]
    happened: list[HappenedOut]
    next: str | None = Field(description="Send this as `after` for what happened before; null at the beginning.")

    @classmethod
    def of(cls, history: History) -> Self:
        """The answer of the service."""
        return cls(
            innovation_id=history.innovation.id,
            parts=[PartOut.of(each) for each in (history.innovation, *history.parts)],
            merges=[MergeOut.of(each) for each in history.merges],
            matches=[ConfirmedOut.of(each) for each in history.matches],
            happened=[HappenedOut.of(each) for each in history.happened.rows],
            next=history.happened.following,
        )


class HistoryQuery(PageQuery):
    """Which part of what happened is told."""
