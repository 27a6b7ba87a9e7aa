"""The walk's own database, people and runner, instead of those of the app under test; and files to import."""

import pytest

from tests.backups import backup, install, small
from tests.imports import apply, stage
from tests.triage import innovator, officer, submission
from tests.walk import context, database, hub, libraries, make_proposal, opened, person, runner, said, settings, sqlite_template

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
    "sqlite_template",
    "stage",
]


@pytest.fixture
def by(session):
    """Hub staff in triage."""
    return officer(session)


@pytest.fixture
def founder(session):
    """Somebody of the supplier."""
    return innovator(session)


@pytest.fixture
def row(session, founder):
    """A submission of the founder's."""
    return submission(session)
