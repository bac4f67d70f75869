"""Faults that Python's breaker libraries have and ours must not: the same test on ours and on where it came from.

A test on another package is a strict expected failure: should the pinned package be mended one day, the test says so.
Faults known from resilience4j (a JVM library) have no peer to run here.
"""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import circuitbreaker
import purgatory
import pybreaker
import pytest

from apps.resilience.breaker import Breaker
from apps.resilience.config import Outcome, State
from apps.resilience.errors import CircuitOpen
from tests.unit.resilience.hands import Hands, config, never


class Ours(Breaker):
    """Ours, built from the package's own arguments."""


class Theirs(circuitbreaker.CircuitBreaker):
    """The package's own."""


def fault_of(theirs: Any, why: str) -> Any:
    values = theirs if isinstance(theirs, tuple) else (theirs,)
    return pytest.param(*values, marks=pytest.mark.xfail(strict=True, raises=AssertionError, reason=why))


def fails(*_args: object) -> None:
    raise ConnectionError("refused")


def succeeds(*_args: object) -> str:
    return "done"


def open_it(breaker: Any, failures: int = 1) -> None:
    for _ in range(failures):
        with pytest.raises(ConnectionError):
            breaker.call(fails)


@pytest.fixture(autouse=True)
def _clean_monitor() -> Iterator[None]:
    before = dict(circuitbreaker.CircuitBreakerMonitor.circuit_breakers)
    yield
    circuitbreaker.CircuitBreakerMonitor.circuit_breakers.clear()
    circuitbreaker.CircuitBreakerMonitor.circuit_breakers.update(before)


@pytest.mark.parametrize("kind", [Ours, fault_of(Theirs, "circuitbreaker: every thread probes at half-open")])
def test_fifty_threads_at_half_open_make_one_probe(kind: type[Any]) -> None:
    breaker = kind(failure_threshold=1, recovery_timeout=0.001, name="threads")
    protected = breaker(fails)
    with pytest.raises(ConnectionError):
        protected()
    while breaker.state != "half_open":
        threading.Event().wait(0.001)
    begin, decided = threading.Barrier(50), threading.Barrier(50)

    def probe() -> None:
        decided.wait()  # a probe that ended would let the next one in
        raise ConnectionError

    guarded = breaker(probe)

    def ask() -> str:
        begin.wait()
        try:
            guarded()
        except circuitbreaker.CircuitBreakerError:
            decided.wait()
            return "refused"
        except ConnectionError:
            return "probed"
        raise AssertionError("neither refused nor probed")

    with ThreadPoolExecutor(50) as pool:
        answers = Counter(pool.map(lambda _: ask(), range(50)))
    assert answers == {"probed": 1, "refused": 49}


@pytest.mark.parametrize("kind", [Ours, fault_of(Theirs, "circuitbreaker: counts consecutive failures only")])
def test_a_service_that_fails_every_other_call_is_opened(kind: type[Any]) -> None:
    breaker = kind(failure_threshold=5, name="half")
    healthy, sick = breaker(succeeds), breaker(fails)
    for _ in range(20):
        if breaker.state == "open":
            break
        healthy()
        with pytest.raises(ConnectionError):
            sick()
    assert breaker.state == "open"


@pytest.mark.parametrize("kind", [Ours, fault_of(Theirs, "circuitbreaker: a cancelled coroutine closes the circuit")])
def test_a_cancelled_probe_is_no_success(kind: type[Any]) -> None:
    breaker = kind(failure_threshold=1, recovery_timeout=0.001, name="cancelled")
    with pytest.raises(ConnectionError):
        breaker(fails)()
    while breaker.state != "half_open":
        threading.Event().wait(0.001)

    async def never_ends() -> None:
        await asyncio.Event().wait()

    async def cancel_it() -> None:
        task = asyncio.create_task(breaker(never_ends)())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel_it())
    assert breaker.state != "closed"


@pytest.mark.parametrize("kind", [Ours, fault_of(Theirs, "circuitbreaker: `with` runs while open")])
def test_a_with_block_does_not_run_while_open(kind: type[Any]) -> None:
    breaker = kind(failure_threshold=1, name="with")
    open_it(breaker)
    ran = False
    try:
        with breaker:
            ran = True
    except circuitbreaker.CircuitBreakerError:
        pass
    assert not ran


@pytest.mark.parametrize("kind", [Ours, fault_of(Theirs, "circuitbreaker: `.call()` runs while open")])
def test_call_does_not_run_while_open(kind: type[Any]) -> None:
    breaker, ran = kind(failure_threshold=1, name="call"), []
    open_it(breaker)
    with suppress(circuitbreaker.CircuitBreakerError):
        breaker.call(lambda: ran.append("ran"))
    assert ran == []


@pytest.mark.parametrize("kind", [Ours, fault_of(Theirs, "circuitbreaker: only the decorator uses the fallback")])
def test_call_uses_the_fallback_as_the_decorator_does(kind: type[Any]) -> None:
    breaker = kind(failure_threshold=1, name="fallback", fallback_function=lambda *_: "instead")
    open_it(breaker)
    assert [breaker(succeeds)(), breaker.call(succeeds)] == ["instead", "instead"]


