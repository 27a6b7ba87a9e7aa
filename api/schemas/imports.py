"""Imports and what was found in their rows."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from models.documents import Side
from models.imports import ImportStatus


class RowProblem(BaseModel):
    """What is wrong with one field of one line, and what to do."""

    line: int
    field: str
    kind: str
    remedy: str


class RowWarning(BaseModel):
    """What somebody should look at on one line, though it is taken."""

    line: int
    remedy: str


class ImportOut(BaseModel):
    """Where an import stands; its rows come into force all at once when the last is applied."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "id": "3f0a7f7e-6a7e-4a53-8f43-9a0f5a0b1c2d",
                "side": "need",
                "file_name": "needs.csv",
                "status": "refused",
                "reason": "",
                "dry_run": False,
                "partial": False,
                "total_rows": 2,
                "invalid_rows": 1,
                "applied_rows": 0,
                "held_rows": 0,
                "problem_count": 1,
                "problems": [
                    {"line": 3, "field": "places", "kind": "unknown_place", "remedy": "Use place keys among BDC, CAL, KIR, LDS, WAK."}
                ],
                "warnings": [],
                "created_at": "2026-11-02T09:00:00Z",
                "completed_at": None,
            }
        },
    )

    id: UUID
    side: Side
    file_name: str
    status: ImportStatus = Field(description="staging, refused, checked (a dry run), applying or complete.")
    reason: str = Field(description="Why it is refused although its rows were sound when they were checked; else empty.")
    dry_run: bool
    partial: bool
    total_rows: int
    invalid_rows: int
    applied_rows: int = Field(description="How far it has come, of total_rows less invalid_rows.")
    held_rows: int = Field(description="Sound rows without consent: stored, but neither ranked nor shown.")
    problem_count: int = Field(description="How many problems the rows have in all.")
    problems: list[RowProblem] = Field(description="The first three hundred, and of one row the first twenty.")
    warnings: list[RowWarning] = Field(description="The first three hundred.")
    created_at: datetime
    completed_at: datetime | None
