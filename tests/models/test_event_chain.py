"""What an event's hash covers, what the database itself refuses, and how older chains are brought to the present hash."""

import importlib.util
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

import migrations
from api.services import auditing, delivering
from models import Base
from models.events import GENESIS, GUARDS, HASHED, SAID, Event
from tests.modes import Mode

STEP = next((Path(__file__).parents[2] / "migrations" / "versions").glob("*_audit.py"))
AT = datetime(2026, 11, 2, 9, 0, 0, 17, tzinfo=UTC)
DATA: list[dict[str, Any]] = [{}, {"probability": 1.0, "small": 1e-7}, {"é": [None, True, {"b": 1, "a": "😀"}]}]


@pytest.fixture(scope="module")
def step() -> ModuleType:
    """The migration, as a module."""
    spec = importlib.util.spec_from_file_location("audit_step", STEP)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def url(mode: Mode, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """An empty database of the mode."""
    if mode is Mode.SERVICE:
        return str(request.getfixturevalue("postgresql_url"))
    return f"sqlite:///{tmp_path / 'chain.sqlite'}"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    made = create_engine(url)
    yield made
    made.dispose()


def an_event(number: int = 0, **values: Any) -> Event:
    event = Event.of("need.opened", subject_kind="need", subject_id=uuid4(), actor="system", at=AT + timedelta(seconds=number))
    event.data, event.ordinal, event.correlation_id = DATA[number % len(DATA)], number, "abc" * (number % 2)
    event.once_key = f"once:{number}" if number % 3 == 0 else None
    for name, value in values.items():
        setattr(event, name, value)
    return event


def test_the_hash_covers_every_column_but_itself() -> None:
    assert {*HASHED, "hash"} == {column.name for column in Event.__table__.columns}


@pytest.mark.parametrize("column", HASHED)
def test_another_value_of_any_column_is_another_hash(column: str) -> None:
    event = an_event(1)
    sealed = event.seal(position=1, previous_hash=GENESIS)
    others: dict[str, Any] = {"position": 2, "ordinal": 7, "id": uuid4(), "subject_id": uuid4(), "data": {}, "recorded_at": AT}

    setattr(event, column, others.get(column, "other"))

    assert event.chain_hash() != sealed


def test_the_hash_is_of_the_moment_and_the_value_and_not_of_how_they_are_written() -> None:
    event = an_event(1, data={"probability": 1.0, "large": [1e16]})
    sealed = event.seal(position=1, previous_hash=GENESIS)

    event.recorded_at = event.recorded_at.astimezone(timezone(timedelta(hours=5)))
    event.data = {"large": [10**16], "probability": 1}

    assert event.chain_hash() == sealed


def test_the_migration_hashes_as_the_model_does(step: ModuleType) -> None:
    for number in range(6):
        event = an_event(number)
        event.seal(position=number + 1, previous_hash=GENESIS)
        assert step.hash_now({name: getattr(event, name) for name in HASHED}) == event.hash


def test_the_migration_guards_as_the_model_does(step: ModuleType) -> None:
    assert step.GUARDS == GUARDS
    assert ", ".join(SAID) == step.SAID


def refusals(session: Session, *statements: str) -> list[str]:
    """What the database says to each of these statements; empty where it does as it is told."""
    said = []
    for statement in statements:
        try:
            with session.begin_nested():
                session.execute(text(statement))
            said.append("")
        except IntegrityError as error:
            said += re.findall(r"(?:A sealed|What an|An) event[^.]*\.", str(error.orig))
    return said


@pytest.mark.both
@pytest.mark.parametrize("made", ["migrated", "created"])
def test_the_database_refuses_to_alter_or_delete_an_event(made: str, url: str, engine: Engine) -> None:
    migrations.upgrade(url) if made == "migrated" else Base.metadata.create_all(engine)
    with Session(engine) as session:
        sealed, loose = an_event(1), an_event(2)
        sealed.seal(position=1, previous_hash=GENESIS)
        session.add_all([sealed, loose])
        session.flush()

        never = refusals(
            session,
            "UPDATE event SET actor = 'another' WHERE position = 1",
            "UPDATE event SET hash = 'another' WHERE position = 1",
            "UPDATE event SET position = NULL, hash = NULL",
            "UPDATE event SET actor = 'another' WHERE position IS NULL",
            "DELETE FROM event WHERE position IS NULL",
            "DELETE FROM event",
            *(["TRUNCATE event"] if engine.dialect.name == "postgresql" else []),
        )
        loose.seal(position=2, previous_hash=str(sealed.hash))
        session.flush()

    changed, reworded, deleted = (
        "A sealed event is never changed.",
        "What an event says is never changed; it is only sealed.",
        "An event is never deleted.",
    )
    assert never == [changed, changed, changed, reworded, deleted, deleted, deleted][: len(never)]
    assert len(never) >= 6


@pytest.mark.both
def test_what_guards_events_goes_with_their_table(engine: Engine) -> None:
    Base.metadata.create_all(engine)
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)


def write_old_chain(engine: Engine, step: ModuleType, count: int) -> None:
    """Sealed events of revision 0003, and one that is not sealed."""
    previous = GENESIS
    with engine.begin() as connection:
        for number in range(count + 1):
            event = an_event(number)
            row = {column.name: getattr(event, column.name) for column in step.EVENT.c}
            if number < count:
                row |= {"position": number + 1, "previous_hash": previous}
                row["hash"] = previous = step.hash_before(row)
            connection.execute(step.EVENT.insert().values(**row))


@pytest.mark.both
def test_an_older_chain_is_hashed_anew_and_back(url: str, engine: Engine, step: ModuleType) -> None:
    migrations.upgrade(url, "0003")
    write_old_chain(engine, step, 2500)
    before = hashes(engine)

    migrations.upgrade(url)
    with Session(engine) as session:
        found = auditing.verify(session, [], at=AT)
        first_of_new = delivering.seal(session, at=AT)
        then = auditing.verify(session, [], at=AT)

    assert (found.well, found.sealed, found.unsealed, first_of_new, then.well) == (True, 2500, 1, 1, True)
    migrations.downgrade(url, "0003")
    assert hashes(engine) == before


@pytest.mark.both
def test_what_was_broken_before_stays_broken(url: str, engine: Engine, step: ModuleType) -> None:
    migrations.upgrade(url, "0003")
    write_old_chain(engine, step, 9)
    with engine.begin() as connection:
        connection.execute(text("UPDATE event SET actor = 'another' WHERE position = 3"))
        connection.execute(text("UPDATE event SET previous_hash = :hash WHERE position = 6"), {"hash": GENESIS})

    migrations.upgrade(url)

    with Session(engine) as session:
        wrong = [(finding.position, finding.what) for finding in auditing.verify(session, [], at=AT).findings]
    assert wrong == [(3, "altered"), (6, "out of order"), (6, "altered")]


@pytest.mark.both
def test_a_database_without_events_has_no_head(url: str, engine: Engine) -> None:
    migrations.upgrade(url)

    with Session(engine) as session:
        assert auditing.verify(session, [], at=AT).well
        assert auditing.keep_head(session, Path("/nowhere"), at=AT) is None


def hashes(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT position, previous_hash, hash FROM event ORDER BY position")))
