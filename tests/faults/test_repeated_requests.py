"""SIGKILL while requests with keys are worked on: whoever sends them again gets one answer, and the work is done once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from httpx2 import Client, HTTPError
from sqlalchemy import select, update

import migrations
from api.db import Database
from api.settings import Settings
from models.answers import AnswerState, KeptAnswer
from models.events import Event
from models.keys import Scope
from models.needs import Need
from models.people import Role
from tests import factories
from tests.faults.service import Service
from tests.servers import wait_until

SENDERS = 8


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path, MATCHING_SWEEP_SECONDS="60")
    yield service
    service.kill()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    settings = Settings(home=tmp_path)
    migrations.upgrade(settings.url)
    database = Database(settings.url)
    yield database
    database.dispose()


def create(client: Client, number: int) -> object:
    """One need, always of the same key."""
    need = {"title": f"Need {number}", "places": ["LDS"]}
    return client.post("/needs", json=need, headers={"Idempotency-Key": f"need-{number}"})


def send_until_it_dies(client: Client, sender: int, answered: dict[int, bytes]) -> None:
    """Send one need after the other; the last one gets no answer."""
    try:
        for number in range(sender, 10_000, SENDERS):
            reply = create(client, number)
            assert reply.status_code == 201, reply.text
            answered[number] = reply.content
    except HTTPError:
        return


def claimed(database: Database) -> list[KeptAnswer]:
    with database.reading() as session:
        return list(session.scalars(select(KeptAnswer).where(KeptAnswer.state == AnswerState.IN_FLIGHT)))


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=[pytest.mark.faults, pytest.mark.timeout(900)])])
def test_a_request_whose_process_was_killed_is_done_once_when_it_is_sent_again(service, database, kills):
    with database.transaction() as session:
        factories.make_place(session)
        key = factories.make_key(session, Role.HUB, {Scope.WRITE})
    left = 0
    for _ in range(kills):
        answered: dict[int, bytes] = {}
        service.start()
        with service.client(key) as client, ThreadPoolExecutor(SENDERS) as pool:
            sending = [pool.submit(send_until_it_dies, client, sender, answered) for sender in range(SENDERS)]
            wait_until(lambda done=answered: len(done) >= SENDERS, 30)
            wait_until(lambda: bool(claimed(database)), 30)
            service.kill()
            for each in sending:
                each.result()
        waiting = claimed(database)
        left += len(waiting)

        service.start()
        with service.client(key) as client:
            for row in waiting:
                assert create(client, int(row.key.removeprefix("need-"))).status_code == 409
            with database.transaction() as session:  # a minute later
                session.execute(update(KeptAnswer).where(KeptAnswer.state == AnswerState.IN_FLIGHT).values(leased_until=datetime.now(UTC)))
            asked = sorted({*answered, *(number + SENDERS for number in answered), *range(SENDERS)})
            replies = {number: create(client, number) for number in asked}
        service.kill()

        assert {reply.status_code for reply in replies.values()} == {201}
        assert {number: replies[number].content for number in answered} == answered
        done_once(database)
    assert left, "No kill met a request between its claim and its effect."


def done_once(database: Database) -> None:
    """As many needs, answers and events as keys, and no claim is left."""
    with database.reading() as session:
        titles = list(session.scalars(select(Need.title)))
        keys = list(session.scalars(select(KeptAnswer.key)))
        created = list(session.scalars(select(Event.subject_id).where(Event.kind == "need.created")))
    assert len(titles) == len(set(titles)) == len(keys) == len(created) == len(set(created))
    assert claimed(database) == []
