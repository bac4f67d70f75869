"""The parts of a policy as decorators of their own, for what is no configured service."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, TypeVar

from apps.resilience.config import CircuitBreakerConfig
from apps.resilience.defaults import registry
from apps.resilience.retry import Attempts, RetryConfig, attempt_async, attempt_sync

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def retry(config: RetryConfig | None = None, *, name: str = "") -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Try a function again when it fails; `RetriesExhausted` when that does not help either."""
    numbers = config or RetryConfig()

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        called = function.__qualname__

        @functools.wraps(function)
        def retried(*args: P.args, **kwargs: P.kwargs) -> T:
            return attempt_sync(
                lambda: Attempts(numbers, function=called, service=name or called),
                lambda: numbers.wanted(function(*args, **kwargs)),
            )

        return retried

    return decorate


def async_retry(
    config: RetryConfig | None = None, *, name: str = ""
) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Awaitable[T]]]:
    """`retry` for coroutine functions."""
    numbers = config or RetryConfig()

    def decorate(function: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
        called = function.__qualname__

        @functools.wraps(function)
        async def retried(*args: P.args, **kwargs: P.kwargs) -> T:
            async def attempt() -> T:
                return numbers.wanted(await function(*args, **kwargs))

            return await attempt_async(lambda: Attempts(numbers, function=called, service=name or called), attempt)

        return retried

    return decorate


def circuit_breaker(name: str, config: CircuitBreakerConfig | None = None) -> Callable[[F], F]:
    """Put the circuit `name` around a function or generator, asynchronous or not.

    A configured service's circuit is found by its name; any other name makes a circuit, shared by the cluster, with
    `config` or the defaults.
    """

    def decorate(function: F) -> F:
        return registry().breaker(name, config).decorate(function)

    return decorate


def async_circuit_breaker(name: str, config: CircuitBreakerConfig | None = None) -> Callable[[F], F]:
    """`circuit_breaker`, under the name that readers of asynchronous code look for."""
    return circuit_breaker(name, config)
