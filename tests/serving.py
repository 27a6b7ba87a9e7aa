"""The service as it is run, in a thread of the test: uvicorn, its connections and all edges, on a free loopback port."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

import migrations
from api.cli.serving import configured
from api.settings import Settings
from tests.servers import wait_until


@dataclass(frozen=True)
class Served:
    """A running service."""

    app: FastAPI
    port: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def served(settings: Settings) -> Iterator[Served]:
    """Serve until the block ends."""
    migrations.upgrade(settings.url)
    config = configured(settings.model_copy(update={"port": 0}))
    config.port = 0
    config.load()
    server = uvicorn.Server(config)
    serving = threading.Thread(target=server.run)
    serving.start()
    try:
        wait_until(lambda: server.started, 20)
        yield Served(config.app, server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        serving.join()
