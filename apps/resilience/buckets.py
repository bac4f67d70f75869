"""Token buckets: the outgoing rate limit and the retry budget."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class TokenBucket:
    """Holds at most `capacity` tokens; `per_second` come in by themselves, others by `deposit`."""

    def __init__(self, *, capacity: float, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.capacity = capacity
        self.per_second = per_second
        self._clock = clock
        self._tokens = capacity
        self._filled_at = clock()
        self._lock = threading.Lock()

    def take(self, tokens: float = 1.0) -> float:
        """Take tokens: 0.0 if they were there, else (nothing taken) the seconds until they will be."""
        with self._lock:
            self._fill()
            if self._tokens >= tokens:
                self._tokens -= tokens
                return 0.0
            missing = tokens - self._tokens
            return missing / self.per_second if self.per_second else float("inf")

    def deposit(self, tokens: float) -> None:
        """Put tokens in."""
        with self._lock:
            self._tokens = min(self.capacity, self._tokens + tokens)

    def forked(self) -> None:
        """In a child after fork, where another thread of the parent may have held the lock."""
        self._lock = threading.Lock()

    @property
    def tokens(self) -> float:
        """What is in it now."""
        with self._lock:
            self._fill()
            return self._tokens

    def _fill(self) -> None:
        now = self._clock()
        self._tokens = min(self.capacity, self._tokens + (now - self._filled_at) * self.per_second)
        self._filled_at = now


class RetryBudget(TokenBucket):
    """Retries are at most a tenth of calls, plus a small reserve that refills slowly.

    Each call puts a tenth of a token in, each retry takes one out. Without the reserve a quiet service could never
    retry; with it alone an outage would double the load.
    """

    SHARE = 0.1

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(capacity=10.0, per_second=0.1, clock=clock)

    def earn(self) -> None:
        """A call is made."""
        self.deposit(self.SHARE)

    def spend(self) -> bool:
        """Whether one more retry is within the budget; if so, it is paid."""
        return self.take() == 0.0
