"""Fixtures that every test may ask for: one real database a session, emptied for each test; clients in every role."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.orm import Session

import migrations
from api.db import Database
from api.jobs.context import Context
from api.jobs.runner import Runner
from api.logs import configure_log
from api.main import create_app
from api.security import COOKIE, CSRF_HEADER
from api.services import accounts
from api.services.attempts import Attempts
from api.services.library import Libraries
from api.services.measuring import Lookout
from api.settings import Settings
from matcher.encoding import OnnxEncoder
from models.keys import Scope
from models.people import Person, Role
from tests import factories
from tests.modes import Mode
from tests.workers import CeleryRunner, celery_runner

pytest_plugins = ["tests.chromium", "tests.encoders", "tests.postgres", "tests.statements", "tests.valkey"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test marked `both` once in each mode; one that reaches no database has nothing to tell them apart."""
    if metafunc.definition.get_closest_marker("both") and "mode" in metafunc.fixturenames:
        metafunc.parametrize("mode", list(Mode), ids=str, indirect=True)


@pytest.fixture
def mode(request: pytest.FixtureRequest) -> Mode:
    """The mode of this test."""
    return getattr(request, "param", Mode.EMBEDDED)


@pytest.fixture(autouse=True)
def _same_log() -> None:
    """Begin every test with the log as it is by default, whatever an app of another test made of it."""
    configure_log("INFO")


@pytest.fixture(scope="session", autouse=True)
def _quick_hashes() -> Iterator[None]:
    """Hash passwords with the same algorithm at a hundredth of the cost, which tests need not pay."""
    cheap = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(accounts, "_hasher", lambda: cheap)
        yield


@pytest.fixture(scope="session")
def _apps() -> Iterator[dict[Mode, FastAPI]]:
    """One app a mode, made when the first test asks for it."""
    made: dict[Mode, FastAPI] = {}
    yield made
    for app in made.values():
        app.state.database.dispose()


@pytest.fixture
def settings(_apps: dict[Mode, FastAPI], mode: Mode, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Settings:
    """The settings of the app under test: a home of its own, without encoder."""
    if mode in _apps:
        return cast(Settings, _apps[mode].state.settings)
    home: Path = tmp_path_factory.mktemp("home")
    servers = {"database_url": "lasting_postgresql_url", "broker_url": "broker_url"} if mode is Mode.SERVICE else {}
    unlimited = {"reads_per_minute": 0, "writes_per_minute": 0, "links_per_hour": 0}  # limits have tests of their own
    return Settings(home=home, **unlimited, **{setting: request.getfixturevalue(fixture) for setting, fixture in servers.items()})


@pytest.fixture
def app(_apps: dict[Mode, FastAPI], mode: Mode, settings: Settings) -> FastAPI:
    """The app on an empty database; no job runs unless the test runs it (`app.state.runner.run_due()`)."""
    if mode not in _apps:
        migrations.upgrade(settings.url)
        _apps[mode] = create_app(settings)
    made = _apps[mode]
    with made.state.database.transaction() as session:
        factories.empty(session)
    made.state.lookout.forget()
    made.state.attempts = Attempts(settings.sign_in_attempts)
    return made


@pytest.fixture
def database(app: FastAPI) -> Database:
    """The empty database of the app."""
    found: Database = app.state.database
    return found


@pytest.fixture
def transaction(database: Database) -> Callable[[], AbstractContextManager[Session]]:
    """`with transaction() as session:` for arranging; it commits at its end."""
    return database.transaction


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A writing session that is rolled back; for tests of services and queries, not of requests."""
    with database._writers() as found:
        yield found
        found.rollback()


@pytest.fixture
def make(database: Database) -> Callable[..., Any]:
    """`make(factories.make_need, title=…)` stores and commits; what it returns can be read on."""

    def stored(factory: Callable[..., Any], *args: Any, **values: Any) -> Any:
        with database.transaction() as session:
            return factory(session, *args, **values)

    return stored


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    """Somebody who is not signed in."""
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture
def client_of(app: FastAPI, database: Database) -> Callable[[Person], TestClient]:
    """A browser in which a person is signed in; it sends the token that changes need."""

    def signed_in(person: Person) -> TestClient:
        with database.transaction() as session:
            begun = accounts.start_session(session, person.id, at=datetime.now(UTC), hours=1)
        headers = {CSRF_HEADER: begun.csrf_token, "Sec-Fetch-Site": "same-origin"}
        client = TestClient(app, raise_server_exceptions=False, headers=headers)
        client.cookies.set(COOKIE, begun.token)
        return client

    return signed_in


@pytest.fixture
def client_as(client_of: Callable[[Person], TestClient], make: Callable[..., Any]) -> Callable[..., TestClient]:
    """`client_as(Role.PLACE, place="LDS")`: a browser in which somebody new of that role is signed in."""

    def signed_in(role: Role | None, **values: Any) -> TestClient:
        return client_of(make(factories.make_person, role, **values))

    return signed_in


@pytest.fixture
def client_with_key(app: FastAPI, make: Callable[..., Any]) -> Callable[..., TestClient]:
    """`client_with_key(Role.PIPELINE, {Scope.EVENTS})`: a machine with a new key."""

    def with_key(role: Role = Role.PIPELINE, scopes: set[Scope] | None = None, **values: Any) -> TestClient:
        key = make(factories.make_key, role, scopes, **values)
        return TestClient(app, raise_server_exceptions=False, headers={"Authorization": f"Bearer {key}"})

    return with_key


@pytest.fixture
def hub(client_as: Callable[..., TestClient]) -> TestClient:
    """A browser of Hub staff."""
    return client_as(Role.HUB)


@pytest.fixture
def runner(
    app: FastAPI,
    encoder: OnnxEncoder,
    encoder_folder: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[Runner | CeleryRunner]:
    """Gives the app the real encoder; `runner.run_due()` runs every job that is owed, here or in a Celery worker."""
    libraries = Libraries(encoder_folder=encoder_folder, snapshot_folder=settings.snapshot_folder)
    libraries._encoder = encoder
    context = Context(database=app.state.database, libraries=libraries, settings=settings)
    monkeypatch.setitem(app.state._state, "libraries", libraries)
    monkeypatch.setitem(app.state._state, "lookout", Lookout(app.state.database, libraries))
    if settings.service_mode:
        request.getfixturevalue("broker_url")  # emptied
        with celery_runner(context, monkeypatch) as made:
            yield made
        return
    made = Runner(context)
    monkeypatch.setitem(app.state._state, "runner", made)
    yield made
