"""How often one may try to sign in before one has to wait."""

import hashlib
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address

import structlog
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, Storage
from limits.strategies import MovingWindowRateLimiter

from api.services.accounts import SignInRefused
from api.services.addresses import LONGEST_ADDRESS
from models.base import DomainError

WINDOW_MINUTES = 15
TIMES_AN_ACCOUNT = 5  # one account, from anywhere: enough guesses for many addresses to share, too few to find a password
TIMES_AN_ADDRESS = 20  # a whole hospital may stand behind one address, and one person's failures lock nobody else out
_HOME_NETWORK = 64  # bits: one household has as many IPv6 addresses as it likes below that
_log = structlog.get_logger("api")
Key = tuple[RateLimitItemPerMinute, str, str, str]


class TooManyAttempts(DomainError):
    """Sign-ins to one account, or from one address, failed too often."""


class Attempts:
    """Failed sign-ins of the last 15 minutes.

    `allowed` is for one account from one network address, or from one known device of it. An address may fail twenty
    times as often over all accounts, and an account five times as often from everywhere: beyond that only devices in
    which its owner has signed in before may try. All limits are the same for accounts that there are not.
    """

    def __init__(self, allowed: int, storage: Storage | None = None) -> None:
        self._few = RateLimitItemPerMinute(allowed, WINDOW_MINUTES)
        self._of_account = RateLimitItemPerMinute(allowed * TIMES_AN_ACCOUNT, WINDOW_MINUTES)
        self._of_address = RateLimitItemPerMinute(allowed * TIMES_AN_ADDRESS, WINDOW_MINUTES)
        self._limiter = MovingWindowRateLimiter(storage or MemoryStorage())

    @contextmanager
    def trying(self, *, account: str, address: str, device: str = "") -> Iterator[None]:
        """One try; raises TooManyAttempts before it, and forgets the account's failures here when it succeeds.

        `device` is the name of a device known to the account. The try counts against the account from here before
        it is made, so that many at once do not slip through.
        """
        account, network = _account_key(account), network_of(address)
        here: Key = (self._few, "device", device, account) if device else (self._few, "pair", network, account)
        everywhere: list[Key] = [] if device else [(self._of_address, "address", network, ""), (self._of_account, "account", account, "")]
        for limit in everywhere:
            if not self._limiter.test(*limit):
                raise self._refusal(limit)
        if not self._limiter.hit(*here):
            raise self._refusal(here)
        try:
            yield
        except SignInRefused:
            for limit in everywhere:
                self._limiter.hit(*limit)
            raise
        self._limiter.clear(*here)

    def _refusal(self, limit: Key) -> TooManyAttempts:
        _log.warning("sign_in.limited", by=limit[1])
        seconds = max(1, math.ceil(self._limiter.get_window_stats(*limit).reset_time - time.time()))
        return TooManyAttempts(f"Too many sign-ins failed. Try again in {math.ceil(seconds / 60)} minutes.", retry_after_seconds=seconds)


def _account_key(account: str) -> str:
    """A name for an account that tells nobody who reads the counts whose it is."""
    known_as = account.strip().lower()[: LONGEST_ADDRESS + 1]
    return hashlib.sha256(known_as.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def network_of(address: str) -> str:
    """The network that one guesser has: an IPv4 address, or an IPv6 network of 64 bits."""
    try:
        parsed = ip_address(address)
    except ValueError:  # a test client's name, or a socket without address
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or f"{int(parsed) >> _HOME_NETWORK:x}")
    return str(parsed)
