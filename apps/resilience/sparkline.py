"""A circuit's last minute as a small drawing: calls as bars, failures in red."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from apps.resilience.config import CircuitBreakerConfig

HEIGHT = 24
WIDTH = 120


@dataclass(frozen=True, slots=True)
class Bar:
    """One bucket: where it stands, and how high its successes and failures are, in units of the drawing."""

    x: float
    width: float
    ok_height: float
    failed_height: float

    @property
    def ok_y(self) -> float:
        """Top of the part that stands for successes, which stands on the failures."""
        return HEIGHT - self.failed_height - self.ok_height

    @property
    def failed_y(self) -> float:
        """Top of the part that stands for failures."""
        return HEIGHT - self.failed_height


def bars_of(counts: Mapping[str, int], config: CircuitBreakerConfig, now: float | None = None) -> list[Bar]:
    """The window's buckets, oldest first; empty ones are left out.

    `counts` maps `s<index>` and `f<index>` to calls, as the store keeps them.
    """
    width, span = config.bucket_width, max(1, round(config.failure_window / config.bucket_width))
    newest = int((time.time() if now is None else now) // width)
    calls = [
        (span - 1 - (newest - index), counts.get(f"s{index}", 0), counts.get(f"f{index}", 0))
        for index in range(newest - span + 1, newest + 1)
    ]
    most = max((succeeded + failed for _, succeeded, failed in calls), default=0)
    step = WIDTH / span
    return [
        Bar(
            x=round(position * step, 2),
            width=round(max(1.0, step - 0.5), 2),
            ok_height=round(succeeded / most * HEIGHT, 2),
            failed_height=round(failed / most * HEIGHT, 2),
        )
        for position, succeeded, failed in calls
        if succeeded or failed
    ]
