"""A parent that shares circuits, and its child after `fork`. Says in one JSON line what both of them met."""

from __future__ import annotations

import json
import os
import sys
import threading

from apps.resilience.breaker import Breaker
from apps.resilience.config import CircuitBreakerConfig
from apps.resilience.hub import Hub
from apps.resilience.store import CircuitStore


def main(url: str) -> None:
    """Fork in the middle of things."""
    hub = Hub(CircuitStore(url, timeout=2.0))
    config = CircuitBreakerConfig(failure_threshold=3, volume_threshold=1)
    protected = Breaker(name="email", config=config, link=hub)
    succeed = protected(lambda: None)
    for _ in range(7):
        succeed()  # counted by the parent, told by nobody yet
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        threads_at_first = threading.active_count()
        for _ in range(5):
            succeed()
        name, threads = hub.process, threading.active_count()
        hub.stop()
        os.write(writer, json.dumps([name, threads_at_first, threads]).encode())
        os._exit(0)
    os.waitpid(child, 0)
    parent = hub.process
    hub.stop()
    child_name, at_first, later = json.loads(os.read(reader, 1000))
    hub.store.connect()
    snapshot = protected.circuit.standing.snapshot
    hub.refresh()
    snapshot = protected.circuit.standing.snapshot
    told = snapshot.totals.succeeded if snapshot else -1
    answer = {"names_differ": parent != child_name, "threads": [at_first, later], "told": told}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
