"""Both modes side by side: from a POST to its ranked needs, and how fast a long import becomes searchable.

The service mode is what an operator runs: PostgreSQL and Valkey, two API processes, one worker and beat, all on loopback.
"""

import csv
import io
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from uuid import UUID

from httpx2 import Client, HTTPError
from rich.console import Console
from rich.table import Table

from api.db import Database
from bench.walk import innovations
from models.documents import Side
from models.queries import documents, jobs
from models.runs import RankingRun
from tests.modes import Mode
from tests.servers import PostgreSQL, Valkey, kill_tree

REPEATS = 50
BOUND_SECONDS = 3.0
IMPORTS = 3  # of each kind
ROWS = 1_000
BATCHES = (1, 128)
_TEXTS = Path(__file__).parent / "data" / "sbir-sample" / "texts.jsonl"
_MATCHING = (sys.executable, "-c", "from api.cli import app; app()")
_PROGRAMS = {Mode.EMBEDDED: ("serve",), Mode.SERVICE: ("serve", "worker", "beat")}
_PATIENCE_SECONDS = 600.0
_STOP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Answered:
    """One innovation: seconds from its POST until its matches were answered, and until its ranking run was stored."""

    matches: float
    stored: float


@dataclass(frozen=True, slots=True)
class Installed:
    """A running installation, asked as the Hub."""

    client: Client
    database: Database


