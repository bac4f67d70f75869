"""Counts of calls in a rolling window."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple


class Counts(NamedTuple):
    """Calls by outcome. A slow call that succeeded is in `succeeded` and in `slow`."""

    succeeded: int = 0
    failed: int = 0
    slow: int = 0

    @property
    def total(self) -> int:
        """All calls."""
        return self.succeeded + self.failed


@dataclass(slots=True)
class _Bucket:
    index: int
    succeeded: int = 0
    failed: int = 0
    slow: int = 0


class Window:
    """Calls of the last `seconds`, kept in buckets `width` seconds wide.

    A bucket leaves as a whole, so the window reaches back between `seconds - width` and `seconds`.
    """

    __slots__ = ("_buckets", "_failed", "_slow", "_span", "_succeeded", "width")

    def __init__(self, *, seconds: float, width: float) -> None:
        self.width = width
        self._span = max(1, round(seconds / width))
        self._buckets: deque[_Bucket] = deque()
        self._succeeded = self._failed = self._slow = 0

    def add(self, now: float, *, succeeded: int = 0, failed: int = 0, slow: int = 0) -> None:
        """Count calls that ended at `now`."""
        self._expire(now)
        index = int(now // self.width)
        if not self._buckets or self._buckets[-1].index < index:
            self._buckets.append(_Bucket(index))
        bucket = self._buckets[-1]
        bucket.succeeded += succeeded
        bucket.failed += failed
        bucket.slow += slow
        self._succeeded += succeeded
        self._failed += failed
        self._slow += slow

    def counts(self, now: float) -> Counts:
        """What the window holds at `now`."""
        self._expire(now)
        return Counts(self._succeeded, self._failed, self._slow)

    def clear(self) -> None:
        """Forget everything."""
        self._buckets.clear()
        self._succeeded = self._failed = self._slow = 0

    def _expire(self, now: float) -> None:
        oldest = int(now // self.width) - self._span + 1
        while self._buckets and self._buckets[0].index < oldest:
            bucket = self._buckets.popleft()
            self._succeeded -= bucket.succeeded
            self._failed -= bucket.failed
            self._slow -= bucket.slow
