"""The circuit in its simplest form: it keeps every call it ever saw and counts anew each time. Slow and obvious."""

from __future__ import annotations

from dataclasses import dataclass, field

from apps.resilience.config import CircuitBreakerConfig


@dataclass
class Reference:
    """What `Machine` and `circuit.lua` must agree with."""

    config: CircuitBreakerConfig
    state: str = "closed"
    generation: int = 1
    until: float = 0.0
    since: float = 0.0
    reopenings: int = 0
    calls: list[tuple[float, bool, bool]] = field(default_factory=list)
    probes: dict[str, float] = field(default_factory=dict)
    successes: int = 0
    lost: int = 0

    def go(self, state: str, now: float) -> None:
        self.reopenings = {"open": self.reopenings + 1 if self.state == "half_open" else 0, "closed": 0}.get(
            state, self.reopenings
        )
        self.state, self.generation = state, self.generation + 1
        self.probes, self.successes, self.lost, self.since = {}, 0, 0, now
        if state == "open":
            self.until = now + min(self.config.recovery_cap, self.config.recovery_timeout * 2**self.reopenings)
        if state == "closed":
            self.calls = []

    def recent(self, now: float) -> list[tuple[float, bool, bool]]:
        width = self.config.bucket_width
        span = max(1, round(self.config.failure_window / width))
        return [call for call in self.calls if now // width - call[0] // width < span]

    def advance(self, now: float) -> None:
        if self.state == "open" and now >= self.until:
            self.go("half_open", now)
        elif self.state == "half_open":
            gone = [name for name, expiry in self.probes.items() if expiry <= now]
            self.lost += len(gone)
            self.probes = {name: expiry for name, expiry in self.probes.items() if name not in gone}
            if now >= self.since + self.config.half_open_timeout:
                if self.lost:
                    self.go("open", now)
                elif self.successes:
                    self.go("closed", now)
                else:
                    self.since = now

    def call(self, now: float, *, failed: bool, slow: bool) -> None:
        if self.state != "closed":
            return
        self.calls.append((now, failed, slow and not failed))
        recent = self.recent(now)
        failures = sum(call[1] for call in recent)
        slow_ones = sum(call[2] for call in recent)
        config = self.config
        if len(recent) >= config.volume_threshold and (
            failures >= config.failure_threshold
            or (config.failure_rate is not None and failures >= config.failure_rate * len(recent))
            or (config.slow_call_rate is not None and slow_ones >= config.slow_call_rate * len(recent))
        ):
            self.go("open", now)

    def lease(self, name: str, now: float) -> bool:
        if self.state != "half_open" or len(self.probes) >= self.config.half_open_max_calls:
            return False
        self.probes[name] = now + self.config.probe_lease
        return True

    def settle(self, name: str, outcome: str, now: float) -> None:
        if self.state != "half_open" or self.probes.pop(name, None) is None:
            return
        if outcome == "failure":
            self.go("open", now)
        elif outcome == "success":
            self.successes += 1
            if self.successes >= self.config.success_threshold:
                self.go("closed", now)
