"""backup and restore at the command line."""

import fcntl
import json
from pathlib import Path

import pytest

from api.settings import settings as read_settings

PASSWORD = "a long enough password\n"


@pytest.fixture
def filled(cli):
    """One account."""
    cli("init")
    cli("users", "add", "lead@example.org", "--name", "Hub lead", "--role", "lead", "--password-file", "-", input=PASSWORD)


@pytest.mark.usefixtures("filled")
def test_what_was_backed_up_is_brought_back(cli, home, tmp_path):
    written = json.loads(cli("backup", str(tmp_path / "b.zip"), "--json").stdout)
    cli("users", "add", "late@example.org", "--name", "Late", "--role", "hub", "--password-file", "-", input=PASSWORD)
    assert "--replace" in cli("restore", str(tmp_path / "b.zip"), status=1).stderr

    restored = json.loads(cli("restore", str(tmp_path / "b.zip"), "--replace", "--json").stdout)

    assert (restored["rows"], restored["position"], restored["findings"]) == (written["rows"], written["position"], [])
    assert [user["email"] for user in json.loads(cli("users", "list", "--json").stdout)["users"]] == ["lead@example.org"]
    assert json.loads(cli("audit", "verify", "--json").stdout)["well"]


@pytest.mark.usefixtures("filled")
def test_without_a_file_it_goes_into_the_folder_of_the_settings(cli, tmp_path, monkeypatch):
    assert "MATCHING_BACKUP_FOLDER" in cli("backup", status=1).stderr

    monkeypatch.setenv("MATCHING_BACKUP_FOLDER", str(tmp_path))
    read_settings.cache_clear()

    assert "personal data" in cli("backup").stderr
    assert len(list(tmp_path.glob("matching-*.zip"))) == 1


@pytest.mark.usefixtures("filled")
def test_a_home_that_is_served_is_not_restored_into(cli, home, tmp_path):
    cli("backup", str(tmp_path / "b.zip"))

    with (Path(home) / "serving.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "serves" in cli("restore", str(tmp_path / "b.zip"), "--replace", status=1).stderr

    assert "start the service" in cli("restore", str(tmp_path / "b.zip"), "--replace").stderr
