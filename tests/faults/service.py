"""The service as a process of its own, which a test may kill at any moment and start again."""

import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

from httpx2 import Client

_ADDRESS = re.compile(r"Open (http://\S+?)/ ")
_START_SECONDS = 60


class Service:
    """`matching serve` on a free loopback port, on one home that outlives it."""

    def __init__(self, home: Path, **settings: str) -> None:
        said = {"MATCHING_HOME": str(home), "MATCHING_PORT": "0", "MATCHING_LOG_LEVEL": "ERROR", "MATCHING_WRITES_PER_MINUTE": "0"}
        self._environment = {**os.environ, **said, **settings}
        self._process: subprocess.Popen[str] | None = None
        self._reader = threading.Thread()
        self._said: list[str] = []
        self.address = ""

    def start(self) -> None:
        """Start it and wait until it says where it listens."""
        command = [sys.executable, "-c", "from api.cli import app; app()", "serve"]
        self._process = subprocess.Popen(command, env=self._environment, stderr=subprocess.PIPE, text=True)
        listening = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(self._process.stderr, listening), daemon=True)
        self._reader.start()
        if not listening.wait(_START_SECONDS) or not self.address:
            self.kill()
            raise AssertionError("The service did not start: " + "".join(self._said))

    def _read(self, stderr: IO[str], listening: threading.Event) -> None:
        """Read to the end, so that the service never waits for a reader."""
        for line in stderr:
            self._said.append(line)
            if found := _ADDRESS.search(line):
                self.address = found[1]
                listening.set()
        listening.set()

    def kill(self) -> None:
        """SIGKILL: no handler runs, nothing is flushed. Does nothing when it is not running."""
        if self._process is not None:
            self._process.kill()
            self._reader.join()
            with self._process:
                self._process = None
        self.address = ""

    def client(self, key: str) -> Client:
        """A machine with a key."""
        return Client(base_url=f"{self.address}/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=30)
