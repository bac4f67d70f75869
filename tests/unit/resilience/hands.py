"""A clock to turn and a dice that always shows the same, for circuits."""

from __future__ import annotations

from apps.resilience.config import CircuitBreakerConfig


class Hands:
    """A monotonic clock that stands still until it is told to go on."""

    def __init__(self, at: float = 1000.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at

    def go_on(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self.at += seconds


def never() -> float:
    """No jitter."""
    return 0.0


def config(**changes: object) -> CircuitBreakerConfig:
    """Small numbers that are easy to count: three failures open it for ten seconds, one success closes it."""
    numbers: dict[str, object] = {
        "failure_threshold": 3,
        "volume_threshold": 1,
        "failure_window": 60.0,
        "recovery_timeout": 10.0,
        "recovery_cap": 80.0,
        "success_threshold": 1,
        "half_open_timeout": 30.0,
        "probe_lease": 5.0,
    }
    return CircuitBreakerConfig(**(numbers | changes))  # type: ignore[arg-type]
