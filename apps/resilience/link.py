"""What a circuit needs from the cluster, and what the cluster tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from apps.resilience.config import CircuitBreakerConfig, State
from apps.resilience.ledger import NOTHING, Report, Totals

if TYPE_CHECKING:
    from apps.resilience.circuit import Circuit


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The cluster's knowledge of one circuit. Durations are seconds as of its arrival, times Unix seconds."""

    name: str
    state: State
    generation: int
    remaining: float = 0.0
    reopenings: int = 0
    opened_at: float | None = None
    window_succeeded: int = 0
    window_failed: int = 0
    window_slow: int = 0
    probe_successes: int = 0
    probes: int = 0
    totals: Totals = NOTHING
    last_failure_at: float | None = None
    last_success_at: float | None = None
    last_error: str = ""
    pause: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One step of one circuit. `generation`…`remaining` is what the caller has seen, to seed a lost key."""

    name: str
    action: str
    config: CircuitBreakerConfig
    chance: float
    generation: int
    state: State
    remaining: float
    reopenings: int
    report: Report | None = None
    lease: str = ""
    cause: str = ""
    now: float | None = None


class LeaseAnswer(NamedTuple):
    """Whether a probe may go out, and the state on which that was decided."""

    granted: bool
    snapshot: Snapshot


class Link(Protocol):
    """The way from a circuit to the others of its cluster. No method raises for a store that is away."""

    @property
    def available(self) -> bool:
        """Whether the store answers, as far as the flusher knows."""
        ...

    def join(self, circuit: Circuit) -> None:
        """Keep this circuit in step from now on; asks once, within the store's time limit."""
        ...

    def wake(self, circuit: Circuit) -> None:
        """Something is to be told without waiting for the next batch."""
        ...

    def lease(self, circuit: Circuit, lease: str) -> LeaseAnswer | None:
        """Ask for a probe's place; None when there is no answer in time."""
        ...

    def command(self, circuit: Circuit, action: str, cause: str) -> bool:
        """`reset` or `trip` for all processes; False when the store did not take it."""
        ...
