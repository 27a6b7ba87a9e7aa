"""Where tries and requests are counted: with the broker, which all processes share, or in this process alone."""

import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.storage.base import MovingWindowSupport

from api.settings import Settings

PREFIX = "matching:limits"
WAIT_SECONDS = 0.3  # for one answer of the broker: who signs in waits for it
AWAY_SECONDS = 5.0  # after a broker did not answer, before it is asked again
_log = structlog.get_logger("api")
_Answer = TypeVar("_Answer")


class SharedStorage(Storage, MovingWindowSupport):
    """Counts that all processes share; while their keeper does not answer, each process counts for itself and says so."""

    STORAGE_SCHEME = None

    def __init__(self, shared: RedisStorage) -> None:
        super().__init__()
        self._shared = shared
        self._own = MemoryStorage()
        self._away_until = 0.0

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """What may still be raised: nothing of the shared store."""
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` more within `expiry` seconds; returns the sum."""
        return self._ask(lambda store: store.incr(key, expiry, amount))

    def get(self, key: str) -> int:
        """The sum of a key."""
        return self._ask(lambda store: store.get(key))

    def get_expiry(self, key: str) -> float:
        """When the sum of a key is forgotten, in seconds of the epoch."""
        return self._ask(lambda store: store.get_expiry(key))

    def check(self) -> bool:
        """Whether the shared counts can be read now."""
        return self._shared.check()

    def reset(self) -> int | None:
        """Forget every count."""
        return self._ask(lambda store: store.reset())

    def clear(self, key: str) -> None:
        """Forget the counts of a key, here and there."""
        self._own.clear(key)
        self._ask(lambda store: store.clear(key))

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` more, unless that would be more than `limit` in the last `expiry` seconds."""
        return self._ask(lambda store: store.acquire_entry(key, limit, expiry, amount))

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """The beginning of the window and the sum within it."""
        return self._ask(lambda store: store.get_moving_window(key, limit, expiry))

    def _ask(self, ask: Callable[[RedisStorage | MemoryStorage], _Answer]) -> _Answer:
        if time.monotonic() >= self._away_until:
            try:
                return ask(self._shared)
            except self._shared.base_exceptions as error:
                self._away_until = time.monotonic() + AWAY_SECONDS
                _log.warning("counts.not_shared", error=type(error).__name__)
        return ask(self._own)


def storage_for(settings: Settings) -> SharedStorage | MemoryStorage:
    """The storage of every rate limit of this process, for the strategies of the package limits."""
    if not settings.service_mode:
        return MemoryStorage()
    from redis.backoff import NoBackoff  # noqa: PLC0415 -- a tenth of a second that the embedded mode need not pay
    from redis.retry import Retry  # noqa: PLC0415 -- likewise

    at_once = Retry(NoBackoff(), 0)
    waits = {"socket_timeout": WAIT_SECONDS, "socket_connect_timeout": WAIT_SECONDS, "retry": at_once}
    return SharedStorage(RedisStorage(settings.broker_url, key_prefix=PREFIX, **waits))  # type: ignore[arg-type]
