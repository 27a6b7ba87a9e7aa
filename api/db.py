"""The one transaction: a request or a job is one, and only this file commits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from asgi_correlation_id import correlation_id
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import Session, sessionmaker

from api.turns import Turns
from models.events import Event

BEFORE_COMMIT, AFTER_COMMIT = "before_commit", "after_commit"
BUSY_SECONDS = 20
_TURN = "turn"
AWAY = (OperationalError, InterfaceError, PoolExhausted)
"""What is raised while the database is away or too busy: nothing was done, and it may be asked again."""
_POSTGRESQL = {
    "application_name": "matching",
    "connect_timeout": 3,
    "keepalives_idle": 30,
    "tcp_user_timeout": 10_000,
    # A lock that does not come, or a process that hangs with one, must not stop everybody.
    "options": "-c lock_timeout=10s -c idle_in_transaction_session_timeout=300s",
}


class Database:
    """One database: `transaction()` writes and commits, `reading()` only reads.

    On SQLite a writer takes the write lock at its start (BEGIN IMMEDIATE), so that it never fails half-way
    because another was faster; threads of this process take turns at it, those of others wait as SQLite has them wait.
    """

    def __init__(self, url: str, *, pool: int = 10) -> None:
        self.url = url
        self.engine = _engine(url, pool)
        writer = self.engine.execution_options(sqlite_begin="IMMEDIATE", turns=Turns())
        self._writers = sessionmaker(writer, expire_on_commit=False)
        event.listen(self._writers, "before_flush", _name_the_request)
        self._readers = sessionmaker(_consistent(self.engine), expire_on_commit=False)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Commit when the block ends, roll back when it raises; what was asked for after the commit runs then."""
        with self._writers() as session:
            try:
                yield session
                for last in session.info.pop(BEFORE_COMMIT, {}).values():
                    last(session)
                session.commit()
            except BaseException:
                session.rollback()
                raise
            wanted: list[Callable[[], None]] = session.info.pop(AFTER_COMMIT, [])
        for call in wanted:
            call()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Read from one consistent state; nothing is written."""
        with self._readers() as session:
            session.autoflush = False
            yield session

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def before_commit(session: Session, name: str, call: Callable[[Session], None]) -> None:
    """Run `call` as the last thing of the session's transaction, once for all calls of a name.

    For a row that many writers want: whoever waits for it then holds it no longer than a commit takes, and takes no lock after it.
    """
    session.info.setdefault(BEFORE_COMMIT, {}).setdefault(name, call)


def after_commit(session: Session, call: Callable[[], None]) -> None:
    """Run `call` once when the session's transaction has been committed."""
    session.info.setdefault(AFTER_COMMIT, []).append(call)


def _name_the_request(session: Session, _context: object, _instances: object) -> None:
    """Write into every new event which request or job it came from."""
    for row in session.new:
        if isinstance(row, Event) and not row.correlation_id:
            row.correlation_id = correlation_id.get() or ""


def _consistent(engine: Engine) -> Engine:
    """One that sees the database as it was at its first question; SQLite does so anyway."""
    if engine.dialect.name == "sqlite":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _engine(url: str, pool: int) -> Engine:
    """An engine whose errors tell the statement and never what was to be written."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(
            parsed,
            connect_args=_POSTGRESQL,
            pool_pre_ping=True,
            pool_size=pool,
            max_overflow=pool,
            pool_timeout=BUSY_SECONDS / 4,
            hide_parameters=True,
        )
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "checkin", _give_turn_back)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 -- the driver's own connection
    connection.isolation_level = None  # BEGIN is ours, below
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    turns: Turns | None = options.get("turns")
    if turns is not None:
        if not turns.take(BUSY_SECONDS):
            raise OperationalError("BEGIN IMMEDIATE", None, TimeoutError(f"Others of this process wrote for {BUSY_SECONDS} seconds."))
        connection.info[_TURN] = turns
    connection.exec_driver_sql(f"BEGIN {options.get('sqlite_begin', 'DEFERRED')}")


def _give_turn_back(_connection: object, record: Any) -> None:  # noqa: ANN401 -- the pool's own record
    """When the connection goes back to the pool: after the commit or the rollback, however it ended."""
    turns: Turns | None = record.info.pop(_TURN, None)
    if turns is not None:
        turns.give_back()
