"""The walk in seconds: help, first and second run, launch, and an innovation's way to its ranked needs."""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from importlib.resources import files
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

REPEATS = 50
LAUNCHES = 5
_MATCHING = (sys.executable, "-c", "from api.cli import app; app()")
_PATIENCE_SECONDS = 300
_LEFT_OUT = ("key", "verified", "illustrative", "external_ids", "record", "record_version")


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, in seconds, and the bound that it is held to; None where a figure is only shown."""

    question: str
    seconds: tuple[float, ...]
    bound: float | None

    @property
    def median(self) -> float:
        """The middle of all measurements."""
        return statistics.median(self.seconds)

    @property
    def within(self) -> bool:
        """Whether the median keeps the bound."""
        return self.bound is None or self.median <= self.bound


class Asked:
    """A service on loopback, asked over one connection at a time."""

    def __init__(self, port: int, key: str = "") -> None:
        self.port, self.key = port, key

    def __call__(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Status and JSON of the answer; status 0 while nobody listens."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self.key}"} if self.key else {})
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            said = answer.read()
            return answer.status, json.loads(said) if "json" in answer.getheader("Content-Type", "") else None
        except (OSError, HTTPException):
            return 0, None
        finally:
            connection.close()


@contextmanager
def launched(command: str, home: Path) -> Iterator[tuple[Asked, float, int]]:
    """`matching COMMAND` on a free port: how to ask it, when it was launched, its process id."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "MATCHING_HOME": str(home), "MATCHING_PORT": str(port), "MATCHING_LOG_LEVEL": "ERROR"}
    begun = time.perf_counter()
    process = subprocess.Popen([*_MATCHING, command], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield Asked(port), begun, process.pid
    finally:
        process.terminate()
        process.wait()


def until(asked: Asked, path: str, begun: float) -> float:
    """Seconds from the launch until `path` answers 200."""
    while time.perf_counter() - begun < _PATIENCE_SECONDS:
        if asked("GET", path)[0] == 200:  # noqa: PLR2004 -- OK
            return time.perf_counter() - begun
        time.sleep(0.01)
    raise SystemExit(f"{path} did not answer within {_PATIENCE_SECONDS} seconds.")


def help_seconds() -> Iterator[float]:
    """How long `matching --help` takes, launch after launch."""
    for _ in range(LAUNCHES):
        begun = time.perf_counter()
        subprocess.run([*_MATCHING, "--help"], check=True, stdout=subprocess.DEVNULL)
        yield time.perf_counter() - begun


def launch_seconds(home: Path, path: str, command: str = "serve", launches: int = LAUNCHES) -> Iterator[float]:
    """How long a launch takes until `path` answers."""
    for _ in range(launches):
        with launched(command, home) as (asked, begun, _):
            yield until(asked, path, begun)


def innovations() -> Iterator[dict[str, Any]]:
    """Innovations as an API client sends them: the demonstration's texts under other names."""
    rows: list[dict[str, Any]] = json.loads(files("api").joinpath("data/demo/innovations.json").read_text(encoding="utf-8"))
    for number, row in enumerate(row for row in rows if row.get("consent_by")):
        said = {name: value for name, value in row.items() if name not in _LEFT_OUT}
        name, description = f"{row['name']} {number}", f"Variant {number}. {row['description']}"
        yield {**said, "name": name, "description": description, "submit": True}


def answer_seconds(asked: Asked) -> Iterator[float]:
    """From the POST of an innovation to its ranked needs."""
    for _, body in zip(range(REPEATS), innovations(), strict=False):
        begun = time.perf_counter()
        status, made = asked("POST", "/api/v1/innovations", body)
        if status != 201:  # noqa: PLR2004 -- created
            raise SystemExit(f"POST /api/v1/innovations answered {status}: {made}")
        status, found = asked("GET", f"/api/v1/innovations/{made['id']}/matches")
        if status != 200 or not found["matches"]:  # noqa: PLR2004 -- OK
            raise SystemExit(f"Its matches answered {status}: {found}")
        yield time.perf_counter() - begun


def hub_key(home: Path) -> str:
    """A key by which the Hub may read and write."""
    command = [*_MATCHING, "keys", "add", "Benchmark", "--role", "hub", "--scope", "read", "--scope", "write", "--json"]
    made = subprocess.run(command, check=True, capture_output=True, env={**os.environ, "MATCHING_HOME": str(home)})
    key: str = json.loads(made.stdout)["key"]
    return key


def torch_is_loaded(pid: int) -> bool:
    """Whether a process has any library of torch in its memory."""
    return "libtorch" in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")


def measure(home: Path, say: Callable[[str], None]) -> tuple[list[Figure], bool]:
    """All figures, and whether the API process was free of torch."""
    say("matching --help")
    found = [Figure("`matching --help`", tuple(help_seconds()), 0.5)]
    say("first run")
    found.append(Figure("first `matching run` to a page", tuple(launch_seconds(home, "/", "run", 1)), 90))
    say("second runs")
    found.append(Figure("second `matching run` to /health/ready", tuple(launch_seconds(home, "/health/ready", "run", 3)), 5))
    say("launches")
    found.append(Figure("launch to /health/live", tuple(launch_seconds(home, "/health/live")), 2))
    say(f"{REPEATS} innovations")
    with launched("serve", home) as (asked, begun, pid):
        until(asked, "/health/ready", begun)
        asked.key = hub_key(home)
        found.append(Figure("POST of an innovation to its ranked needs", tuple(answer_seconds(asked)), 2))
        return found, not torch_is_loaded(pid)


def run() -> bool:
    """Measure on a home of its own and print the table; whether every bound was kept."""
    err = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="matching-bench-") as folder:
        found, free_of_torch = measure(Path(folder), lambda step: err.print(f"measuring: {step}"))
    table = Table("Question", "Median", "Least", "Most", "Times", "Bound", "Kept", title=f"The walk on {os.cpu_count()} cores")
    for figure in found:
        seconds = [f"{value:.3f} s" for value in (figure.median, min(figure.seconds), max(figure.seconds))]
        bound = f"{figure.bound:g} s" if figure.bound is not None else ""
        table.add_row(figure.question, *seconds, str(len(figure.seconds)), bound, "yes" if figure.within else "NO")
    table.add_row("API process without torch", "", "", "", "1", "", "yes" if free_of_torch else "NO")
    Console(width=140).print(table)
    return free_of_torch and all(figure.within for figure in found)


if __name__ == "__main__":
    raise SystemExit(0 if run() else 1)
