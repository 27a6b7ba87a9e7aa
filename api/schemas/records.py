"""National records brought in and given back."""

from collections.abc import Iterable, Mapping
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.imports import RowProblem
from api.services.exchanging import Checked, Fate, Plan

MOST_TOLD = 300
"""Problems, warnings and changes that one report tells of each."""


class AnswerChange(BaseModel):
    """One answer that differs from the version before; what it says is told in the record alone."""

    model_config = ConfigDict(from_attributes=True)

    section: str
    question: str
    kind: str = Field(description="added, changed or removed.")


class RecordLine(BaseModel):
    """What becomes of one record of a file."""

    line: int = Field(description="The line on which it begins; in JSON, the how manieth record it is.")
    unique_id: str = Field(description="Its national id, or empty.")
    fate: Fate = Field(description="created, changed, unchanged or refused.")
    innovation_id: UUID | None = Field(description="The innovation that it is; null for one that is not stored.")
    held: bool = Field(description="Nobody consented: stored, but neither ranked nor shown.")
    changes: list[AnswerChange] = Field(description="The first three hundred answers that differ from the version before.")
    kept: list[str] = Field(description="Fields that were edited here and stay, though the record says something else.")

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """The answer of a plan."""
        return cls(
            line=plan.entry.line,
            unique_id=plan.entry.unique_id,
            fate=plan.fate,
            innovation_id=plan.innovation_id,
            held=plan.held,
            changes=[AnswerChange.model_validate(each) for each in plan.changes[:MOST_TOLD]],
            kept=list(plan.kept),
        )


class RecordReportOut(BaseModel):
    """What became of a file of national records; one with a problem is refused whole."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "checked",
                "created": 1,
                "changed": 0,
                "unchanged": 0,
                "refused": 0,
                "held": 1,
                "records": [
                    {
                        **{"line": 2, "unique_id": "INN-2501-0007-5", "fate": "created", "innovation_id": None},
                        **{"held": True, "changes": [], "kept": []},
                    }
                ],
                "problems": [],
                "warnings": [{"line": 2, "field": "Colour", "kind": "unknown_column", "remedy": "This column is not known; it is kept."}],
            }
        }
    )

    status: str = Field(description="refused, checked (a dry run) or complete.")
    created: int
    changed: int
    unchanged: int
    refused: int
    held: int = Field(description="Records without consent: stored, but neither ranked nor shown.")
    records: list[RecordLine]
    problems: list[RowProblem] = Field(description="The first three hundred.")
    warnings: list[RowProblem] = Field(description="The first three hundred; what they are about is taken and kept.")

    @classmethod
    def of(cls, checked: Checked) -> Self:
        """The answer of a file."""
        plans = checked.plans
        return cls(
            status=checked.status,
            **{fate.value: checked.count(fate) for fate in Fate},
            held=sum(plan.held for plan in plans),
            records=[RecordLine.of(plan) for plan in plans],
            problems=_first(each for plan in plans for each in plan.problems),
            warnings=_first(each for plan in plans for each in plan.entry.warnings),
        )


def _first(found: Iterable[Mapping[str, Any]]) -> list[RowProblem]:
    return [RowProblem.model_validate(each) for each, _ in zip(found, range(MOST_TOLD), strict=False)]
