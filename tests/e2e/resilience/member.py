"""One process of a cluster: calls a service over and over and tells on stdout, in JSON lines, what it meets.

    python -m tests.e2e.resilience.member '{"store": "redis://…", "url": "http://…", …}'

It ends when its stdin does, and then tells its last word.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
import structlog

from apps.resilience.breaker import Breaker
from apps.resilience.config import CircuitBreakerConfig
from apps.resilience.errors import CircuitOpen
from apps.resilience.events import CircuitEvent, listen
from apps.resilience.policy import ServiceConfig
from apps.resilience.registry import Registry
from apps.resilience.retry import RetryConfig
from apps.resilience.store import CircuitStore

_speaking = threading.Lock()


def say(**content: Any) -> None:
    """One line."""
    with _speaking:
        sys.stdout.write(json.dumps({"at": time.time(), **content}) + "\n")
        sys.stdout.flush()


class WatchedStore(CircuitStore):
    """Counts what the calling thread, rather than the flusher, asked of the store."""

    by_callers: Counter[str] = Counter()

    def _run(self, client: Any, process: str, requests: Any) -> list[str]:
        if threading.current_thread() is threading.main_thread():
            self.by_callers.update(request.action for request in requests)
        return super()._run(client, process, requests)


@dataclass
class Load:
    """Calls one breaker and keeps what came of it."""

    breaker: Breaker
    url: str
    pause: float
    outcomes: Counter[str] = field(default_factory=Counter)
    decisions: list[float] = field(default_factory=list)
    last: str = ""

    def __post_init__(self) -> None:
        self.client = httpx.Client(timeout=5)
        self.protected = self.breaker(self.service)
        self.inside = 0.0

    def service(self) -> None:
        """The real thing, whose own time is not the breaker's."""
        began = time.perf_counter()
        try:
            if self.url:
                self.client.get(self.url).raise_for_status()
        finally:
            self.inside = time.perf_counter() - began

    def call(self) -> None:
        """One call, and what it showed when that is news."""
        self.inside = 0.0
        began = time.perf_counter()
        try:
            self.protected()
            outcome = "done"
        except httpx.HTTPError:
            outcome = "failed"
        except CircuitOpen:
            outcome = "refused"
        self.decisions.append(time.perf_counter() - began - self.inside)
        self.outcomes[outcome] += 1
        if outcome != self.last:
            self.last = outcome
            say(outcome=outcome)
        time.sleep(self.pause)


def tell_event(event: CircuitEvent) -> None:
    """A transition that this process made."""
    say(
        event=[event.source, event.target, event.generation],
        circuit=event.circuit_name,
        scope=event.scope,
        cause=event.cause,
    )


def main() -> None:
    """Run until stdin ends."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # stdout is for what is said
    order = json.loads(sys.argv[1])
    listen(tell_event)
    registry = make_registry(order)
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    load = Load(registry.get("service"), order.get("url", ""), order.get("pause", 0.01))
    forced: Counter[str] = Counter()
    while not registry.refresh():  # the store has 20 ms to answer, which a busy machine may miss
        pass
    WatchedStore.by_callers.clear()
    say(ready=True)
    told = None
    while not over.is_set():
        load.call()
        forced[ask(registry.get("forced"))] += 1
        shared = load.breaker.circuit.shared
        if shared is not told:
            told = shared
            say(shared=shared)
    say_goodbye(load, forced)
    registry.close()


def make_registry(order: dict[str, Any]) -> Registry:
    """Two services on the shared store: one that is called, one that is forced open."""
    store = WatchedStore(order["store"], timeout=order.get("timeout", 0.05), probe_timeout=order.get("timeout", 0.02))
    breaker = CircuitBreakerConfig(**order["breaker"])
    services = {
        name: ServiceConfig(name=name, breaker=breaker, retry=RetryConfig(attempts=1), deadline=5.0)
        for name in ("service", "forced")
    }
    return Registry(services, store)


def ask(breaker: Breaker) -> str:
    """Whether a breaker lets a call through."""
    try:
        breaker.call(lambda: None)
    except CircuitOpen:
        return "refused"
    return "done"


def say_goodbye(load: Load, forced: Counter[str]) -> None:
    """Everything that was counted."""
    circuit = load.breaker.circuit
    ordered = sorted(load.decisions)
    say(
        last=True,
        calls=len(ordered),
        state=load.breaker.state,
        generation=circuit.standing.machine.generation,
        shared=circuit.shared,
        outcomes=load.outcomes,
        totals=circuit.totals()._asdict(),
        forced=forced,
        asked_by_callers=WatchedStore.by_callers,
        p999=ordered[int(len(ordered) * 0.999)],
        worst=ordered[-1],
    )


if __name__ == "__main__":
    main()
