"""The service mode under every fault at once: what was acknowledged is there once, and what could not be taken was told so."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from redis import Redis
from sqlalchemy import func, select

import migrations
from api.db import Database
from api.queue import Job
from api.settings import Settings
from matcher.encoding import OnnxEncoder
from models.answers import KeptAnswer
from models.decisions import Decision, Skip, Verdict
from models.events import Event
from models.jobs import JobRow, JobState
from models.keys import Scope
from models.needs import Need
from models.people import Role
from models.proposals import Proposal
from models.queries import jobs
from tests import factories
from tests.faults.checks import check_chain
from tests.faults.figures import show
from tests.faults.fleet import Fleet
from tests.faults.writers import Pace, Told, Writer
from tests.servers import PostgreSQL, Valkey

PATIENCE_SECONDS = 180


@dataclass(frozen=True)
class Plan:
    """How much is written, by how many, and what is done to the service meanwhile."""

    writes: int
    writers: int
    proposals: int  # of each writer
    needs: int  # of each writer: the only new texts
    faults: dict[str, int]
    outage_seconds: float
    undo_window_seconds: int
    drain_seconds: float
    bound_seconds: float


SHORT = Plan(
    writes=200,
    writers=4,
    proposals=2,  # decided before the first kill: what a killed process had claimed by a key waits a minute for its lease
    needs=4,
    faults={"api": 1, "worker": 1, "sweeper": 1, "flush": 1, "stop": 1, "database": 1},
    outage_seconds=3,
    undo_window_seconds=4,
    drain_seconds=150,  # beside other tests; the figure is the long form's
    bound_seconds=120,
)
LONG = Plan(
    writes=5_000,
    writers=16,
    proposals=60,
    needs=12,
    faults={"api": 10, "worker": 20, "sweeper": 3, "beat": 3, "flush": 5, "stop": 2, "database": 5},
    outage_seconds=30,
    undo_window_seconds=20,
    drain_seconds=60,
    bound_seconds=720,
)


@dataclass
class Scene:
    """Both servers, the service on them, and the database as a test reads it."""

    database: Database
    postgresql: PostgreSQL
    valkey: Valkey
    fleet: Fleet
    pace: Pace = field(default_factory=Pace)
    clients: list[Writer] = field(default_factory=list)

    def acknowledged(self) -> int:
        """Over all writers, until now."""
        return sum(each.told.writes for each in self.clients)


@pytest.fixture
def make_scene(tmp_path: Path, encoder: OnnxEncoder, encoder_folder: Path) -> Iterator[Callable[[Plan], Scene]]:
    """The service and its writers, ready to begin; ended with all its processes."""
    with ExitStack() as stack:

        def make(plan: Plan) -> Scene:
            postgresql, valkey = stack.enter_context(PostgreSQL(durable=True, connections=300)), stack.enter_context(Valkey())
            url = postgresql.url.render_as_string()
            migrations.upgrade(url)
            home = tmp_path / "home"
            settings = Settings(
                home=home,
                database_url=url,
                broker_url=valkey.url,
                undo_window_seconds=plan.undo_window_seconds,
                sweep_seconds=5,
                reads_per_minute=0,
                writes_per_minute=0,
                log_level="WARNING",
            )
            settings.encoder_folder.parent.mkdir(parents=True)
            settings.encoder_folder.symlink_to(encoder_folder)
            database = Database(url)
            stack.callback(database.dispose)
            fleet = stack.enter_context(Fleet(settings, tmp_path))
            scene = Scene(database, postgresql, valkey, fleet)
            scene.clients = list(writers(plan, scene, encoder.id))
            stack.callback(end, scene)
            fleet.wait_until_it_answers()
            return scene

        yield make


def writers(plan: Plan, scene: Scene, encoder_id: str) -> Iterator[Writer]:
    """Each with proposals of its own, on pairs that nobody writes about."""
    for number in range(plan.writers):
        with scene.database.transaction() as session:
            key = factories.make_key(session, Role.HUB, set(Scope))
            done = {"embedded_revision": 1, "embedded_encoder": encoder_id, "proposed_revision": 1}
            need = factories.make_need(session, **done)
            pairs = [(need, factories.make_innovation(session, **done)) for _ in range(plan.proposals)]
            proposals = [str(factories.make_proposal(session, *pair).id) for pair in pairs]
        yield Writer(number, key, scene.fleet.addresses, proposals, (plan.writes + number) // plan.writers, plan.needs, scene.pace)


def end(scene: Scene) -> None:
    """Let no writer outlive the service."""
    scene.pace.over = True
    for client in scene.clients:
        if client.is_alive():
            client.join()


class Monkey:
    """Does to the service what was planned, in an order drawn by chance, spread over the writes."""

    def __init__(self, plan: Plan, scene: Scene, seed: int) -> None:
        self._plan, self._scene = plan, scene
        self._chance = np.random.default_rng(seed)
        drawn = [kind for kind, count in plan.faults.items() for _ in range(count)]
        self._order = [drawn[at] for at in self._chance.permutation(len(drawn))]
        self._broker_is_back = threading.Event()
        self._broker_is_back.set()
        self._outages = 0
        self.done: Counter[str] = Counter()

    def run(self) -> datetime:
        """Fire them all; returns when the last one was over."""
        for number, kind in enumerate(self._order, start=1):
            due = number / len(self._order) * (self._plan.writes - self._plan.writers)
            self._scene.pace.share = (number + 1) / len(self._order)  # there is something to write while it fires
            while self._scene.acknowledged() < due:
                if wrong := [each for client in self._scene.clients for each in client.told.wrong]:
                    pytest.fail("\n".join(wrong))
                time.sleep(0.02)
            self._fire(kind)
            self.done[kind] += 1
            time.sleep(self._chance.uniform(0.2, 1.0))
        self._broker_is_back.wait()
        return datetime.now(UTC)

    def _fire(self, kind: str) -> None:
        if kind in self._scene.fleet.kinds:
            programs = self._scene.fleet.kinds[kind]
            running = programs[self._chance.integers(len(programs))]
            while not running.kill():  # one that is being started again is killed when it is there
                time.sleep(0.05)
        elif kind == "database":
            self._scene.postgresql.kill()
            time.sleep(1)
            self._scene.postgresql.start()
        elif kind == "flush":
            self._broker_is_back.wait()
            Redis.from_url(self._scene.valkey.url).flushall()
        else:
            self._broker_is_back.wait()
            self._broker_is_back.clear()
            threading.Thread(target=self._outage, name="outage", daemon=True).start()

    def _outage(self) -> None:
        """Every other time it hangs with its connections open instead of ending."""
        self._outages += 1
        hangs = self._outages % 2 == 0
        (self._scene.valkey.pause if hangs else self._scene.valkey.kill)()
        time.sleep(self._plan.outage_seconds)
        (self._scene.valkey.resume if hangs else self._scene.valkey.start)()
        self._broker_is_back.set()


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(SHORT, id="200 writes"),
        pytest.param(LONG, id="5000 writes", marks=[pytest.mark.faults, pytest.mark.timeout(1_200)]),
    ],
)
def test_no_fault_loses_halves_or_doubles_what_was_acknowledged(make_scene: Callable[[Plan], Scene], plan: Plan, capsys: Any) -> None:
    scene = make_scene(plan)
    began = time.monotonic()
    monkey = Monkey(plan, scene, seed=plan.writes)

    for client in scene.clients:
        client.start()
    last_fault = monkey.run()
    drained, owed = wait_until_drained(scene.database, last_fault)
    for client in scene.clients:
        client.join(max(began + plan.bound_seconds - time.monotonic(), 1))
    written = time.monotonic()
    wait_until_done(scene.database, plan.undo_window_seconds + 2 * plan.drain_seconds)
    memory = scene.fleet.memory_mib()
    stopped = max(scene.fleet.stop().items(), key=itemgetter(1))

    told = all_told(scene.clients)
    show(
        capsys,
        f"{told.writes} writes acknowledged in {written - began:.0f} s; faults {dict(monkey.done)}; "
        f"due jobs but embed ({dict(owed)}) drained {drained:.1f} s after the last; slowest write {told.slowest_seconds:.1f} s; "
        f"{memory:.0f} MiB in all processes; the last to stop, {stopped[0]}, took {stopped[1]:.1f} s; on the way: {dict(told.seen)}",
    )
    assert told.wrong == []
    assert not any(client.is_alive() for client in scene.clients)
    assert (told.writes, dict(monkey.done)) == (plan.writes, plan.faults)
    assert drained <= plan.drain_seconds
    check_rows(scene.database, told)
    check_events(scene.database, told)
    check_chain(scene.database)


def wait_until_drained(database: Database, since: datetime) -> tuple[float, Counter[str]]:
    """Seconds from the last fault until nothing is due of what was owed before it, embedding apart; and what that was."""

    def owed() -> Counter[str]:
        with database.reading() as session:
            due = (JobRow.state == JobState.RUNNING) | ((JobRow.state == JobState.QUEUED) & (JobRow.due_at <= datetime.now(UTC)))
            return Counter(session.scalars(select(JobRow.name).where(due, JobRow.created_at <= since, JobRow.name != Job.EMBED)))

    at_first = owed()
    while owed() and (datetime.now(UTC) - since).total_seconds() < PATIENCE_SECONDS:
        time.sleep(0.1)
    return (datetime.now(UTC) - since).total_seconds(), at_first


def wait_until_done(database: Database, seconds: float) -> None:
    """Nothing is owed any more, the announcements after the undo window among it."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        with database.reading() as session:
            owed = jobs.counts(session)
            loose = session.scalar(select(func.count()).select_from(Event).where(Event.position.is_(None)))
        if not owed and not loose:
            return
        time.sleep(0.2)
    pytest.fail(f"Still owed: {owed}; {loose} events without a place")


