"""The migrations make the models' schema, on both databases, up, down and up again."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, inspect

import migrations
from models import Base

MakeUrl = Callable[[str], str]
MakeEngine = Callable[[str], Engine]
DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture
def make_url(request: pytest.FixtureRequest, tmp_path: Path) -> MakeUrl:
    """Empty databases of the kind that the test is run for."""

    def make(kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / uuid4().hex}.sqlite"
        return request.getfixturevalue("make_postgresql_database")()

    return make


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


@pytest.mark.parametrize("kind", DATABASES)
def test_up_down_and_up_again(kind: str, make_url: MakeUrl, make_engine: MakeEngine) -> None:
    url = make_url(kind)
    engine = make_engine(url)

    assert migrations.current(engine) is None
    migrations.upgrade(url)
    assert migrations.current(engine) == migrations.head()
    first = schema(engine)
    migrations.downgrade(url)
    assert schema(engine) == {}
    migrations.upgrade(url)

    assert schema(engine) == first


@pytest.mark.parametrize("kind", DATABASES)
def test_the_migrations_make_what_the_models_say(kind: str, make_url: MakeUrl, make_engine: MakeEngine) -> None:
    migrated, created = make_engine(make_url(kind)), make_engine(make_url(kind))

    migrations.upgrade(migrated)
    Base.metadata.create_all(created)

    migrations.check(migrated)
    assert schema(migrated) == schema(created)


@pytest.mark.parametrize("kind", DATABASES)
def test_a_second_upgrade_changes_nothing(kind: str, make_url: MakeUrl, make_engine: MakeEngine) -> None:
    url = make_url(kind)
    migrations.upgrade(url)
    before = schema(make_engine(url))

    migrations.upgrade(url)

    assert schema(make_engine(url)) == before
