"""Ours keeps the promises of `circuitbreaker`, whose constructor we run and whose methods we override."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import circuitbreaker
import pytest
from circuitbreaker import CircuitBreakerError, CircuitBreakerMonitor, circuit

from apps.resilience.breaker import Breaker
from tests.unit.resilience.hands import Hands, never


@pytest.fixture(autouse=True)
def _clean_monitor() -> Iterator[None]:
    before = dict(CircuitBreakerMonitor.circuit_breakers)
    CircuitBreakerMonitor.circuit_breakers.clear()
    yield
    CircuitBreakerMonitor.circuit_breakers.clear()
    CircuitBreakerMonitor.circuit_breakers.update(before)


def fails() -> None:
    raise ConnectionError("refused")


def test_the_package_is_the_one_that_was_read() -> None:
    assert version("circuitbreaker") == "2.1.3"


@pytest.mark.parametrize(
    "name", [name for name, _ in inspect.getmembers(circuitbreaker.CircuitBreaker) if not name.startswith("_")]
)
def test_every_public_name_is_there_with_the_same_shape(name: str) -> None:
    theirs = inspect.getattr_static(circuitbreaker.CircuitBreaker, name)
    ours = inspect.getattr_static(Breaker, name)
    assert isinstance(ours, property) == isinstance(theirs, property)
    if inspect.isfunction(theirs):
        parameters = [parameter.name for parameter in inspect.signature(theirs).parameters.values()]
        assert [parameter.name for parameter in inspect.signature(ours).parameters.values()] == parameters


def test_the_constructor_takes_the_same_arguments_first() -> None:
    theirs = list(inspect.signature(circuitbreaker.CircuitBreaker.__init__).parameters)
    assert list(inspect.signature(Breaker.__init__).parameters)[: len(theirs)] == theirs


def test_the_attributes_that_the_constructor_must_set_are_set() -> None:
    theirs = set(vars(circuitbreaker.CircuitBreaker(name="x")))
    assert theirs <= set(vars(Breaker(name="x")))


@pytest.mark.parametrize("kind", [circuitbreaker.CircuitBreaker, Breaker])
def test_the_decorator_with_and_without_arguments(kind: type[Any]) -> None:
    @circuit(cls=kind)
    def named() -> str:
        """Says so."""
        return "done"

    @circuit(failure_threshold=2, recovery_timeout=9, name="given", cls=kind)
    def other() -> str:
        return "done"

    assert [named(), other(), named.__name__, named.__doc__] == ["done", "done", "named", "Says so."]
    names = [breaker.name for breaker in CircuitBreakerMonitor.get_circuits()]
    assert names == [named.__qualname__, "given"]
    assert all(isinstance(breaker, kind) for breaker in CircuitBreakerMonitor.get_circuits())


@pytest.mark.parametrize("kind", [circuitbreaker.CircuitBreaker, Breaker])
def test_class_attributes_are_the_defaults(kind: type[Any]) -> None:
    class Patient(kind):  # type: ignore[misc]
        FAILURE_THRESHOLD = 2
        RECOVERY_TIMEOUT = 10
        EXPECTED_EXCEPTION = ConnectionError

    breaker = Patient(name="patient")
    protected, mistaken = breaker(fails), breaker(lambda: {}["missing"])
    for _ in range(3):
        with pytest.raises(KeyError):
            mistaken()
    assert breaker.state == "closed"
    for _ in range(2):
        with pytest.raises(ConnectionError):
            protected()
    assert (breaker.state, breaker.failure_count, repr(breaker.last_failure)) == (
        "open",
        2,
        "ConnectionError('refused')",
    )


@pytest.mark.parametrize("kind", [circuitbreaker.CircuitBreaker, Breaker])
@pytest.mark.parametrize(
    "expected",
    [ConnectionError, (ConnectionError, TimeoutError), lambda kind, _value: issubclass(kind, ConnectionError)],
    ids=["a type", "several types", "a predicate"],
)
def test_failure_predicates(kind: type[Any], expected: Any) -> None:
    breaker = kind(failure_threshold=1, expected_exception=expected, name="predicate")
    with pytest.raises(ZeroDivisionError):
        breaker.call(lambda: 1 / 0)
    assert breaker.closed
    with pytest.raises(ConnectionError):
        breaker.call(fails)
    assert breaker.opened


@pytest.mark.parametrize("kind", [circuitbreaker.CircuitBreaker, Breaker])
def test_the_error_is_the_packages_and_names_its_breaker(kind: type[Any]) -> None:
    breaker = kind(failure_threshold=1, name="email")
    protected = breaker(fails)
    with pytest.raises(ConnectionError):
        protected()
    with pytest.raises(CircuitBreakerError) as caught:
        protected()
    assert caught.value._circuit_breaker is breaker
    assert "email" in str(caught.value)


@pytest.mark.parametrize("kind", [circuitbreaker.CircuitBreaker, Breaker])
def test_the_monitor_sees_what_is_open(kind: type[Any]) -> None:
    good, bad = kind(name="good"), kind(failure_threshold=1, name="bad")
    good(lambda: None)()
    protected = bad(fails)
    with pytest.raises(ConnectionError):
        protected()
    assert CircuitBreakerMonitor.get("bad") is bad
    assert [b.name for b in CircuitBreakerMonitor.get_open()] == ["bad"]
    assert [b.name for b in CircuitBreakerMonitor.get_closed()] == ["good"]
    assert not CircuitBreakerMonitor.all_closed()
    assert 0 < bad.open_remaining <= 33
    bad.reset()
    assert CircuitBreakerMonitor.all_closed()


@pytest.mark.parametrize("kind", [circuitbreaker.CircuitBreaker, Breaker])
def test_coroutines_generators_and_asynchronous_generators(kind: type[Any]) -> None:
    breaker = kind(name="kinds")

    @breaker
    async def one() -> int:
        return 1

    @breaker
    def some() -> Iterator[int]:
        yield from (1, 2)

    @breaker
    async def more() -> Any:
        for number in (3, 4):
            yield number

    async def collect() -> list[int]:
        return [await one(), *[number async for number in more()]]

    assert inspect.iscoroutinefunction(one)
    assert inspect.isgeneratorfunction(some)
    assert inspect.isasyncgenfunction(more)
    assert [*some(), *asyncio.run(collect())] == [1, 2, 1, 3, 4]


@pytest.mark.parametrize("kind", [circuitbreaker.CircuitBreaker, Breaker])
def test_fallbacks_of_every_kind(kind: type[Any]) -> None:
    def open_breaker(fallback: Any) -> Any:
        breaker = kind(failure_threshold=1, name="fallback", fallback_function=fallback)
        with pytest.raises(ConnectionError):
            breaker.call(fails)
        return breaker

    async def instead() -> str:
        return "instead"

    def items() -> Iterator[str]:
        yield "instead"

    async def async_items() -> Any:
        yield "instead"

    async def coroutine() -> str:
        return "never"

    def generator() -> Iterator[str]:
        yield "never"

    async def async_generator() -> Any:
        yield "never"

    async def first(items: Any) -> str:
        return str(await anext(items))

    assert open_breaker(lambda: "instead")(fails)() == "instead"
    assert asyncio.run(open_breaker(instead)(coroutine)()) == "instead"
    assert list(open_breaker(items)(generator)()) == ["instead"]
    assert asyncio.run(first(open_breaker(async_items)(async_generator)())) == "instead"


def test_the_recovery_time_is_the_packages() -> None:
    hands = Hands()
    breaker = Breaker(failure_threshold=1, recovery_timeout=30, name="time", clock=hands, chance=never)
    with pytest.raises(ConnectionError):
        breaker.call(fails)
    assert (breaker.state, breaker.open_remaining) == ("open", 30)
    hands.go_on(29.5)
    assert breaker.state == "open"
    hands.go_on(0.5)
    assert (breaker.state, breaker.open_remaining) == ("half_open", 0)
    breaker.call(lambda: None)
    assert breaker.state == "closed"
