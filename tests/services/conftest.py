"""The walk's own database, people and runner, instead of those of the app under test; and files to import."""

from tests.imports import apply, stage
from tests.walk import context, database, hub, libraries, make_proposal, opened, person, runner, said, settings

__all__ = ["apply", "context", "database", "hub", "libraries", "make_proposal", "opened", "person", "runner", "said", "settings", "stage"]