@contextmanager
def installed(mode: Mode, encoder: Path, *, demo: bool = False, **settings: str) -> Iterator[Installed]:
    """An installation of its own on loopback, ready; all that was started for it has ended when the block has."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="matching-bench-")))
        (home / "encoder").symlink_to(encoder)
        chosen = {"home": str(home), "port": "0", "log_level": "ERROR", "reads_per_minute": "0", "writes_per_minute": "0", **settings}
        if mode is Mode.SERVICE:
            database_url = stack.enter_context(PostgreSQL()).url.render_as_string(hide_password=False)
            chosen |= {"database_url": database_url, "broker_url": stack.enter_context(Valkey()).url, "processes": "2"}
        environment = environment_of(chosen)
        matching(environment, "init")
        if demo:
            matching(environment, "demo")
        said = matching(environment, "keys", "add", "Benchmark", "--role", "hub", *scopes("read", "write", "import"), "--json")
        address = stack.enter_context(started(home, environment, _PROGRAMS[mode]))
        headers = {"Authorization": f"Bearer {json.loads(said)['key']}"}
        client = stack.enter_context(Client(base_url=address, headers=headers, timeout=60))
        database = Database(chosen.get("database_url") or f"sqlite:///{home / 'matching.sqlite'}", pool=1)
        stack.callback(database.dispose)
        until("the service is ready", lambda: answers(client, "/health/ready"))
        yield Installed(client, database)


def environment_of(chosen: dict[str, str]) -> dict[str, str]:
    """The environment of a command: these settings and none of who runs the benchmark."""
    common = {name: value for name, value in os.environ.items() if not name.startswith("MATCHING_")}
    return common | {f"MATCHING_{name.upper()}": value for name, value in chosen.items()}


def scopes(*names: str) -> Iterator[str]:
    """The scopes of a key, as options of the command line."""
    for name in names:
        yield from ("--scope", name)


def matching(environment: dict[str, str], *arguments: str) -> str:
    """Run one command to its end; what it wrote to standard output."""
    return subprocess.run([*_MATCHING, *arguments], check=True, capture_output=True, text=True, env=environment).stdout


@contextmanager
def started(home: Path, environment: dict[str, str], commands: tuple[str, ...]) -> Iterator[str]:
    """The programs of a mode; yields where the first of them answers. They are stopped in good order, by force if need be."""
    running: list[subprocess.Popen[bytes]] = []
    try:
        for command in commands:
            with (home / f"{command}.log").open("wb") as log:
                running.append(subprocess.Popen([*_MATCHING, command], env=environment, stdout=log, stderr=log))
        said = home / f"{commands[0]}.log"
        until("the service listens", lambda: _address(said) is not None)
        yield _address(said) or ""
    finally:
        for process in reversed(running):
            process.terminate()
        for process in reversed(running):
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                kill_tree(process)


def _address(log: Path) -> str | None:
    found = re.search(r"(http://127\.0\.0\.1:\d+)/", log.read_text(encoding="utf-8"))
    return found[1] if found else None


def answers(client: Client, path: str) -> bool:
    """Whether it answers 200."""
    try:
        return client.get(path).status_code == 200  # noqa: PLR2004 -- OK
    except HTTPError:
        return False


def until(what: str, condition: Callable[[], bool], *, pause: float = 0.01) -> None:
    """Ask again and again until it is so; ends the benchmark when it never is."""
    limit = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > limit:
            raise SystemExit(f"It did not happen within {_PATIENCE_SECONDS:.0f} seconds that {what}.")
        time.sleep(pause)


def all_done(database: Database) -> bool:
    """Whether every text is embedded and no job is due."""
    with database.reading() as session:
        counted = [documents.counts(session, side) for side in Side]
        return all(each["embedded"] == each["searchable"] for each in counted) and not jobs.pending_count(session, datetime.now(UTC))


def answered(installation: Installed) -> Iterator[Answered]:
    """Innovation after innovation: said, asked for its needs, and looked for in the runs that were stored."""
    until("the demonstration is ranked", lambda: all_done(installation.database), pause=0.5)
    for body in islice(innovations(), REPEATS):
        begun = time.perf_counter()
        made = installation.client.post("/api/v1/innovations", json=body)
        if made.status_code != 201:  # noqa: PLR2004 -- created
            raise SystemExit(f"POST /api/v1/innovations answered {made.status_code}: {made.text}")
        found = installation.client.get(f"/api/v1/innovations/{made.json()['id']}/matches")
        if found.status_code != 200 or not found.json()["matches"]:  # noqa: PLR2004 -- OK
            raise SystemExit(f"Its matches answered {found.status_code}: {found.text}")
        matches = time.perf_counter() - begun
        innovation_id = UUID(made.json()["id"])
        until("its ranking run is stored", lambda: _is_ranked(installation.database, innovation_id))  # noqa: B023 -- called at once
        yield Answered(matches, time.perf_counter() - begun)


def _is_ranked(database: Database, innovation_id: UUID) -> bool:
    with database.reading() as session:
        return session.query(RankingRun.id).filter_by(innovation_id=innovation_id).first() is not None


def documents_a_second(installation: Installed) -> float:
    """How many documents of a long import become searchable by meaning in a second, from the answer to its upload on."""
    form = {"side": Side.INNOVATION.value, "consent_basis": "Benchmark", "partial": "true"}
    reply = installation.client.post("/api/v1/imports", data=form, files={"file": ("rows.csv", csv_of(ROWS), "text/csv")})
    begun = time.perf_counter()
    if reply.status_code != 202:  # noqa: PLR2004 -- accepted
        raise SystemExit(f"POST /api/v1/imports answered {reply.status_code}: {reply.text}")
    import_id = reply.json()["id"]

    def complete() -> bool:
        return bool(installation.client.get(f"/api/v1/imports/{import_id}").json()["status"] == "complete")

    def embedded() -> bool:
        with installation.database.reading() as session:
            counted = documents.counts(session, Side.INNOVATION)
        return counted["embedded"] == counted["searchable"]

    until("the import is applied", complete, pause=0.1)
    until("its rows are embedded", embedded, pause=0.1)
    seconds = time.perf_counter() - begun
    with installation.database.reading() as session:
        return documents.counts(session, Side.INNOVATION)["embedded"] / seconds


def csv_of(rows: int) -> bytes:
    """Innovations as a list of them is kept: a name and a paragraph of some 300 characters, no two alike."""
    lines = _TEXTS.read_text(encoding="utf-8").splitlines()
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(["key", "name", "description"])
    for number, line in enumerate(islice(cycle(lines), rows)):
        text = json.loads(line)
        table.writerow([f"row-{number}", f"{text['title'][:80]} {number}", f"Row {number}. {text['text'][:300]}"])
    return written.getvalue().encode()


def show_answers(found: dict[Mode, list[Answered]]) -> tuple[Table, bool]:
    """The table of answers, and whether every median keeps the bound."""
    title = f"From the POST of an innovation to its ranked needs, on {os.cpu_count()} cores"
    table = Table("Mode", "Until", "Median", "Least", "Most", "Times", "Bound", "Kept", title=title)
    all_kept = True
    for mode, each in found.items():
        for until_what, seconds in (
            ("its matches are answered", [one.matches for one in each]),
            ("its run and proposals are stored", [one.stored for one in each]),
        ):
            kept = statistics.median(seconds) <= BOUND_SECONDS
            all_kept &= kept
            shown = [f"{value:.3f} s" for value in (statistics.median(seconds), min(seconds), max(seconds))]
            table.add_row(mode.value, until_what, *shown, str(len(seconds)), f"{BOUND_SECONDS:g} s", "yes" if kept else "NO")
    return table, all_kept


def show_imports(found: dict[tuple[Mode, int], list[float]]) -> Table:
    """The table of imports."""
    title = f"Import of {ROWS:,} rows until all are embedded, documents a second"
    table = Table("Mode", "Texts a batch at most", "Median", "Least", "Most", "Times", title=title)
    for (mode, batch), each in found.items():
        table.add_row(
            mode.value, str(batch), *(f"{value:.1f}" for value in (statistics.median(each), min(each), max(each))), str(len(each))
        )
    return table


def measure(encoder: Path, say: Callable[[str], None]) -> tuple[dict[Mode, list[Answered]], dict[tuple[Mode, int], list[float]]]:
    """Everything, each mode in turn so that neither has the quieter machine."""
    answers_found: dict[Mode, list[Answered]] = {}
    for mode in Mode:
        say(f"{REPEATS} innovations, {mode}")
        with installed(mode, encoder, demo=True) as installation:
            answers_found[mode] = list(answered(installation))
    imports_found: dict[tuple[Mode, int], list[float]] = {(mode, batch): [] for mode in Mode for batch in BATCHES}
    for number in range(IMPORTS):
        for (mode, batch), seen in imports_found.items():
            say(f"import {number + 1} of {IMPORTS}, {mode}, {batch} texts a batch")
            with installed(mode, encoder, embed_batch_texts=str(batch)) as installation:
                seen.append(documents_a_second(installation))
    return answers_found, imports_found


def run() -> bool:
    """Measure and print the tables; whether every bound was kept."""
    err = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="matching-bench-") as folder:
        err.print("measuring: the encoder is exported")
        matching(environment_of({"home": folder}), "encoder", "export")
        found, imports = measure(Path(folder) / "encoder", lambda step: err.print(f"measuring: {step}"))
    table, kept = show_answers(found)
    console = Console(width=140)
    console.print(table)
    console.print(show_imports(imports))
    return kept


if __name__ == "__main__":
    raise SystemExit(0 if run() else 1)