class LeasesInTheGate(circuitbreaker.CircuitBreaker):
    """How a probe limit is usually put on the package: `opened` is its gate, so it hands the places out."""

    places = 1

    @property
    def opened(self) -> bool:
        if self.state == "half_open":
            self.places -= 1
            return self.places < 0
        return bool(super().opened)


@pytest.mark.parametrize(
    "kind", [Ours, fault_of(LeasesInTheGate, "the gate of circuitbreaker is also its monitor's")]
)
def test_looking_through_the_monitor_takes_no_probe(kind: type[Any]) -> None:
    breaker = kind(failure_threshold=1, recovery_timeout=0.001, name="looked-at")
    sick, healthy = breaker(fails), breaker(succeeds)
    with pytest.raises(ConnectionError):
        sick()
    while breaker.state != "half_open":
        threading.Event().wait(0.001)
    for _ in range(10):
        list(circuitbreaker.CircuitBreakerMonitor.get_open())
    try:
        answer = healthy()
    except circuitbreaker.CircuitBreakerError:
        answer = "refused"
    assert answer == "done"


@pytest.mark.parametrize("kind", [Ours, fault_of(Theirs, "circuitbreaker: str(error) is worked out each time")])
def test_the_text_of_a_refusal_is_ready(kind: type[Any]) -> None:
    breaker = kind(failure_threshold=1, name="text")
    open_it(breaker)
    with pytest.raises(circuitbreaker.CircuitBreakerError) as caught:
        breaker(succeeds)()
    assert str(caught.value) is str(caught.value)


def refuse_by_ours() -> Callable[[], BaseException]:
    breaker = Breaker(failure_threshold=1, name="traces")
    open_it(breaker)
    return lambda: _raised(breaker, CircuitOpen)


def refuse_by_purgatory() -> Callable[[], BaseException]:
    breaker = purgatory.SyncCircuitBreakerFactory(default_threshold=1).get_breaker("traces")
    with pytest.raises(ConnectionError), breaker:
        fails()
    return lambda: _raised(breaker, Exception)


def _raised(breaker: Any, kind: type[BaseException]) -> BaseException:
    with pytest.raises(kind) as caught, breaker:
        raise AssertionError("ran while open")
    return caught.value


@pytest.mark.parametrize(
    "make", [refuse_by_ours, fault_of(refuse_by_purgatory, "purgatory: raises one and the same exception object")]
)
def test_the_traceback_of_a_refusal_does_not_grow(make: Callable[[], Callable[[], BaseException]]) -> None:
    refuse = make()
    lengths = [len(traceback.extract_tb(refuse().__traceback__)) for _ in range(5)]
    assert lengths == [lengths[0]] * 5


def runner_of_ours() -> Callable[[Callable[[], None]], None]:
    return Breaker(name="parallel").call


def runner_of_pybreaker() -> Callable[[Callable[[], None]], None]:
    call: Callable[[Callable[[], None]], None] = pybreaker.CircuitBreaker().call
    return call


@pytest.mark.parametrize(
    ("make", "patience"),
    [
        (runner_of_ours, 60.0),
        # However long the first one waited, the second would stand before the lock.
        fault_of((runner_of_pybreaker, 0.2), "pybreaker: holds its lock during the call"),
    ],
)
def test_two_threads_are_inside_their_calls_at_the_same_time(make: Callable[[], Any], patience: float) -> None:
    call, met = make(), threading.Barrier(2)

    def meet() -> None:
        met.wait(timeout=patience)

    def run() -> str:
        try:
            call(meet)
        except threading.BrokenBarrierError:
            return "alone"
        return "together"

    with ThreadPoolExecutor(2) as pool:
        results = [future.result() for future in [pool.submit(run), pool.submit(run)]]
    assert results == ["together", "together"]


def test_an_ignored_exception_gives_its_probe_back() -> None:
    """resilience4j#544."""
    hands = Hands()
    numbers = config(ignores=lambda _kind, error: isinstance(error, KeyError))
    breaker = Breaker(name="ignored", config=numbers, clock=hands, chance=never)
    open_it(breaker, 3)
    hands.go_on(10)

    def ask_wrongly() -> None:
        raise KeyError("unknown")

    for _ in range(5):
        with pytest.raises(KeyError):
            breaker.call(ask_wrongly)
    assert breaker.call(succeeds) == "done"
    assert breaker.state == "closed"


def test_half_open_has_a_time_limit() -> None:
    """resilience4j#2028: a probe that never reports must not keep it half-open for ever."""
    hands = Hands()
    circuit = Breaker(name="limit", config=config(), clock=hands, chance=never).circuit
    for _ in range(3):
        circuit.settle(circuit.admit(), Outcome.FAILURE, ConnectionError())
    hands.go_on(10)
    circuit.admit()
    hands.go_on(30)
    with pytest.raises(CircuitOpen):
        circuit.admit()
    assert circuit.standing.machine.state is State.OPEN


def test_a_404_in_time_counts_as_the_success_that_it_is() -> None:
    hands = Hands()
    numbers = config(counts_as_failure=lambda _kind, error: not isinstance(error, LookupError))
    breaker = Breaker(name="404", config=numbers, clock=hands, chance=never)
    open_it(breaker, 3)
    hands.go_on(10)

    def not_found() -> None:
        raise LookupError("404")

    with pytest.raises(LookupError):
        breaker.call(not_found)
    assert breaker.state == "closed"
