"""Reports as JSON, and the one question after an outcome."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.services.content import Day, Strict, Text
from api.services.reporting import Period
from models.feedback import QUESTION, Answer


class ReportFormat(StrEnum):
    """How a report is sent."""

    JSON = "json"
    CSV = "csv"


class DaysQuery(BaseModel):
    """Of which days a report is."""

    model_config = ConfigDict(extra="forbid")

    since: Day | None = Field(default=None, description="The first day that counts; left out: from the beginning.")
    until: Day | None = Field(default=None, description="The last day that counts; left out: until now.")

    @property
    def period(self) -> Period:
        """The days; raises PeriodInvalid."""
        return Period(self.since, self.until)


class ReportQuery(DaysQuery):
    """Of which days a report is, and how it is sent."""

    format: ReportFormat = ReportFormat.JSON


class ColumnOut(BaseModel):
    """One column of a report."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(description="Its key in every row.")
    heading: str


class ReportRef(BaseModel):
    """A report that may be asked for."""

    name: str
    address: str


class ReportOut(BaseModel):
    """A table that answers one question."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "name": "barriers",
                "title": "Barriers",
                "question": "What keeps innovations from being used, and does it change?",
                "since": "2026-10-01",
                "until": "2026-12-31",
                "columns": [{"name": "quarter", "heading": "Quarter"}, {"name": "reason", "heading": "Reason"}],
                "rows": [{"quarter": "2026-Q4", "reason": "evidence_too_weak"}],
                "notes": [],
            }
        },
    )

    name: str
    title: str
    question: str
    since: date | None = Field(description="The first day that was counted; null: from the beginning, or how things stand now.")
    until: date | None
    columns: list[ColumnOut]
    rows: list[dict[str, Any]]
    notes: list[str]


class FeedbackIn(Strict):
    """The answer to the one question after an outcome."""

    model_config = ConfigDict(json_schema_extra={"example": {"answer": "yes", "comment": "The letter says whom to ask."}})

    answer: Answer = Field(description=f"“{QUESTION}”")
    comment: Text = ""


class FeedbackOut(BaseModel):
    """An answer that was kept."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": {"answer": "yes", "given_at": "2026-11-03T08:00:00Z"}})

    answer: Answer
    given_at: datetime
