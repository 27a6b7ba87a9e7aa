"""The walk's own database, people and runner, instead of those of the app under test; and files to import."""

from tests.backups import backup, install, small
from tests.imports import apply, stage
from tests.walk import context, database, hub, libraries, make_proposal, opened, person, runner, said, settings

__all__ = [
    "apply",
    "backup",
    "context",
    "database",
    "hub",
    "install",
    "libraries",
    "make_proposal",
    "opened",
    "person",
    "runner",
    "said",
    "settings",
    "small",
    "stage",
]
