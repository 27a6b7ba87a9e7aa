"""How much one may ask of one route in a minute, counted alone or by all processes together."""

import time
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
import time_machine
from limits.storage import MemoryStorage

from api.services.counting import storage_for
from api.services.limiting import UNLIMITED, Limits, TooManyRequests
from api.settings import Settings
from models.actors import ANONYMOUS, SYSTEM, Actor
from models.people import Role
from tests.servers import Valkey

SOMEBODY = Actor(name="person:1", shown_as="Hub officer", roles=frozenset({Role.HUB}))
NOON = datetime(2027, 1, 5, 12, 0, tzinfo=UTC)


def limits(reads=3, writes=2, storage=None):
    return Limits(storage or MemoryStorage(), reads=reads, writes=writes)


def count(counted, actor=SOMEBODY, *, address="192.0.2.1", method="GET", route="read_need", times=1):
    for _ in range(times):
        counted.count(actor, address=address, method=method, route=route)


def test_what_is_more_than_the_limit_is_refused_until_the_window_has_moved_on():
    with time_machine.travel(NOON, tick=False) as clock:
        counted = limits()
        count(counted, times=2)
        clock.shift(timedelta(seconds=40))
        count(counted)
        with pytest.raises(TooManyRequests) as told:
            count(counted)
        clock.shift(timedelta(seconds=told.value.details["retry_after_seconds"]))
        count(counted)

    assert told.value.details["retry_after_seconds"] == 21
    assert "At most 3 requests a minute" in told.value.message


def test_reads_writes_routes_and_askers_are_counted_apart():
    counted = limits(reads=1, writes=1)

    count(counted)
    count(counted, method="POST")
    count(counted, route="list_needs")
    count(counted, SYSTEM)
    count(counted, ANONYMOUS)
    count(counted, ANONYMOUS, address="192.0.2.2")

    for again in ({}, {"method": "PATCH"}, {"address": "192.0.2.9"}):
        with pytest.raises(TooManyRequests):
            count(counted, **again)
    with pytest.raises(TooManyRequests):
        count(counted, ANONYMOUS)


def test_one_household_is_one_network():
    counted = limits(reads=1)
    count(counted, ANONYMOUS, address="2001:db8:0:1::1")

    count(counted, ANONYMOUS, address="2001:db8:0:2::1")
    with pytest.raises(TooManyRequests):
        count(counted, ANONYMOUS, address="2001:db8:0:1:ffff::2")


def test_a_limit_of_nought_is_none():
    counted = limits(reads=0, writes=0)

    count(counted, times=1_000)
    count(counted, method="DELETE", times=1_000)


def test_who_watches_the_service_is_not_limited():
    counted = limits()

    for route in UNLIMITED:
        module, name = route.rsplit(".", 1)
        assert callable(getattr(import_module(module), name))
        count(counted, route=route, times=100)


def test_all_processes_count_together_with_the_broker(broker_url):
    settings = Settings(broker_url=broker_url)
    one, other = (limits(storage=storage_for(settings)) for _ in range(2))

    count(one, times=2)
    count(other)

    for each in (one, other):
        with pytest.raises(TooManyRequests) as told:
            count(each)
        assert 1 <= told.value.details["retry_after_seconds"] <= 60


@pytest.mark.parametrize("fault", ["pause", "kill"])
def test_while_the_broker_is_away_a_process_counts_alone_and_nobody_waits_long(fault, capsys):
    with Valkey() as server:
        counted = limits(storage=storage_for(Settings(broker_url=server.url)))
        count(counted)
        getattr(server, fault)()
        begun = time.monotonic()
        count(counted, times=3)
        waited = time.monotonic() - begun
        with pytest.raises(TooManyRequests):
            count(counted)

    assert waited < 0.5
    assert "counts.not_shared" in "".join(capsys.readouterr())
