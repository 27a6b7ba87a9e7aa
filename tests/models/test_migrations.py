"""The migrations make the models' schema, on both databases, up, down and up again."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.exc import OperationalError

import migrations
from models import Base
from tests.modes import Mode

ROOT = Path(__file__).parents[2]
MakeUrl = Callable[[], str]
MakeEngine = Callable[[str], Engine]


@pytest.fixture
def make_url(request: pytest.FixtureRequest, mode: Mode, tmp_path: Path) -> MakeUrl:
    """Empty databases of the mode that the test is run for."""
    if mode is Mode.SERVICE:
        made: MakeUrl = request.getfixturevalue("make_postgresql_database")
        return made
    return lambda: f"sqlite:///{tmp_path / uuid4().hex}.sqlite"


def schema(engine: Engine) -> dict[str, Any]:
    """Everything that the database says of its tables, CHECKs included, which alembic does not compare."""
    seen = inspect(engine)
    tables = sorted(set(seen.get_table_names()) - {"alembic_version"})
    return {
        table: {
            "columns": {c["name"]: (str(c["type"]), c["nullable"], c["default"]) for c in seen.get_columns(table)},
            "primary key": seen.get_pk_constraint(table),
            "foreign keys": sorted(map(repr, seen.get_foreign_keys(table))),
            "unique": sorted(map(repr, seen.get_unique_constraints(table))),
            "checks": sorted((c["name"] or "", c["sqltext"]) for c in seen.get_check_constraints(table)),
            "indexes": sorted(
                (i["name"] or "", repr(i["column_names"]), repr(i["unique"]), {k: str(v) for k, v in i.get("dialect_options", {}).items()})
                for i in seen.get_indexes(table)
            ),
        }
        for table in tables
    }


@pytest.fixture
def make_engine() -> Iterator[MakeEngine]:
    made: list[Engine] = []

    def make(url: str) -> Engine:
        made.append(create_engine(url))
        return made[-1]

    yield make
    for engine in made:
        engine.dispose()


@pytest.mark.both
def test_up_down_and_up_again(make_url: MakeUrl, make_engine: MakeEngine) -> None:
    url = make_url()
    engine = make_engine(url)

    assert migrations.current(engine) is None
    migrations.upgrade(url)
    assert migrations.current(engine) == migrations.head()
    first = schema(engine)
    migrations.downgrade(url)
    assert schema(engine) == {}
    migrations.upgrade(url)

    assert schema(engine) == first


@pytest.mark.both
def test_the_migrations_make_what_the_models_say(make_url: MakeUrl, make_engine: MakeEngine) -> None:
    migrated, created = make_engine(make_url()), make_engine(make_url())

    migrations.upgrade(migrated)
    Base.metadata.create_all(created)

    migrations.check(migrated)
    assert schema(migrated) == schema(created)


@pytest.mark.both
def test_a_second_upgrade_changes_nothing(make_url: MakeUrl, make_engine: MakeEngine) -> None:
    url = make_url()
    migrations.upgrade(url)
    before = schema(make_engine(url))

    migrations.upgrade(url)

    assert schema(make_engine(url)) == before


@pytest.mark.both
def test_two_processes_that_start_at_once_migrate_once(make_url: MakeUrl, make_engine: MakeEngine) -> None:
    url = make_url()
    command = [sys.executable, "-c", "import sys, migrations; migrations.upgrade(sys.argv[1])", url]

    started = [subprocess.Popen(command, cwd=ROOT) for _ in range(2)]

    assert [process.wait(timeout=60) for process in started] == [0, 0]
    assert migrations.current(make_engine(url)) == migrations.head()


def test_a_step_that_fails_half_way_leaves_nothing_behind(make_url: MakeUrl, make_engine: MakeEngine) -> None:
    engine = make_engine(make_url())
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE vector (half_made INTEGER)"))

    with pytest.raises(OperationalError, match="vector already exists"):
        migrations.upgrade(engine)

    assert inspect(engine).get_table_names() == ["vector"]


def test_rows_that_would_point_nowhere_stop_the_upgrade(make_url: MakeUrl, make_engine: MakeEngine) -> None:
    engine = make_engine(make_url())
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))
        connection.execute(text("CREATE TABLE child (parent_id INTEGER REFERENCES parent (id))"))
        connection.execute(text("INSERT INTO child VALUES (7)"))

    with pytest.raises(RuntimeError, match="1 rows that point nowhere"):
        migrations.upgrade(engine)

    assert migrations.current(engine) is None
