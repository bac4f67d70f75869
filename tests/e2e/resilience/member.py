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
    order = json.loads(sys.argv[1])
    listen(tell_event)
    service = ServiceConfig(
        name="service",
        breaker=CircuitBreakerConfig(**order["breaker"]),
        retry=RetryConfig(attempts=1),
        deadline=5.0,
    )
    store = WatchedStore(order["store"], timeout=order.get("timeout", 0.05), probe_timeout=order.get("timeout", 0.02))
    services = {"service": service, "forced": ServiceConfig(**{**_fields(service), "name": "forced"})}
    registry = Registry(services, store)
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    load = Load(registry.get("service"), order.get("url", ""), order.get("pause", 0.01))
    forced = registry.get("forced")
    forced_outcomes: Counter[str] = Counter()
    calls = 0
    registry.refresh()
    WatchedStore.by_callers.clear()
    say(ready=True)
    shared = None
    while not over.is_set():
        load.call()
        if shared is not load.breaker.circuit.shared:
            shared = load.breaker.circuit.shared
            say(shared=shared)
        calls += 1
        try:
            forced.call(lambda: None)
            forced_outcomes["done"] += 1
        except CircuitOpen:
            forced_outcomes["refused"] += 1
    machine = registry.get("service").circuit.standing.machine
    ordered = sorted(load.decisions)
    say(
        last=True,
        calls=calls,
        state=registry.get("service").state,
        generation=machine.generation,
        shared=registry.get("service").circuit.shared,
        outcomes=load.outcomes,
        totals=registry.get("service").circuit.totals()._asdict(),
        forced=forced_outcomes,
        asked_by_callers=WatchedStore.by_callers,
        p999=ordered[int(len(ordered) * 0.999)] if ordered else 0.0,
        worst=ordered[-1] if ordered else 0.0,
    )
    registry.close()


def _fields(service: ServiceConfig) -> dict[str, Any]:
    return {"breaker": service.breaker, "retry": service.retry, "deadline": service.deadline}


if __name__ == "__main__":
    main()
