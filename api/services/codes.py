"""The code lists that forms, filters and imports allow, with their English labels."""

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def code_lists() -> dict[str, Any]:
    """All lists of `api/data/codes.json`, by name."""
    loaded: dict[str, Any] = json.loads(files("api").joinpath("data/codes.json").read_text(encoding="utf-8"))
    return loaded


@cache
def allowed(name: str) -> frozenset[str]:
    """The values that a list allows; KeyError for a list that there is not."""
    return frozenset(row["value"] for row in code_lists()[name])


@cache
def labels(name: str) -> dict[str, str]:
    """The English label of each value of a list."""
    return {row["value"]: row["label"] for row in code_lists()[name]}
