"""Prometheus metrics, correct with several web processes (multiprocess mode) and counted once per cluster.

Calls are counted by the process that made them; a scrape adds the processes up. Transitions and seconds open belong
to the cluster: the process whose script made the transition, or was handed the seconds, counts them, so the sum over
all processes is the truth. The circuits of webhook endpoints appear as one service, `webhooks`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from prometheus_client import Counter, Gauge, Histogram

from apps.resilience.circuit import Circuit
from apps.resilience.config import Mode, State
from apps.resilience.events import CircuitEvent, listen
from apps.resilience.ledger import NOTHING, Totals

WEBHOOK_PREFIX = "webhook:"
STATE_NUMBERS = {State.CLOSED: 0, State.HALF_OPEN: 1, State.OPEN: 2}

STATE = Gauge(
    "circuit_breaker_state",
    "0 closed, 1 half-open, 2 open; of `webhooks` the worst endpoint.",
    ["service"],
    multiprocess_mode="mostrecent",
)
FAILURES = Counter("circuit_breaker_failures", "Calls that failed.", ["service"])
CALLS = Counter("circuit_breaker_calls", "Calls by outcome.", ["service", "outcome"])
TRANSITIONS = Counter(
    "circuit_breaker_transitions", "Changes of state, once for the cluster.", ["service", "source", "target"]
)
OPEN_SECONDS = Counter("circuit_breaker_open_seconds", "Seconds open, once for the cluster.", ["service"])
RETRIES = Counter("retry_attempts", "Attempts after the first.", ["service"])
RETRY_BUDGET = Gauge(
    "retry_budget_remaining", "Retries left, in the poorest process.", ["service"], multiprocess_mode="livemin"
)
BULKHEAD = Gauge("bulkhead_in_use", "Calls under way.", ["service"], multiprocess_mode="livesum")
FALLBACKS = Counter("fallback_used", "Answers that did not come from the service.", ["service", "error"])
DURATION = Histogram(
    "service_call_duration_seconds",
    "How long calls took, retries included.",
    ["service"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)
STORE_UP = Gauge(
    "resilience_store_up",
    "1 while this process shares its circuits' state, 0 while it goes on alone.",
    multiprocess_mode="livemin",
)


def service_label(name: str) -> str:
    """The service that a circuit counts for."""
    return "webhooks" if name.startswith(WEBHOOK_PREFIX) else name


@lru_cache(maxsize=1000)
def duration_of(service: str) -> Histogram:
    """The durations of one service, by its label; the library looks them up under a lock each time."""
    return DURATION.labels(service)


class Exporter:
    """Brings what circuits counted to Prometheus, in the flusher's rhythm rather than with each call."""

    def __init__(self) -> None:
        self._told: dict[str, Totals] = {}

    def export(self, circuits: Iterable[Circuit]) -> None:
        """Add what is new."""
        worst: dict[str, int] = defaultdict(int)
        for circuit in circuits:
            label = service_label(circuit.name)
            worst[label] = max(worst[label], STATE_NUMBERS[shown_state(circuit)])
            totals = circuit.totals()
            fresh = totals.since(self._told.get(circuit.name, NOTHING))
            self._told[circuit.name] = totals
            for outcome in ("succeeded", "failed", "ignored", "rejected"):
                if number := getattr(fresh, outcome):
                    CALLS.labels(label, outcome).inc(number)
            if fresh.failed:
                FAILURES.labels(label).inc(fresh.failed)
        for label, number in worst.items():
            STATE.labels(label).set(number)

    def forget(self, name: str) -> None:
        """A circuit is gone."""
        self._told.pop(name, None)

    def forked(self) -> None:
        """Children count from nothing."""
        self._told.clear()


def shown_state(circuit: Circuit) -> State:
    """The state as its effect: forced open is open, disabled is closed."""
    mode = circuit.config.mode
    if mode is Mode.FORCED_OPEN:
        return State.OPEN
    return State.CLOSED if mode is Mode.DISABLED else circuit.standing.machine.state


def count_open_seconds(name: str, seconds: float) -> None:
    """The store handed these seconds to this process."""
    OPEN_SECONDS.labels(service_label(name)).inc(seconds)


def count_transition(event: CircuitEvent) -> None:
    """One change of state."""
    TRANSITIONS.labels(service_label(event.circuit_name), event.source, event.target).inc()


listen(count_transition)
