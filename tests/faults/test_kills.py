"""SIGKILL at any moment: what was acknowledged is there once after the restart, and goes on."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from httpx2 import Client, HTTPError
from sqlalchemy import select

import migrations
from api.db import Database
from api.settings import Settings
from models.decisions import Decision
from models.events import Event
from models.imports import ImportBatch, ImportStatus
from models.keys import Scope
from models.needs import Need, NeedStatus
from models.people import Role
from models.proposals import Proposal
from models.queries import imports, jobs
from tests import factories
from tests.factories import ANY_VERSION
from tests.faults.checks import check_chain
from tests.faults.service import Service

ROWS = 40
MANY_ROWS = 700  # more than one chunk
PATIENCE_SECONDS = 240


@dataclass
class Told:
    """What the service acknowledged: decisions by proposal, and the names of imported files."""

    decisions: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)


def csv_of(name: str, rows: int) -> bytes:
    lines = (f"{name}-{row},{name} {row}: older people who fall at home wait too long for help,LDS,{name}-{row}" for row in range(rows))
    return "\n".join(["title,problem,places,key", *lines]).encode()


def decide(client: Client, proposal_id: str, told: Told) -> None:
    """Confirm or reject; who is told that somebody decided already asked before and was not answered."""
    verdict = "confirmed" if int(proposal_id[0], 16) % 2 else "rejected"
    body = {"verdict": verdict} if verdict == "confirmed" else {"verdict": verdict, "reason": "not_ready"}
    answer = client.post(f"/proposals/{proposal_id}/decision", json=body, headers=ANY_VERSION)
    if answer.status_code == 409:
        assert answer.json()["title"] == "ProposalClosed"
    else:
        assert answer.status_code == 201, answer.text
    told.decisions[proposal_id] = verdict


def bring(client: Client, name: str, told: Told) -> None:
    """Import a file; one that is there already was brought by a request that was not answered."""
    rows = MANY_ROWS if name.endswith("long") else ROWS
    answer = client.post("/imports", data={"side": "need"}, files={"file": (f"{name}.csv", csv_of(name, rows), "text/csv")})
    if answer.status_code == 409:
        assert answer.json()["title"] == "AlreadyImported"
    else:
        assert answer.status_code == 202, answer.text
    told.files.add(f"{name}.csv")


def send(client: Client, work: deque[Callable[[Client], None]], at_most: int) -> None:
    """Do the next pieces of work until the service is gone; what was not acknowledged is asked again after the restart."""
    try:
        for _ in range(min(at_most, len(work))):
            work[0](client)
            work.popleft()
            time.sleep(0.02)
    except HTTPError:
        return


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path, MATCHING_UNDO_WINDOW_SECONDS="0", MATCHING_SWEEP_SECONDS="1")
    yield service
    service.kill()


@pytest.mark.parametrize(
    "kills", [pytest.param(5, id="5"), pytest.param(100, id="100", marks=[pytest.mark.faults, pytest.mark.timeout(1_800)])]
)
def test_nothing_acknowledged_is_lost_or_doubled_by_kills(tmp_path, service, kills):
    settings = Settings(home=tmp_path)
    migrations.upgrade(settings.url)
    database = Database(settings.url)
    with database.transaction() as session:
        key = factories.make_key(session, Role.HUB, set(Scope))
        proposals = [str(factories.make_proposal(session).id) for _ in range(kills * 4)]
    names = [f"file{number}{'long' if number == kills // 2 else ''}" for number in range(kills)]
    told, chance = Told(), np.random.default_rng(kills)
    deciding = deque(partial(decide, proposal_id=each, told=told) for each in proposals)
    bringing = deque(partial(bring, name=each, told=told) for each in names)

    for number in range(kills):
        service.start()
        with service.client(key) as first, service.client(key) as second:
            clients = [
                threading.Thread(target=send, args=(first, deciding, 5)),
                threading.Thread(target=send, args=(second, bringing, 2)),
            ]
            for client in clients:
                client.start()
            time.sleep(chance.uniform(0, 4 if number % 10 == 9 else 0.6))
            service.kill()
            for client in clients:
                client.join()
    service.start()
    with service.client(key) as last:
        send(last, deciding, len(deciding))
        send(last, bringing, len(bringing))
    wait_until_all_is_done(database, len(names))
    service.kill()

    assert (len(told.decisions), len(told.files)) == (len(proposals), len(names))
    check_decisions(database, told)
    check_imports(database, told)
    check_chain(database)
    database.dispose()


def wait_until_all_is_done(database: Database, files: int) -> None:
    """Imports complete, confirmations announced, every event sealed."""
    limit = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < limit:
        with database.reading() as session:
            owed = {name: states for name, states in jobs.counts(session).items() if name in {"apply_import", "deliver", "seal"}}
            loose = session.scalars(select(Event.id).where(Event.position.is_(None))).first()
            if not owed and loose is None and not imports.unfinished(session) and len(imports.latest(session, 1000)) == files:
                return
        time.sleep(0.2)
    pytest.fail(f"Still owed after {PATIENCE_SECONDS} seconds: {owed}")


def check_decisions(database: Database, told: Told) -> None:
    with database.reading() as session:
        stored = [(str(row.proposal_id), row.verdict.value) for row in session.scalars(select(Decision))]
        states = {str(row.id): row.state.value for row in session.scalars(select(Proposal)).unique()}
        kinds = Counter(row.kind for row in session.scalars(select(Event)))
    assert len(stored) == len(set(stored))
    assert dict(stored) == told.decisions == states
    expected = Counter(told.decisions.values())
    assert (kinds["proposal.confirmed"], kinds["proposal.rejected"]) == (expected["confirmed"], expected["rejected"])
    assert kinds["match.confirmed"] == expected["confirmed"]


def check_imports(database: Database, told: Told) -> None:
    with database.reading() as session:
        batches = list(session.scalars(select(ImportBatch)))
        keys = Counter(session.scalars(select(Need.key).where(Need.live, Need.status == NeedStatus.OPEN, Need.import_id.is_not(None))))
        imported = set(session.scalars(select(Need.id).where(Need.import_id.is_not(None))))
        opened = Counter(session.scalars(select(Event.subject_id).where(Event.kind == "need.opened")))
    assert Counter(batch.file_name for batch in batches) == Counter(told.files)
    assert {batch.status for batch in batches} == {ImportStatus.COMPLETE}
    expected = {f"{name}-{row}" for name in files_of(told) for row in range(MANY_ROWS if name.endswith("long") else ROWS)}
    assert keys == Counter(expected)
    assert opened == Counter(imported)


def files_of(told: Told) -> Iterator[str]:
    return (name.removesuffix(".csv") for name in told.files)
