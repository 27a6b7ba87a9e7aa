"""Counts that all processes share, and what happens while their keeper is away."""

import socket
import time

import pytest
import structlog
import time_machine
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter

from api.services import counting
from api.services.counting import SharedStorage, storage_for
from api.settings import Settings

THREE = RateLimitItemPerMinute(3)


@pytest.fixture
def service(broker_url, tmp_path):
    return Settings(home=tmp_path, broker_url=broker_url)


def test_the_embedded_mode_counts_in_its_one_process(tmp_path):
    assert isinstance(storage_for(Settings(home=tmp_path)), MemoryStorage)


@pytest.mark.parametrize("strategy", [MovingWindowRateLimiter, FixedWindowRateLimiter])
def test_processes_of_the_service_mode_count_together(service, strategy):
    one, other = strategy(storage_for(service)), strategy(storage_for(service))

    taken = [limiter.hit(THREE, "key") for limiter in (one, other, one, other)]

    assert taken == [True, True, True, False]
    assert other.get_window_stats(THREE, "key").remaining == 0
    assert not other.test(THREE, "key")
    one.clear(THREE, "key")
    assert other.hit(THREE, "key")


@pytest.mark.parametrize("strategy", [MovingWindowRateLimiter, FixedWindowRateLimiter])
def test_without_the_broker_each_process_counts_alone_and_says_so_once_in_a_while(service, strategy):
    broken = service.model_copy(update={"broker_url": "redis://127.0.0.1:1/0"})
    limiter = strategy(storage_for(broken))

    with structlog.testing.capture_logs() as log:
        taken = [limiter.hit(THREE, "key") for _ in range(4)]
        seen = limiter.get_window_stats(THREE, "key").remaining
        limiter.clear(THREE, "key")

    assert (taken, seen) == ([True, True, True, False], 0)
    assert [(entry["event"], entry["error"]) for entry in log] == [("counts.not_shared", "ConnectionError")]
    assert limiter.test(THREE, "key")
    assert not limiter.storage.check()


def test_a_broker_that_came_back_is_asked_again(service):
    storage = storage_for(service)
    assert isinstance(storage, SharedStorage)
    limiter = MovingWindowRateLimiter(storage)
    storage._away_until = float("inf")
    limiter.hit(THREE, "key")

    storage._away_until = 0.0

    assert storage.check()
    assert storage.base_exceptions == ()  # whoever counts need not expect any
    assert limiter.get_window_stats(THREE, "key").remaining == 3
    assert storage.reset() == 0


def test_a_broker_that_hangs_holds_nobody_up_for_long(service):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hanging = service.model_copy(update={"broker_url": f"redis://127.0.0.1:{silent.getsockname()[1]}/0"})
        limiter = MovingWindowRateLimiter(storage_for(hanging))
        began = time.monotonic()
        assert all(limiter.hit(THREE, "key") for _ in range(3))

    assert time.monotonic() - began < 3 * counting.WAIT_SECONDS


def test_counts_are_forgotten_with_their_window(service):
    limiter = MovingWindowRateLimiter(storage_for(service))
    with time_machine.travel(0, tick=False) as traveller:
        assert [limiter.hit(THREE, "key") for _ in range(4)] == [True, True, True, False]
        traveller.shift(61)
        assert limiter.hit(THREE, "key")
