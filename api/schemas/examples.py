"""Examples that are made of the examples of other models."""

from typing import Any

from pydantic import BaseModel


def example_of(model: type[BaseModel]) -> dict[str, Any]:
    """What a model of the API shows of itself."""
    shown: dict[str, Any] = model.model_json_schema()["example"]
    return shown
