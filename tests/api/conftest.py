"""The command line, on a home of its own."""

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.settings import settings as read_settings


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
