"""What a breaker costs: ours, sharing its state through Valkey, against Python's breaker libraries, which don't.

`success` and `open` are against `circuitbreaker`, by its own decorator; `policy` is all layers against the bare call.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import aiobreaker
import circuitbreaker
import purgatory
import pybreaker

from apps.resilience import Breaker, CircuitBreakerConfig
from apps.resilience.defaults import build
from apps.resilience.policy import Policy
from apps.resilience.registry import Registry
from config.settings.resilience import RESILIENCE
from tests.benchmarks.figures import Figure, figure_of

CALLS = 200_000
REFUSED_CALLS = 50_000

Call = Callable[[], object]


def run(rounds: int, scale: float) -> Iterator[Figure]:
    """Success against four libraries, refusal against one, and the whole policy."""
    registry = build({**RESILIENCE, "STORE_URL": os.environ["REDIS_URL"], "STORE_PREFIX": "benchmark:"})
    calls = max(1000, round(CALLS * scale))
    try:
        breaker = shared_breaker(registry)
        ours = breaker(answer)
        ours()
        if not breaker.circuit.shared:
            raise RuntimeError("The store does not answer: this would measure a breaker that shares nothing.")
        for figure, name, theirs in (
            ("success", "circuitbreaker", circuitbreaker.CircuitBreaker(name="theirs")(answer)),
            ("success_pybreaker", "pybreaker", pybreaker.CircuitBreaker()(answer)),
            ("success_aiobreaker", "aiobreaker", aiobreaker.CircuitBreaker()(answer)),
            ("success_purgatory", "purgatory", by_purgatory()),
        ):
            yield race_calls(figure, name, ours, theirs, rounds=rounds, calls=calls)
        yield race_calls(
            "open",
            "circuitbreaker",
            refused_by(opened(shared_breaker(registry, "opened"))),
            refused_by(opened(circuitbreaker.CircuitBreaker(failure_threshold=1, name="theirs"))),
            rounds=rounds,
            calls=max(1000, round(REFUSED_CALLS * scale)),
        )
        whole = by_policy(registry.policy("jira_api"))
        yield race_calls("policy", "bare call", whole, answer, rounds=rounds, calls=max(1000, calls // 10))
    finally:
        registry.close()


def answer() -> int:
    """The call that is protected: nearly nothing, so that only the protection is measured."""
    return 42


def fail() -> int:
    raise ConnectionError


def shared_breaker(registry: Registry, name: str = "benchmark") -> Breaker:
    """One of ours whose state is the cluster's."""
    return registry.breaker(name, CircuitBreakerConfig(failure_threshold=1, volume_threshold=1, recovery_timeout=600))


def by_purgatory() -> Call:
    """Its usual way is a `with` block."""
    breaker = purgatory.SyncCircuitBreakerFactory().get_breaker("theirs")

    def call() -> int:
        with breaker:
            return answer()

    return call


def by_policy(policy: Policy) -> Call:
    """All layers of a configured service."""

    def call() -> int:
        return policy.call(answer)

    return call


def opened(breaker: circuitbreaker.CircuitBreaker) -> Call:
    """A protected call whose circuit is open."""
    protected: Call = breaker(fail)
    with suppress(ConnectionError):
        protected()
    deadline = time.monotonic() + 5
    while breaker.state != "open":
        if time.monotonic() > deadline:
            raise RuntimeError(f"{breaker.name} did not open.")
        time.sleep(0.01)
    return protected


def refused_by(protected: Call) -> Call:
    """One refusal, caught."""

    def call() -> str:
        try:
            protected()
        except circuitbreaker.CircuitBreakerError:
            return "refused"
        return "called"

    return call


def race_calls(figure: str, name: str, ours: Call, theirs: Call, *, rounds: int, calls: int) -> Figure:
    """Microseconds for one call, both sides in turn."""
    if ours() != theirs():
        raise RuntimeError(f"{figure}: ours and {name} don't give the same answer.")
    pairs = [(microseconds(ours, calls), microseconds(theirs, calls)) for _ in range(rounds)]
    return figure_of("breaker", figure, pairs, yardstick_name=name, unit="us", better="lower")


def microseconds(call: Call, calls: int) -> float:
    """The mean over many calls; the loop itself costs both sides the same."""
    began = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - began) / calls * 1e6
