"""`matching audit`: what an operator is told of the history."""

import json
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from api.db import Database
from api.services import auditing, heads
from api.settings import settings
from tests import factories
from tests.tampering import Tamperer, write_history

EVENTS = 12


@pytest.fixture
def database(cli: Any) -> Any:
    """The database of the command line's home, with a history and its kept head."""
    cli("init")
    made = Database(settings().url)
    with made.transaction() as session:
        write_history(session, EVENTS, Random(1))  # noqa: S311 -- for tests
    with made.reading() as session:
        auditing.keep_head(session, settings().heads_folder, at=datetime.now(UTC))
    yield made
    made.dispose()


def alter(database: Database, *, cover_up: bool = False) -> None:
    with database.transaction() as session:
        factories.drop_guards(session)
        tamperer = Tamperer(session, Random(1))  # noqa: S311 -- for tests
        tamperer.set(5, "actor", "somebody else")
        if cover_up:
            tamperer.rehash(5, head_too=True)


def test_a_whole_history_is_said_to_be_whole(cli, database: Database) -> None:
    told = cli("audit", "verify")
    said = json.loads(cli("audit", "verify", "--json").stdout)

    assert "The history is whole: 12 events" in told.stderr
    assert "2 kept heads were compared" in told.stderr
    assert (said["well"], said["sealed"], said["unsealed"], said["kept_heads"], said["position"]) == (True, EVENTS, 0, 2, EVENTS)
    assert (said["wrong"], said["findings"], said["warnings"]) == (0, [], [])


def test_an_altered_event_is_named_with_exit_status_1(cli, database: Database) -> None:
    alter(database)

    told = cli("audit", "verify", status=1)
    said = json.loads(cli("audit", "verify", "--json", status=1).stdout)

    assert "Event 5 is not as it was sealed." in told.stdout
    assert "find out who could write to them" in told.stderr
    assert said["findings"] == [{"position": 5, "what": "altered", "said": "Event 5 is not as it was sealed."}]


def test_a_covered_up_history_is_found_by_the_copy_of_the_heads_on_another_machine(cli, database: Database, tmp_path: Path) -> None:
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes((settings().heads_folder / heads.DAILY).read_bytes())
    alter(database, cover_up=True)
    for path in settings().heads_folder.glob("head*"):
        path.unlink()

    alone, compared = cli("audit", "verify"), cli("audit", "verify", "--heads", copy, status=1)

    assert "No kept head was read" in alone.stderr
    assert "Event 12 is not the one whose hash was kept on" in compared.stdout


def test_a_file_that_holds_no_heads_is_wrong(cli, database: Database, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("something else\n", encoding="utf-8")

    assert "is no kept head" in cli("audit", "verify", "--heads", other, status=1).stdout.replace("\n", "")
    assert "does not exist" in cli("audit", "verify", "--heads", tmp_path / "none", status=2).stderr


def test_the_kept_heads_are_listed(cli, database: Database) -> None:
    with (settings().heads_folder / heads.DAILY).open("a", encoding="utf-8") as daily:
        daily.write("something else\n")

    told, said = cli("audit", "heads"), json.loads(cli("audit", "heads", "--json").stdout)

    assert [head["position"] for head in said["heads"]] == [EVENTS, EVENTS]
    assert len(said["unreadable"]) == 1
    assert said["heads"][0]["hash"] in told.stdout
    assert "is no kept head" in told.stderr
