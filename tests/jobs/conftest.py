"""The walk's own database, people and runner, instead of those of the app under test."""

from tests.imports import stage
from tests.walk import context, database, hub, libraries, make_proposal, opened, person, runner, said, settings

__all__ = ["context", "database", "hub", "libraries", "make_proposal", "opened", "person", "runner", "said", "settings", "stage"]
