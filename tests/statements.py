"""SQL compiled once a test process instead of once a database: a quarter of what tests of services took was compiling.

An engine keeps what it compiled under its own dialect; here dialects of one kind count as one, since all tests connect alike.
"""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.util import LRUCache

STATEMENTS = 3000


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Iterator[None]:
    compiled: LRUCache[object, object] = LRUCache(STATEMENTS)

    def share(connection: Connection) -> None:
        connection.engine._compiled_cache = compiled

    with pytest.MonkeyPatch.context() as patched:
        for dialect in (SQLiteDialect, PGDialect):
            patched.setattr(dialect, "__eq__", lambda one, other: type(one) is type(other), raising=False)
            patched.setattr(dialect, "__hash__", lambda one: hash(type(one)), raising=False)
        event.listen(Engine, "engine_connect", share)
        yield
        event.remove(Engine, "engine_connect", share)
