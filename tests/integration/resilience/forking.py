"""A parent that shares circuits, and its children after `fork`. Says in one JSON line what they met."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import uuid4

import django

django.setup()  # the history's model needs the settings

from apps.core import clock  # noqa: E402
from apps.resilience.config import CircuitBreakerConfig, State  # noqa: E402
from apps.resilience.events import CircuitEvent  # noqa: E402
from apps.resilience.history import history  # noqa: E402
from apps.resilience.keeper import Keeper  # noqa: E402
from apps.resilience.policy import ServiceConfig  # noqa: E402
from apps.resilience.registry import Registry  # noqa: E402
from apps.resilience.retry import RetryConfig  # noqa: E402
from apps.resilience.store import CircuitStore  # noqa: E402

PATIENCE = 20
"""Seconds after which a child that waits for a lock of its parent is killed."""
EVENT = CircuitEvent(
    circuit_name="alone",
    source=State.CLOSED,
    target=State.OPEN,
    generation=2,
    cause="an exercise",
    failure_count=0,
    last_error="",
    scope="process",
    at=clock.now(),
)


def make_registry(url: str, *, threads: bool, keeper: Keeper | None = None) -> Registry:
    """A service that a cluster of its own shares, and one of this process alone; one call at a time for each."""
    services = {
        name: ServiceConfig(
            name=name,
            breaker=CircuitBreakerConfig(),
            retry=RetryConfig(attempts=1),
            deadline=5.0,
            concurrency=1,
            rate=1000.0,
            burst=1000.0,
            shared=name == "shared",
        )
        for name in ("shared", "alone", "webhook")
    }
    known = keeper or Keeper()
    return Registry(
        services, CircuitStore(url, prefix=f"{uuid4()}:", timeout=10.0), threads=threads, keeper=lambda: known
    )


def in_child(work: Callable[[], Any]) -> Any:
    """What `work` returns in a child; None if the child never came to its end."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(PATIENCE)
        os.write(writer, json.dumps(work()).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as answer:
        return json.loads(answer.read() or "null")


def counts(url: str) -> dict[str, Any]:
    """Parent and child call the same circuit: each has threads and a name of its own, and every call counts once."""
    registry = make_registry(url, threads=True)
    policy, hub = registry.policy("shared"), registry.hub
    assert hub is not None
    for _ in range(7):
        policy.call(bool)  # counted by the parent, told by nobody yet

    def work() -> Any:
        at_first = threading.active_count()
        for _ in range(5):
            policy.call(bool)
        later = threading.active_count()
        hub.stop()
        return [hub.process, at_first, later]

    name, at_first, later = in_child(work)
    hub.stop()
    hub.store.connect()
    hub.refresh()
    snapshot = policy.breaker.circuit.standing.snapshot
    told = snapshot.totals.succeeded if snapshot else -1
    return {"names_differ": name != hub.process, "threads": [at_first, later], "told": told}


def locks_held(url: str) -> Any:
    """The parent forks while other threads of it are inside everything that has a lock."""
    registry = make_registry(url, threads=False)
    policies = [registry.policy(name) for name in ("shared", "alone")]
    locks = [registry._lock, history._writing]
    for policy in policies:
        policy.call(bool)
        assert policy.bulkhead is not None
        assert policy.limiter is not None
        policy.bulkhead.enter()  # a call of the parent that is under way
        locks += [policy.breaker.circuit._lock, policy.budget._lock, policy.bulkhead._lock, policy.limiter._lock]
    history.remember(EVENT)

    def work() -> Any:
        answers = [policy.call(bool) for policy in policies]
        registry.endpoint("1").call(bool)
        return {"answers": answers, "waiting": len(history._waiting), "written": history.write_waiting()}

    with held_by_another_thread(locks):
        return in_child(work)


@contextmanager
def held_by_another_thread(locks: list[Any]) -> Iterator[None]:
    """All of them, for the length of the block."""
    holding, over = threading.Event(), threading.Event()

    def hold() -> None:
        with ExitStack() as stack:
            for lock in locks:
                stack.enter_context(lock)
            holding.set()
            over.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait()
    try:
        yield
    finally:
        over.set()
        thread.join()


def round_under_way(url: str) -> Any:
    """The parent forks while its flusher asks the database for overrides: the fork waits for it."""
    return while_busy(url, lambda work: Keeper(load_overrides=work))


def write_under_way(url: str) -> Any:
    """The same while a thread writes the history."""
    return while_busy(url, lambda work: Keeper(waiting=lambda: 1, write_history=work))


def while_busy(url: str, keeper: Callable[[Callable[[], dict[str, Any]]], Keeper]) -> Any:
    """Fork while `keeper` is at work in some thread of the parent."""
    begun, busy = threading.Event(), threading.Event()

    def work() -> dict[str, Any]:
        busy.set()
        begun.set()
        threading.Event().wait(0.3)
        busy.clear()
        return {}

    registry = make_registry(url, threads=True, keeper=keeper(work))
    registry.policy("shared").call(bool)
    begun.wait()
    answer = in_child(lambda: {"at_work": busy.is_set(), "called": registry.policy("shared").call(bool)})
    registry.close()
    return answer


def main(url: str) -> None:
    """All of them."""
    scenes: list[Callable[[str], Any]] = [counts, locks_held, round_under_way, write_under_way]
    said = {scene.__name__: scene(url) for scene in scenes}
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
