"""How often one may try to sign in before one has to wait."""

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from models.base import DomainError

WINDOW_MINUTES = 15


class TooManyAttempts(DomainError):
    """Sign-ins of one address or account failed too often."""


class Attempts:
    """Failed sign-ins of the last 15 minutes, by account and by network address, in this process's memory."""

    def __init__(self, allowed: int) -> None:
        self._limit = RateLimitItemPerMinute(allowed, WINDOW_MINUTES)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def begin(self, *, account: str, address: str) -> None:
        """Count a try before it is made, so that many at once do not slip through; raises TooManyAttempts."""
        for key in self._keys(account, address):
            if not self._limiter.hit(self._limit, *key):
                seconds = max(1, math.ceil(self._limiter.get_window_stats(self._limit, *key).reset_time - time.time()))
                minutes = math.ceil(seconds / 60)
                raise TooManyAttempts(f"Too many sign-ins failed. Try again in {minutes} minutes.", retry_after_seconds=seconds)

    def succeeded(self, *, account: str, address: str) -> None:
        """Forget the failures of who has signed in."""
        for key in self._keys(account, address):
            self._limiter.clear(self._limit, *key)

    @staticmethod
    def _keys(account: str, address: str) -> tuple[tuple[str, str], ...]:
        return (("account", account.strip().lower()), ("address", address))
