"""Threads of one process write to SQLite in the order of asking, and whoever fails keeps nobody waiting."""

import sqlite3
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, PendingRollbackError
from sqlalchemy.orm import Session

from api import db
from api.db import Database
from api.turns import Turns

SOON = 5.0  # seconds: more than a thread ever needs to begin to wait
WRITE = text("INSERT INTO said VALUES (:what)")


@pytest.fixture
def database(tmp_path: Path):
    made = Database(f"sqlite:///{tmp_path / 'turns.sqlite'}")
    with made.transaction() as session:
        session.execute(text("CREATE TABLE said (what TEXT)"))
    yield made
    made.dispose()


def said(database: Database) -> list[str]:
    with database.reading() as session:
        return [row.what for row in session.execute(text("SELECT what FROM said ORDER BY rowid"))]


def write_and(session: Session, then) -> None:
    session.execute(WRITE, {"what": "never"})
    then()


def queue_up(turns: Turns, count: int, then) -> list[threading.Thread]:
    """Threads that ask for a turn one after the other."""
    threads = []
    for number in range(count):
        thread = threading.Thread(target=lambda number=number: then(number, turns.take(SOON)))
        thread.start()
        threads.append(thread)
        deadline = time.monotonic() + SOON
        while len(turns._waiting) <= number and time.monotonic() < deadline:
            time.sleep(0.001)
    return threads


def test_turns_come_in_the_order_of_asking():
    turns, came = Turns(), []
    assert turns.take(0)

    def go(number: int, mine: bool) -> None:
        came.append((number, mine))
        turns.give_back()

    threads = queue_up(turns, 5, go)
    turns.give_back()
    for thread in threads:
        thread.join(SOON)

    assert came == [(number, True) for number in range(5)]
    assert turns.take(0)


def test_who_waits_too_long_gives_up_and_the_next_one_goes_on():
    turns = Turns()
    assert turns.take(0)

    assert not turns.take(0.01)
    turns.give_back()

    assert turns.take(0)


def test_a_writer_waits_for_the_writer_before_and_readers_for_nobody(database):
    began, go_on = threading.Event(), threading.Event()

    def first() -> None:
        with database.transaction() as session:
            session.execute(WRITE, {"what": "first"})
            began.set()
            go_on.wait(SOON)

    def second() -> None:
        with database.transaction() as session:
            session.execute(WRITE, {"what": "second"})

    one, other = threading.Thread(target=first), threading.Thread(target=second)
    one.start()
    assert began.wait(SOON)
    other.start()
    assert said(database) == []
    go_on.set()
    one.join(SOON)
    other.join(SOON)

    assert said(database) == ["first", "second"]


def test_who_fails_keeps_nobody_waiting(database):
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        write_and(session, lambda: 1 / 0)
    with pytest.raises(OperationalError), database.transaction() as session:
        session.execute(text("INSERT INTO unknown VALUES (1)"))
    with database.transaction():
        pass  # who writes nothing takes no turn
    with pytest.raises(PendingRollbackError), database.transaction() as session:
        write_and(session, lambda: session.connection().invalidate())  # as a connection that breaks

    with database.transaction() as session:
        session.execute(WRITE, {"what": "at last"})
    assert said(database) == ["at last"]


def test_who_finds_the_file_locked_by_another_process_gives_the_turn_back(database, monkeypatch):
    other = sqlite3.connect(database.engine.url.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with database.reading() as session:
        session.execute(text("SELECT 1"))
        session.connection().exec_driver_sql("PRAGMA busy_timeout=10")

    with pytest.raises(OperationalError, match="locked"), database.transaction() as session:
        session.execute(WRITE, {"what": "never"})
    other.execute("ROLLBACK")
    other.close()

    with database.transaction() as session:
        session.execute(WRITE, {"what": "then"})
    assert said(database) == ["then"]


def test_who_waits_too_long_for_threads_of_the_process_is_told_that_the_database_is_busy(database, monkeypatch):
    monkeypatch.setattr(db, "BUSY_SECONDS", 0.01)
    with database.transaction() as session:
        session.execute(WRITE, {"what": "first"})
        with pytest.raises(db.AWAY, match="wrote for"), database.transaction() as within:
            within.execute(WRITE, {"what": "never"})

    with database.transaction() as session:
        session.execute(WRITE, {"what": "second"})
    assert said(database) == ["first", "second"]
