"""What needs and innovations have in common as they are shown."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from models.documents import Readability, Visibility


class StoredOut(BaseModel):
    """What every stored document carries, need or innovation."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    key: str | None = Field(description="The document's key in the file that it came from.")
    version: int = Field(description="Counts every change; the ETag.")
    revision: int = Field(description="Counts changes of what is said; the matching reads the latest.")
    visibility: Visibility
    readability: Readability = Field(description="Whether the text says something that the matching can read.")
    care_settings: list[str]
    areas: list[str]
    diseases_conditions_impact: list[str]
    key_health_inequalities: list[str]
    patients_range: str | None
    source: str
    source_url: str
    verified: bool | None = Field(description="Whether somebody checked the row against its source.")
    unread: dict[str, int] = Field(
        default={}, description="Characters at the end of each field that the matching does not read; empty when it reads all."
    )
    illustrative: list[str] = Field(description="Fields that were made up to show what they are for.")
    created_at: datetime
    updated_at: datetime
    warnings: list[str] = Field(default=[], description="What the writer should look at, though nothing was refused.")


Changes = TypeVar("Changes", bound=BaseModel)


def at_least_one(changes: Changes) -> Changes:
    """Refuse a change that changes nothing."""
    if not changes.model_fields_set:
        raise PydanticCustomError("nothing_to_change", "Name at least one field that is to be changed.")
    return changes


def as_changes(example: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    """Describe a body of changes: no field is required, and none has a default that would overwrite."""

    def describe(schema: dict[str, Any]) -> None:
        for field in schema["properties"].values():
            field.pop("default", None)
        schema["minProperties"] = 1
        schema["example"] = example

    return describe
