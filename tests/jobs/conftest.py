"""The walk's own database and people, instead of those of the app under test."""

import pytest

from api.jobs.context import Context
from api.jobs.runner import Runner
from tests.imports import stage
from tests.walk import context, database, hub, libraries, make_proposal, opened, person, said, settings, sqlite_template

__all__ = ["context", "database", "hub", "libraries", "make_proposal", "opened", "person", "said", "settings", "sqlite_template", "stage"]


@pytest.fixture
def runner(context: Context) -> Runner:
    """The embedded runner, on either database: it is what is asked here."""
    return Runner(context)
