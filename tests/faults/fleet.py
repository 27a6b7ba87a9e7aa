"""The service mode as an operator runs it: API processes, workers and beat, each started again when it ends."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2
import psutil

from api.settings import Settings
from tests.servers import STOP_SECONDS, free_port, kill_tree, wait_until

RESTART_SECONDS = 0.5
START_SECONDS = 90
_COMMAND = (sys.executable, "-c", "from api.cli import app; app()")


class Program:
    """One command of the service, which is killed with all that it started."""

    def __init__(self, name: str, arguments: tuple[str, ...], environment: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self._arguments = arguments
        self._environment = {**os.environ, **environment}
        self._log = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start it, unless it runs."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                with self._log.open("ab") as log:
                    self._process = subprocess.Popen([*_COMMAND, *self._arguments], env=self._environment, stdout=log, stderr=log)

    def kill(self) -> bool:
        """SIGKILL to the whole tree; returns whether there was one."""
        with self._lock:
            running = self._process is not None and self._process.poll() is None
            if self._process is not None:
                kill_tree(self._process)
            return running

    def stop(self) -> float:
        """End it as an operator does, by force when it takes too long; returns the seconds that it took."""
        began = time.monotonic()
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                return 0.0
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                kill_tree(self._process)
        return time.monotonic() - began

    def said(self) -> str:
        """What it wrote, in all its lives."""
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""


class Fleet:
    """Two API processes, two workers, one worker that sweeps, and beat; a supervisor starts whatever ended."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        common = {f"MATCHING_{name.upper()}": str(value) for name, value in settings.model_dump(exclude_unset=True).items()}
        self.ports = [free_port(), free_port()]
        apis = [Program(f"api{port}", ("serve",), {**common, "MATCHING_PORT": str(port)}, folder) for port in self.ports]
        workers = [Program(f"worker{number}", ("worker",), common, folder) for number in (1, 2)]
        sweeper = Program("sweeper", ("worker", "--queues=sweep"), common, folder)
        self.kinds = {"api": apis, "worker": workers, "sweeper": [sweeper], "beat": [Program("beat", ("beat",), common, folder)]}
        self.programs = [program for kind in self.kinds.values() for program in kind]
        self._stopping = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, name="supervisor", daemon=True)

    def __enter__(self) -> Self:
        self._supervisor.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> dict[str, float]:
        """End all at once; returns the seconds that each took."""
        self._stopping.set()
        self._supervisor.join()
        with ThreadPoolExecutor(len(self.programs)) as pool:
            seconds = pool.map(Program.stop, self.programs)
            return {program.name: taken for program, taken in zip(self.programs, seconds, strict=True)}

    @property
    def addresses(self) -> list[str]:
        """Where the API processes listen."""
        return [f"http://127.0.0.1:{port}/api/v1" for port in self.ports]

    def wait_until_it_answers(self) -> None:
        """Until every API process takes requests."""
        for port in self.ports:
            wait_until(lambda: _answers(port), START_SECONDS)  # noqa: B023 -- asked before the next port

    def memory_mib(self) -> float:
        """Resident memory of all that this test process started."""
        return sum(each.memory_info().rss for each in psutil.Process().children(recursive=True)) / 2**20

    def _supervise(self) -> None:
        while not self._stopping.is_set():
            for program in self.programs:
                program.start()
            self._stopping.wait(RESTART_SECONDS)


def _answers(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/health/live").status_code == 200
    except httpx2.HTTPError:
        return False
