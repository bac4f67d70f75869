"""Adaptive concurrency: additive increase while calls are quick, multiplicative decrease when they slow down."""

from __future__ import annotations

import threading


class AdaptiveLimit:
    """A limit that follows the latency (AIMD, as TCP does with its window).

    A call slower than `tolerance` times the best seen lately, or a failed one, shrinks the limit by a tenth, at most
    once for each generation of calls in flight. What takes less than `floor` seconds is never slow: small calls vary
    for small reasons. Quick calls that used at least half of the limit widen it, by one for each full round.
    """

    SHRINK = 0.9
    FORGET = 0.001
    """By which share the best latency drifts up with each call, so that a service that got slower for good is not
    throttled for ever."""

    def __init__(
        self,
        *,
        smallest: int = 1,
        largest: int = 64,
        start: int = 8,
        tolerance: float = 2.0,
        floor: float = 0.1,
    ) -> None:
        self.smallest = smallest
        self.largest = largest
        self.tolerance = tolerance
        self.floor = floor
        self._limit = float(min(start, largest))
        self._best: float | None = None
        self._calls_to_ignore = 0
        self._lock = threading.Lock()

    @property
    def limit(self) -> int:
        """Calls at a time."""
        return max(self.smallest, int(self._limit))

    def forked(self) -> None:
        """In a child after fork, where another thread of the parent may have held the lock."""
        self._lock = threading.Lock()

    def observe(self, seconds: float, *, failed: bool, in_use: int) -> None:
        """A call ended that ran beside `in_use - 1` others."""
        with self._lock:
            if not failed:
                best = seconds if self._best is None else min(seconds, self._best * (1 + self.FORGET))
                self._best = best
            slow = self._best is not None and seconds > max(self.floor, self.tolerance * self._best)
            if failed or slow:
                if self._calls_to_ignore == 0:
                    self._limit = max(float(self.smallest), self._limit * self.SHRINK)
                    self._calls_to_ignore = in_use
                else:
                    self._calls_to_ignore -= 1
                return
            self._calls_to_ignore = max(0, self._calls_to_ignore - 1)
            if 2 * in_use >= self._limit:
                self._limit = min(float(self.largest), self._limit + 1.0 / self._limit)
