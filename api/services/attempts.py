"""How often one may try to sign in before one has to wait."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from api.services.accounts import LONGEST_ADDRESS, SignInRefused
from models.base import DomainError

WINDOW_MINUTES = 15
TIMES_AN_ADDRESS = 20  # a whole hospital may stand behind one address, and one person's failures lock nobody else out


class TooManyAttempts(DomainError):
    """Sign-ins to one account, or from one address, failed too often."""


class Attempts:
    """Failed sign-ins of the last 15 minutes, in this process's memory.

    `allowed` is for one account from one network address; an address may fail twenty times as often over all accounts.
    """

    def __init__(self, allowed: int) -> None:
        self._of_pair = RateLimitItemPerMinute(allowed, WINDOW_MINUTES)
        self._of_address = RateLimitItemPerMinute(allowed * TIMES_AN_ADDRESS, WINDOW_MINUTES)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    @contextmanager
    def trying(self, *, account: str, address: str) -> Iterator[None]:
        """One try; raises TooManyAttempts before it, and forgets the account's failures when it succeeds.

        The try counts against the pair before it is made, so that many at once do not slip through.
        """
        pair = ("pair", address, account.strip().lower()[:LONGEST_ADDRESS])
        if not self._limiter.test(self._of_address, "address", address):
            raise self._refusal(self._of_address, "address", address)
        if not self._limiter.hit(self._of_pair, *pair):
            raise self._refusal(self._of_pair, *pair)
        try:
            yield
        except SignInRefused:
            self._limiter.hit(self._of_address, "address", address)
            raise
        self._limiter.clear(self._of_pair, *pair)

    def _refusal(self, limit: RateLimitItemPerMinute, *key: str) -> TooManyAttempts:
        seconds = max(1, math.ceil(self._limiter.get_window_stats(limit, *key).reset_time - time.time()))
        return TooManyAttempts(f"Too many sign-ins failed. Try again in {math.ceil(seconds / 60)} minutes.", retry_after_seconds=seconds)
