"""How much one key, person or address may ask of one route in a minute."""

import math
import time

from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from api.services.attempts import network_of
from api.services.counting import SharedStorage
from models.actors import ANONYMOUS, Actor
from models.base import DomainError

UNLIMITED = frozenset({"api.routes.metrics.metrics"})  # who watches the service must see it when it is busiest
READING = frozenset({"GET", "HEAD", "OPTIONS"})


class TooManyRequests(DomainError):
    """More was asked of this address within a minute than one key, person or address may ask."""


class Limits:
    """The requests of the last minute, counted where `storage` says; a limit of 0 is none.

    Reads and writes of a route are counted apart, and routes apart from each other, so that who fetches much
    can still write.
    """

    def __init__(self, storage: SharedStorage | MemoryStorage, *, reads: int, writes: int) -> None:
        self._reads = RateLimitItemPerMinute(reads) if reads else None
        self._writes = RateLimitItemPerMinute(writes) if writes else None
        self._limiter = MovingWindowRateLimiter(storage)

    def count(self, actor: Actor, *, address: str, method: str, route: str) -> None:
        """Count one request; raises TooManyRequests, which says when to ask again, and counts no refused one.

        The network of `address` stands for those whom nobody knows; `route` is the name of the function that answers.
        """
        limit = self._reads if method in READING else self._writes
        if limit is None or route in UNLIMITED:
            return
        who = f"network:{network_of(address)}" if actor == ANONYMOUS else actor.name
        asked = ("requests", who, route, "read" if limit is self._reads else "write")
        if self._limiter.hit(limit, *asked):
            return
        opens_at = self._limiter.get_window_stats(limit, *asked).reset_time
        seconds = max(1, math.floor(opens_at - time.time()) + 1)
        raise TooManyRequests(
            f"At most {limit.amount} requests a minute are taken here from one key, person or address. "
            f"Wait {seconds} second{'' if seconds == 1 else 's'} and send it again.",
            retry_after_seconds=seconds,
        )


class LinkLimit:
    """The mails with a link that one network caused within the last hour, whoever they went to; a limit of 0 is none.

    `of` and `told` are for something else that is counted likewise, and apart from the mails.
    """

    def __init__(
        self, storage: SharedStorage | MemoryStorage, *, hourly: int, of: str = "links", told: str = "Too many mails were asked for"
    ) -> None:
        self._item = RateLimitItemPerHour(hourly) if hourly else None
        self._limiter = MovingWindowRateLimiter(storage)
        self._of, self._told = of, told

    def count(self, address: str) -> None:
        """Count one more; raises TooManyRequests, which says when to ask again, and counts no refused one."""
        asked = (self._of, network_of(address))
        if self._item is None or self._limiter.hit(self._item, *asked):
            return
        seconds = max(1, math.floor(self._limiter.get_window_stats(self._item, *asked).reset_time - time.time()) + 1)
        raise TooManyRequests(
            f"{self._told} from your network. Try again in {math.ceil(seconds / 60)} minutes.", retry_after_seconds=seconds
        )
