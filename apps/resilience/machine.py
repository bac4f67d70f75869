"""The state machine of one circuit: plain Python, no lock, no clock, no store. The time is passed in.

`circuit.lua` is the same machine on the shared store; tests drive both with the same steps and compare.

    CLOSED ──(enough failures)──> OPEN ──(recovery time over)──> HALF_OPEN ──(probes succeed)──> CLOSED
                                   ^───────(a probe fails, or is lost)───────┘
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from apps.resilience.config import CircuitBreakerConfig, Outcome, State
from apps.resilience.window import Window


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of state. `generation` is the new one; it only ever grows."""

    source: State
    target: State
    generation: int
    cause: str
    failures: int


class Machine:
    """State, window and probe leases of one circuit.

    The generation is a fence: what belongs to an earlier one no longer changes anything.
    """

    def __init__(self, config: CircuitBreakerConfig, *, chance: Callable[[], float] = random.random) -> None:
        self.config = config
        self._chance = chance
        self.window = Window(seconds=config.failure_window, width=config.bucket_width)
        self.state = State.CLOSED
        self.generation = 1
        self.until = 0.0
        self.opened_at = 0.0
        self.half_open_since = 0.0
        self.reopenings = 0
        self.probes: dict[str, float] = {}
        self.probe_successes = 0
        self.lost_probes = 0

    def reconfigure(self, config: CircuitBreakerConfig) -> None:
        """Go on with other numbers; counts stay unless the window's shape changes."""
        old, self.config = self.config, config
        if (old.failure_window, old.bucket_width) != (config.failure_window, config.bucket_width):
            self.window = Window(seconds=config.failure_window, width=config.bucket_width)

    def advance(self, now: float) -> list[Transition]:
        """What time alone changes: an open period ends, a lease expires, half-open reaches its limit."""
        if self.state is State.OPEN and now >= self.until:
            return [self._move(State.HALF_OPEN, now, "recovery time is over")]
        if self.state is not State.HALF_OPEN:
            return []
        for lease in [lease for lease, expiry in self.probes.items() if expiry <= now]:
            del self.probes[lease]
            self.lost_probes += 1
        if now < self.half_open_since + self.config.half_open_timeout:
            return []
        if self.lost_probes:
            return [self._move(State.OPEN, now, "probes were lost")]
        if self.probe_successes:
            return [self._move(State.CLOSED, now, "probes succeeded until the half-open time limit")]
        self.half_open_since = now
        return []

    def lease_probe(self, lease: str, now: float) -> bool:
        """Take one of the places for probes. Call `advance` first; the state must be HALF_OPEN."""
        if self.state is not State.HALF_OPEN or len(self.probes) >= self.config.half_open_max_calls:
            return False
        self.probes[lease] = now + self.config.probe_lease
        return True

    def settle_probe(self, lease: str, outcome: Outcome, now: float) -> list[Transition]:
        """A probe reports. One whose lease has expired or belongs to an earlier generation has no say."""
        if self.state is not State.HALF_OPEN or self.probes.pop(lease, None) is None:
            return []
        if outcome is Outcome.FAILURE:
            return [self._move(State.OPEN, now, "a probe failed")]
        if outcome is Outcome.SUCCESS:
            self.probe_successes += 1
            if self.probe_successes >= self.config.success_threshold:
                return [self._move(State.CLOSED, now, "probes succeeded")]
        return []

    def count(self, now: float, *, succeeded: int = 0, failed: int = 0, slow: int = 0) -> None:
        """Count ordinary calls of the current generation."""
        if self.state is State.CLOSED:
            self.window.add(now, succeeded=succeeded, failed=failed, slow=slow)

    def judge(self, now: float) -> list[Transition]:
        """Open if the window says so."""
        if self.state is not State.CLOSED:
            return []
        cause = self.complaint(now)
        return [self._move(State.OPEN, now, cause)] if cause else []

    def complaint(self, now: float) -> str:
        """Why the window calls for opening; empty if it doesn't."""
        config, counts = self.config, self.window.counts(now)
        if counts.total < config.volume_threshold:
            return ""
        if counts.failed >= config.failure_threshold:
            return "failure threshold"
        if config.failure_rate is not None and counts.failed >= config.failure_rate * counts.total:
            return "failure rate"
        if config.slow_call_rate is not None and counts.slow >= config.slow_call_rate * counts.total:
            return "slow call rate"
        return ""

    def follow(self, state: State, generation: int, now: float) -> None:
        """Take over another's state (the store's): no transition of ours, so none is returned."""
        self.state, self.generation = state, generation
        self.probes.clear()
        self.probe_successes = self.lost_probes = 0
        self.window.clear()
        self.half_open_since = now

    def reset(self, now: float, cause: str = "reset") -> list[Transition]:
        """Close and forget, whatever the state."""
        if self.state is State.CLOSED:
            self.window.clear()
            return []
        return [self._move(State.CLOSED, now, cause)]

    def trip(self, now: float, cause: str) -> list[Transition]:
        """Open, whatever the window says."""
        return [] if self.state is State.OPEN else [self._move(State.OPEN, now, cause)]

    def _move(self, target: State, now: float, cause: str) -> Transition:
        source, failures = self.state, self.window.counts(now).failed
        self.state = target
        self.generation += 1
        self.probes.clear()
        self.probe_successes = self.lost_probes = 0
        if target is State.OPEN:
            self.reopenings = self.reopenings + 1 if source is State.HALF_OPEN else 0
            self.opened_at = now
            self.until = now + self.config.open_for(self.reopenings, self._chance())
        elif target is State.HALF_OPEN:
            self.half_open_since = now
        else:
            self.reopenings = 0
            self.window.clear()
        return Transition(source, target, self.generation, cause, failures)
