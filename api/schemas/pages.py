"""Keyset pages: what every list takes and gives."""

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")


class PageQuery(BaseModel):
    """Where a list begins and how long it is."""

    model_config = ConfigDict(extra="forbid")

    after: str | None = Field(default=None, max_length=500, description="The page marker `next` of the page before.")
    limit: int = Field(default=50, ge=1, le=200, description="How many items at most.")


class PageOut(BaseModel, Generic[Item]):
    """Some items of a list."""

    items: list[Item]
    next: str | None = Field(description="Send this as `after` to get what follows; null at the end.")
