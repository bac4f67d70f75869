"""The breaker: `circuitbreaker.CircuitBreaker` by interface, a `Circuit` inside.

Everything public of the package keeps working: constructor, failure predicate, fallback, error type,
`@circuit(cls=Breaker)` and `CircuitBreakerMonitor`. Of its own code only the constructor runs; its state
machine is never consulted. The package is pinned, and `tests/unit/resilience/test_breaker_contract.py` holds it
to the parts that are overridden here.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable
from contextlib import aclosing
from contextvars import ContextVar
from datetime import datetime, timedelta
from math import ceil, inf
from types import TracebackType
from typing import Any, Literal, ParamSpec, TypeVar

import circuitbreaker
from circuitbreaker import CircuitBreakerMonitor

from apps.core import clock as wall
from apps.resilience.circuit import Circuit
from apps.resilience.config import CircuitBreakerConfig, Classifier, Mode, Outcome, State
from apps.resilience.errors import CircuitOpen
from apps.resilience.gate import Permit
from apps.resilience.link import Link
from apps.resilience.outcomes import classify
from apps.resilience.wrappers import wrap

T = TypeVar("T")
P = ParamSpec("P")
Y = TypeVar("Y")
S = TypeVar("S")
F = TypeVar("F", bound=Callable[..., Any])
Expected = type[BaseException] | Iterable[type[BaseException]] | Classifier

_entered: ContextVar[tuple[tuple[Breaker, Permit], ...]] = ContextVar("entered_breakers", default=())
"""Permits of the `with` blocks that this thread or task is in, innermost last."""


class Breaker(circuitbreaker.CircuitBreaker):  # type: ignore[misc]  # the package is not typed
    """One circuit breaker.

    Built from the package's own arguments it opens after `failure_threshold` failures within a minute; with
    `config` every number is given. With a `link` its state is shared with the other processes.
    """

    def __init__(
        self,
        failure_threshold: int | None = None,
        recovery_timeout: float | None = None,
        expected_exception: Expected | None = None,
        name: str | None = None,
        fallback_function: Callable[..., Any] | None = None,
        *,
        config: CircuitBreakerConfig | None = None,
        link: Link | None = None,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        if config is not None:
            failure_threshold, recovery_timeout = config.failure_threshold, config.recovery_timeout
            expected_exception = expected_exception or config.counts_as_failure
        super().__init__(failure_threshold, recovery_timeout, expected_exception, name, fallback_function)
        if config is None:
            seconds = float(self._recovery_timeout)
            config = CircuitBreakerConfig(
                failure_threshold=self._failure_threshold,
                volume_threshold=1,
                recovery_timeout=seconds,
                recovery_cap=max(600.0, seconds),
                success_threshold=1,
            )
        self._name: str | None = name
        self.circuit = Circuit(name or "", config, clock=clock, chance=chance, link=link)
        self.circuit.owner = self

    def judge(self, error: BaseException) -> Outcome:
        """What an exception says about the service."""
        outcome = classify(error, self.circuit.config)
        if outcome is Outcome.FAILURE and not self.is_failure(type(error), error):
            return Outcome.SUCCESS
        return outcome

    # As a decorator

    def decorate(self, function: F) -> F:
        """Protect a function, coroutine function, generator or asynchronous generator."""
        if self._name is None:
            self.circuit.name = self._name = getattr(function, "__qualname__", None) or function.__name__
        CircuitBreakerMonitor.register(self)
        return wrap(self, function)

    # As calls; each uses the fallback while the circuit is open

    def call(self, func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `func` if the circuit lets it."""
        try:
            permit = self.circuit.admit()
        except CircuitOpen:
            if not self._fallback_function:
                raise
            permit = None
        if permit is None:
            return self._fallback_function(*args, **kwargs)  # type: ignore[no-any-return]
        try:
            result = func(*args, **kwargs)
        except BaseException as error:
            self.circuit.settle(permit, self.judge(error), error)
            raise
        self.circuit.succeed(permit)
        return result

    def call_generator(
        self, func: Callable[P, Generator[Y, S, T]], *args: P.args, **kwargs: P.kwargs
    ) -> Generator[Y, S, T]:
        """Run a generator if the circuit lets it; it is one call, from its first item to its end."""
        try:
            permit = self.circuit.admit()
        except CircuitOpen:
            if not self._fallback_function:
                raise
            permit = None
        if permit is None:
            return (yield from self._fallback_function(*args, **kwargs))  # type: ignore[no-any-return]
        try:
            result = yield from func(*args, **kwargs)
        except BaseException as error:
            self._settle_stream(permit, self.judge(error), error)
            raise
        self._settle_stream(permit, Outcome.SUCCESS)
        return result

    async def call_async(self, func: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Await `func` if the circuit lets it."""
        try:
            permit = await self.admit_async()
        except CircuitOpen:
            if not self._fallback_function:
                raise
            permit = None
        if permit is None:
            return await self._fallback_function(*args, **kwargs)  # type: ignore[no-any-return]
        try:
            result = await func(*args, **kwargs)
        except BaseException as error:
            self.circuit.settle(permit, self.judge(error), error)
            raise
        self.circuit.succeed(permit)
        return result

    async def call_async_generator(
        self, func: Callable[P, AsyncGenerator[T, None]], *args: P.args, **kwargs: P.kwargs
    ) -> AsyncGenerator[T, None]:
        """Run an asynchronous generator if the circuit lets it."""
        try:
            permit = await self.admit_async()
        except CircuitOpen:
            if not self._fallback_function:
                raise
            permit = None
        if permit is None:
            async with aclosing(self._fallback_function(*args, **kwargs)) as substitutes:
                async for item in substitutes:
                    yield item
            return
        try:
            async with aclosing(func(*args, **kwargs)) as items:
                async for item in items:
                    yield item
        except BaseException as error:
            self._settle_stream(permit, self.judge(error), error)
            raise
        self._settle_stream(permit, Outcome.SUCCESS)

    # As a context manager; there is no function to fall back on, so an open circuit raises

    def __enter__(self) -> None:
        _entered.set((*_entered.get(), (self, self.circuit.admit())))

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, _tb: TracebackType | None
    ) -> Literal[False]:
        outcome = Outcome.SUCCESS if exc_value is None else self.judge(exc_value)
        self.circuit.settle(self._leave(), outcome, exc_value)
        return False

    async def __aenter__(self) -> None:
        _entered.set((*_entered.get(), (self, await self.admit_async())))

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, tb: TracebackType | None
    ) -> Literal[False]:
        return self.__exit__(exc_type, exc_value, tb)

    # What can be read; reading never takes a permit and never changes the state

    @property
    def state(self) -> str:
        """`closed`, `open` or `half_open`; an open circuit whose time is over counts as half-open."""
        gate = self.circuit.gate
        if gate.state is State.OPEN and self._remaining() <= 0:
            return str(State.HALF_OPEN)
        return str(gate.state)

    @property
    def open_until(self) -> datetime:
        """About when it will try to recover."""
        remaining = self._remaining()
        return wall.now() + timedelta(seconds=min(remaining, 10 * 365 * 86400.0))

    @property
    def open_remaining(self) -> int:
        """Whole seconds that it stays open, never negative."""
        return ceil(min(self._remaining(), 1e9))

    @property
    def failure_count(self) -> int:
        """Failures inside the window; the cluster's where it is known."""
        return self.circuit.window_counts().failed

    @property
    def last_failure(self) -> BaseException | None:
        """Type and arguments of the last failure that this process saw, without its traceback."""
        return self.circuit.ledger.last_failure

    @property
    def closed(self) -> bool:
        """Whether calls pass freely."""
        return self.state == State.CLOSED

    @property
    def opened(self) -> bool:
        """Whether calls are refused."""
        return self.state == State.OPEN

    def reset(self) -> None:
        """Close and forget, in all processes that share it."""
        self.circuit.reset()

    # Inside

    def _remaining(self) -> float:
        if self.circuit.config.mode is Mode.FORCED_OPEN:
            return inf
        return self.circuit.open_remaining()

    async def admit_async(self) -> Permit:
        """`Circuit.admit` for coroutines: what might wait for the store does so in a thread."""
        if self.circuit.may_block:
            return await asyncio.to_thread(self.circuit.admit)
        return self.circuit.admit()

    def _settle_stream(self, permit: Permit, outcome: Outcome, error: BaseException | None = None) -> None:
        # A stream lasts as long as its reader likes: its length says nothing about the service.
        self.circuit.settle(permit._replace(started=self.circuit.clock()), outcome, error)

    def _leave(self) -> Permit:
        stack = _entered.get()
        for position in range(len(stack) - 1, -1, -1):
            if stack[position][0] is self:
                _entered.set(stack[:position] + stack[position + 1 :])
                return stack[position][1]
        # Entered in another context (a fixture, say): counted, but a probe's place returns by its expiry.
        return Permit(self.circuit.gate.generation, self.circuit.clock())
