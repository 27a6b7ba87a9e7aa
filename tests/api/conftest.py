"""The command line, on a home of its own; submissions as pages show them, with what was said on each."""

from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.settings import settings as read_settings
from models.queries import triage
from models.triage import Outcome
from tests.triage_pages import Received, handed_in


@pytest.fixture
def home(tmp_path, monkeypatch, encoder_folder):
    """A home of its own for each test, with the encoder in it."""
    (tmp_path / "encoder").mkdir()
    (tmp_path / "encoder" / "all-MiniLM-L6-v2").symlink_to(encoder_folder)
    monkeypatch.setenv("MATCHING_HOME", str(tmp_path))
    monkeypatch.setenv("MATCHING_PORT", "0")
    read_settings.cache_clear()
    yield tmp_path
    read_settings.cache_clear()


@pytest.fixture
def cli(home):
    """Run a command in this process and hold it to its exit status."""

    def run(*arguments, status=0, **options):
        result = CliRunner().invoke(app, [str(each) for each in arguments], **options)
        assert result.exit_code == status, (result.output, result.exception)
        return result

    return run


@pytest.fixture
def ready(cli):
    """The command line of an installation whose database is set up."""
    cli("init")
    return cli


@pytest.fixture
def received(make: Callable[..., Any]) -> Callable[..., Received]:
    return lambda count=0, **values: make(handed_in, count, **values)


@pytest.fixture
def given(make: Callable[..., Any]) -> Callable[[Received], list[Outcome]]:
    def outcomes(found: Received) -> list[Outcome]:
        return make(lambda session: triage.by_id(session, found.id).outcomes)

    return outcomes
