"""Turns at something that one may do at a time, in the order of asking.

SQLite lets who waits for its write lock look again ever more seldom, up to a tenth of a second apart: beside threads that write one
job after the other, somebody's decision waited for more than a second. Threads of one process wait for their turn here instead.
"""

import threading
from collections import deque


class Turns:
    """One turn at a time, first come, first served; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False

    def take(self, seconds: float) -> bool:
        """Wait for one's turn; whether it came in that time. Whoever has it must give it back, from any thread."""
        with self._lock:
            if not self._taken:
                self._taken = True
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        if mine.wait(seconds):
            return True
        with self._lock:
            if mine.is_set():  # it came while the time ran out
                return True
            self._waiting.remove(mine)
            return False

    def give_back(self) -> None:
        """Let the next one go on."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
