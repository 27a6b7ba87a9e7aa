"""What is true: the tables, their rules as methods and CHECKs; `queries` holds every SELECT."""

from models import (
    answers,
    clocks,
    decisions,
    events,
    imports,
    innovations,
    jobs,
    keys,
    needs,
    organisations,
    passages,
    people,
    pipeline,
    places,
    proposals,
    runs,
)
from models.base import Base

__all__ = [
    "Base",
    "answers",
    "clocks",
    "decisions",
    "events",
    "imports",
    "innovations",
    "jobs",
    "keys",
    "needs",
    "organisations",
    "passages",
    "people",
    "pipeline",
    "places",
    "proposals",
    "runs",
]
