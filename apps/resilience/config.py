"""Settings of a circuit as typed values: what a number means. Why it has its value is in the docs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

Classifier = Callable[[type[BaseException], BaseException], bool]


class State(StrEnum):
    """The three states of a circuit."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Mode(StrEnum):
    """What a circuit does with its state."""

    ENFORCE = "enforce"
    MONITOR = "monitor"  # counts, changes state and reports, but refuses nothing
    DISABLED = "disabled"  # neither counts nor refuses
    FORCED_OPEN = "forced_open"  # refuses everything until an operator takes it back


class Outcome(StrEnum):
    """What one call says about the service it called."""

    SUCCESS = "success"
    FAILURE = "failure"
    IGNORED = "ignored"  # says nothing: cancelled, refused further in, asked too often


_COUNTS = ("failure_threshold", "volume_threshold", "success_threshold", "half_open_max_calls", "quorum")
_DURATIONS = ("failure_window", "recovery_timeout", "half_open_timeout", "probe_lease")


class InvalidConfig(ValueError):
    """A number that can't work; raised at start-up or when an operator saves it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitBreakerConfig:
    """When a circuit opens, how long it stays open, and what closes it. Durations are seconds."""

    failure_threshold: int = 5
    """Failures inside the window that open it."""
    failure_rate: float | None = None
    """Or: this share of the calls inside the window failed."""
    volume_threshold: int = 10
    """Calls inside the window before either is judged; 1 for services that are called rarely."""
    failure_window: float = 60.0
    """Length of the rolling window; it moves by buckets, it does not start anew."""
    recovery_timeout: float = 30.0
    """How long it stays open the first time; each re-opening doubles it."""
    recovery_cap: float = 600.0
    """The longest that doubling may make it."""
    recovery_jitter: float = 0.1
    """Up to this share is added at random, so that circuits that opened together don't probe together."""
    success_threshold: int = 2
    """Successful probes that close it."""
    half_open_max_calls: int = 1
    """Probes at a time, over the whole cluster."""
    half_open_timeout: float = 60.0
    """A half-open period without a verdict ends here: lost probes re-open it, successes alone close it."""
    probe_lease: float = 30.0
    """A probe whose process never reports gives its place back after this; at least the call's time limit."""
    slow_call_duration: float | None = None
    """A call that takes this long is slow."""
    slow_call_rate: float | None = None
    """None: each slow call counts as a failure. Else slow calls open it once they are this share of calls."""
    counts_as_failure: Classifier | None = None
    """Which exceptions say that the service is ill; by default every `Exception`."""
    ignores: Classifier | None = None
    """Which exceptions say nothing about the service at all (looked at first)."""
    quorum: int = 1
    """Processes that must have seen a failure inside the window before it opens for all."""
    mode: Mode = Mode.ENFORCE

    def __post_init__(self) -> None:
        for field in _COUNTS:
            if getattr(self, field) < 1:
                raise InvalidConfig(f"{field} must be at least 1, not {getattr(self, field)}.")
        for field in _DURATIONS:
            if getattr(self, field) <= 0:
                raise InvalidConfig(f"{field} must be more than 0 seconds, not {getattr(self, field)}.")
        for field in ("failure_rate", "slow_call_rate"):
            share = getattr(self, field)
            if share is not None and not 0 < share <= 1:
                raise InvalidConfig(f"{field} is a share of calls, more than 0 and at most 1, not {share}.")
        if self.recovery_cap < self.recovery_timeout:
            raise InvalidConfig("recovery_cap must not be less than recovery_timeout.")
        if self.recovery_jitter < 0:
            raise InvalidConfig("recovery_jitter must not be negative.")
        if self.slow_call_rate is not None and self.slow_call_duration is None:
            raise InvalidConfig("slow_call_rate needs slow_call_duration: how long is slow?")

    @property
    def slow_is_failure(self) -> bool:
        """Whether one slow call counts as one failure."""
        return self.slow_call_duration is not None and self.slow_call_rate is None

    @property
    def bucket_width(self) -> float:
        """Seconds in a bucket of the window: one, or more when the window is longer than a minute."""
        return max(1.0, self.failure_window / 60) if self.failure_window >= 1 else self.failure_window

    def open_for(self, reopenings: int, chance: float) -> float:
        """How long to stay open after `reopenings` failed recoveries; `chance` is in [0, 1)."""
        seconds = min(self.recovery_cap, self.recovery_timeout * 2.0 ** min(reopenings, 30))
        return seconds * (1 + self.recovery_jitter * chance)
