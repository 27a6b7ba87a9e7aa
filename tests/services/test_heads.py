"""Heads of the chain outlive what is done to the database, a loss of power and several processes at once."""

import json
from collections.abc import Callable
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from random import Random

import pytest

from api.db import Database
from api.services import heads
from api.services.auditing import end_of_chain, keep_head
from api.services.heads import KeptHead
from models.queries import chain, events
from tests import factories
from tests.tampering import NOW, Tamperer, tampering, write_history

Keep = Callable[..., KeptHead | None]


@pytest.fixture
def random(request: pytest.FixtureRequest) -> Random:
    return Random(request.node.name)  # noqa: S311 -- for tests


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "audit"


@pytest.fixture
def go_on(database: Database, random: Random) -> Callable[[int], None]:
    """Let so many events happen."""

    def happen(count: int) -> None:
        with database.transaction() as session:
            write_history(session, count, random)

    return happen


@pytest.fixture
def keep(database: Database, folder: Path) -> Keep:
    """Keep the head, some days from the beginning."""

    def kept(*, days: float = 0) -> KeptHead | None:
        with database.reading() as session:
            return keep_head(session, folder, at=NOW + timedelta(days=days))

    return kept


def daily(folder: Path) -> list[tuple[str, int]]:
    lines = (folder / heads.DAILY).read_text(encoding="utf-8").splitlines()
    return [(said["date"], said["position"]) for said in map(json.loads, lines)]


def test_nothing_is_kept_of_no_history(keep: Keep, folder: Path) -> None:
    assert keep() is None
    assert not folder.exists()


def test_a_day_has_one_line_and_the_latest_is_kept_beside(keep: Keep, go_on, folder: Path, database: Database) -> None:
    go_on(3)
    first = keep()
    go_on(2)
    keep(days=0.1)
    keep(days=1)
    go_on(1)
    last = keep(days=2)

    with database.reading() as session:
        assert (first.hash, last.hash) == (chain.hash_at(session, 3), chain.hash_at(session, 6))
        assert last.chain_id == events.chain_id(session) == first.chain_id
    assert daily(folder) == [("2026-11-02", 3), ("2026-11-03", 5), ("2026-11-04", 6)]
    assert heads.latest(folder) == last
    assert heads.read(folder / heads.DAILY)[0][0] == first


def test_a_clock_that_was_set_back_adds_no_line(keep: Keep, go_on, folder: Path) -> None:
    go_on(3)
    keep(days=1)
    go_on(3)
    keep()

    assert daily(folder) == [("2026-11-03", 3)]
    assert heads.latest(folder).position == 6


def test_what_has_not_changed_is_not_written_again(keep: Keep, go_on, folder: Path) -> None:
    go_on(3)
    keep()
    written = [path.stat().st_mtime_ns for path in sorted(folder.iterdir())]

    keep(days=0.2)

    assert [path.stat().st_mtime_ns for path in sorted(folder.iterdir())] == written


def tampered(database: Database, random: Random, doing: Callable[[Tamperer], object]) -> None:
    """Alter the history for good."""
    with database.transaction() as session:
        factories.drop_guards(session)
        doing(Tamperer(session, random))


@pytest.mark.parametrize(
    ("doing", "logged"),
    [
        (lambda tamperer: (tamperer.cut(), tamperer.rehash(1, head_too=True)), "audit.head_behind"),
        (lambda tamperer: (tamperer.set(2, "actor", "another"), tamperer.rehash(2, head_too=True)), "audit.head_disagrees"),
        (lambda tamperer: tamperer.name_another_head(), "audit.head_disagrees"),
    ],
    ids=["cut off", "written anew", "another head"],
)
def test_a_head_that_does_not_go_on_from_the_kept_one_replaces_nothing(
    doing, logged: str, keep: Keep, go_on, folder: Path, database: Database, random: Random, capsys: pytest.CaptureFixture[str]
) -> None:
    go_on(20)
    before = keep()
    tampered(database, random, doing)

    assert keep(days=1) == before

    assert daily(folder) == [("2026-11-02", 20)]
    assert heads.latest(folder) == before
    assert logged in "".join(capsys.readouterr())


@pytest.mark.parametrize("name", [heads.LATEST, heads.DAILY])
def test_a_file_that_is_no_kept_head_is_left_for_somebody_to_look_at(
    name: str, keep: Keep, go_on, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    go_on(3)
    keep()
    (folder / name).write_text("something else\n", encoding="utf-8")

    assert keep(days=1) is None

    assert (folder / name).read_text(encoding="utf-8") == "something else\n"
    assert "audit.head_unreadable" in "".join(capsys.readouterr())


def test_a_line_that_a_loss_of_power_cut_off_is_written_again(keep: Keep, go_on, folder: Path) -> None:
    go_on(3)
    keep()
    keep(days=1)
    whole = (folder / heads.DAILY).read_bytes()
    (folder / heads.DAILY).write_bytes(whole[:-40])
    (folder / heads.LATEST).unlink()

    keep(days=1)

    assert (folder / heads.DAILY).read_bytes() == whole


def test_of_a_first_line_that_was_cut_off_nothing_stays(keep: Keep, go_on, folder: Path) -> None:
    folder.mkdir()
    (folder / heads.DAILY).write_bytes(b'{"date":"2026')
    go_on(3)

    keep()

    assert daily(folder) == [("2026-11-02", 3)]


def test_a_line_that_is_no_head_is_named(tmp_path: Path, keep: Keep, go_on, folder: Path) -> None:
    go_on(3)
    keep()
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes((folder / heads.DAILY).read_bytes() * 2 + b"{}\n")

    found, wrong = heads.read(copy)

    assert [each.position for each in found] == [3, 3]
    assert wrong == [f"Line 3 of {copy} is no kept head."]


def _keep_often(url: str, folder: str, times: int) -> None:
    database = Database(url)
    for number in range(times):
        with database.reading() as session:
            keep_head(session, Path(folder), at=NOW + timedelta(days=number // 4))
    database.dispose()


def test_several_processes_keep_one_line_a_day(go_on, folder: Path, database: Database) -> None:
    go_on(30)
    processes = [get_context("spawn").Process(target=_keep_often, args=(database.url, str(folder), 40)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)

    assert [process.exitcode for process in processes] == [0, 0]
    assert [date for date, _ in daily(folder)] == [f"2026-11-{2 + day:02}" for day in range(10)]


def test_the_end_of_the_chain_is_looked_at_without_reading_all_of_it(go_on, keep: Keep, database: Database, random: Random) -> None:
    with database.reading() as session:
        assert end_of_chain(session, None) == ""
    go_on(9)
    kept = keep()

    def said(doing: Callable[[Tamperer], object]) -> str:
        with database._writers() as session, tampering(session, random) as tamperer:
            doing(tamperer)
            return end_of_chain(session, kept)

    assert said(lambda _: None) == ""
    assert said(lambda tamperer: tamperer.take_the_head()) == "The last event is 9, and the head of the chain says nothing."
    assert said(lambda tamperer: tamperer.name_another_head()) == "The last event is 9, and the head of the chain says 9."
    assert said(lambda tamperer: (tamperer.set(9, "actor", "x"), tamperer.rehash(9, head_too=True))) == (
        "Event 9 is not the one whose hash was kept on 02 November 2026."
    )
