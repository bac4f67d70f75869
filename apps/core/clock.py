"""The one place that reads the time, so that tests can turn the hands.

Durations come from `monotonic()`; `now()` is for what people and databases see.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What can tell the time."""

    def now(self) -> datetime:
        """Aware UTC time of day."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


_current: Clock = SystemClock()


def install(clock: Clock) -> Clock:
    """Use `clock` from now on and return the one used before (tests put it back)."""
    global _current
    previous, _current = _current, clock
    return previous


def now() -> datetime:
    """Aware UTC time of day."""
    return _current.now()


def monotonic() -> float:
    """Seconds from an arbitrary start; never goes back."""
    return _current.monotonic()