def all_told(clients: list[Writer]) -> Told:
    """What the writers were told together; no two wrote about the same thing."""
    told = Told()
    for each in (client.told for client in clients):
        told.effects += each.effects
        told.seen += each.seen
        for ours, theirs in (
            (told.last, each.last),
            (told.versions, each.versions),
            (told.decisions, each.decisions),
            (told.kept, each.kept),
        ):
            ours.update(theirs)
        told.slowest_seconds = max(told.slowest_seconds, each.slowest_seconds)
        told.wrong += each.wrong
    return told


def check_rows(database: Database, told: Told) -> None:
    """Every acknowledged answer is what the rows say, and the rows say no more."""
    with database.reading() as session:
        needs = {str(row.id): row for row in session.scalars(select(Need).where(Need.title.like("Need %"))).unique()}
        proposals = {str(row.id): row for row in session.scalars(select(Proposal)).unique()}
        decisions = rows_by_proposal((row.proposal_id, row.verdict.value, row.id) for row in session.scalars(ordered_decisions()))
        skips = rows_by_proposal((row.proposal_id, "skipped", row.id) for row in session.scalars(select(Skip)))
        kept = {row.key: row.body for row in session.scalars(select(KeptAnswer))}

    assert needs.keys() == told.last.keys()
    for need_id, said in told.last.items():
        row = needs[need_id]
        day = row.review_date.isoformat() if row.review_date else None
        assert (row.version, row.status.value, day) == (said["version"], said["status"], said["review_date"])
    for proposal_id, said in told.decisions.items():
        assert decisions.get(proposal_id, []) == [each for each in said if each[0] != "skipped"]
        assert skips.get(proposal_id, []) == [each for each in said if each[0] == "skipped"]
        assert proposals[proposal_id].version == told.versions[proposal_id]
    assert decisions.keys() | skips.keys() == told.decisions.keys()
    assert kept == told.kept


def check_events(database: Database, told: Told) -> None:
    """One event an effect, and one announcement a confirmation that stands."""
    expected = told.effects.copy()
    expected.update((need, "need.opened") for need, kind in told.effects if kind == "need.created")
    expected.update((proposal, "match.confirmed") for proposal, said in told.decisions.items() if said[-1][0] == Verdict.CONFIRMED)
    kinds = {kind for _, kind in expected}
    with database.reading() as session:
        stored = Counter((str(row.subject_id), row.kind) for row in session.scalars(select(Event).where(Event.kind.in_(kinds))))

    # The test's own rows were made without events, so that all of these came through the service.
    assert stored == expected


def ordered_decisions() -> Any:
    return select(Decision).order_by(Decision.decided_at)


def rows_by_proposal(rows: Iterator[tuple[Any, str, Any]]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for proposal_id, verdict, row_id in rows:
        found.setdefault(str(proposal_id), []).append((verdict, str(row_id)))
    return found
