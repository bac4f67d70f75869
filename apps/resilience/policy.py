"""A policy: everything that stands around one call of a service.

fallback( bulkhead( retry, with budget( circuit breaker( rate limit( timeout( call ))))))

policy("storage").call(client.upload, path)
await policy("ai").acall(ask, question)

@policy("email")
def send(message): ...
"""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from math import inf
from typing import Any, ParamSpec, TypeVar, cast

from apps.core.correlation.context import current_correlation_id
from apps.resilience.breaker import Breaker
from apps.resilience.buckets import RetryBudget, TokenBucket
from apps.resilience.bulkhead import Bulkhead
from apps.resilience.config import CircuitBreakerConfig, Outcome
from apps.resilience.errors import DeadlineExceeded, RateLimited, ResilienceError
from apps.resilience.fallbacks import Fallback, Fallbacks
from apps.resilience.fallbacks import fallbacks as registered_fallbacks
from apps.resilience.metrics import FALLBACKS, duration_of, service_label
from apps.resilience.retry import Attempts, RetryConfig, attempt_async, attempt_sync
from apps.resilience.timeout import (
    enter_deadline,
    leave_deadline,
    remaining,
    run_async,
    run_with_watchdog,
)
from apps.resilience.verdicts import TOO_MANY_REQUESTS, retry_after_of, status_of

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_PAUSE = 1.0
"""Seconds to leave a service alone that answers 429 without saying how long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceConfig:
    """Everything about one service. `None` leaves a layer out."""

    name: str
    breaker: CircuitBreakerConfig
    retry: RetryConfig
    deadline: float
    """Seconds for the whole policy, pauses between attempts included."""
    concurrency: int | None = None
    """Calls at a time in one process."""
    cluster_concurrency: int | None = None
    """Calls at a time in the cluster; costs a round trip to the store."""
    adaptive: bool = False
    """Whether the process's limit follows the latency."""
    rate: float | None = None
    """Calls a second that may go out of one process."""
    burst: float = 1.0
    """Calls that may go out at once after a pause."""
    longest_pause: float = inf
    """Seconds for which a 429 holds callers back at most, where they keep to a longer pause themselves."""
    shared: bool = True
    """Whether the circuit's state is the cluster's; not for the store that would hold it."""
    watchdog: bool = False
    """Whether synchronous calls need to be stopped from outside, having no time limit of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One service's layers. The parts with state are shared by every copy; make a variant with `with_options`."""

    service: ServiceConfig
    breaker: Breaker
    budget: RetryBudget
    bulkhead: Bulkhead | None = None
    limiter: TokenBucket | None = None
    fallbacks: Fallbacks = registered_fallbacks
    fallback: Fallback | None = None

    @property
    def name(self) -> str:
        """The service."""
        return self.service.name

    def with_options(
        self,
        *,
        fallback: Fallback | None = None,
        deadline: float | None = None,
        retry: RetryConfig | None = None,
        watchdog: bool | None = None,
    ) -> Policy:
        """The same policy with other words for one use."""
        service = replace(
            self.service,
            deadline=self.service.deadline if deadline is None else deadline,
            retry=retry or self.service.retry,
            watchdog=self.service.watchdog if watchdog is None else watchdog,
        )
        return replace(self, service=service, fallback=fallback or self.fallback)

    def forked(self) -> None:
        """In a child after fork."""
        for part in (self.budget, self.limiter, self.bulkhead):
            if part is not None:
                part.forked()

    def __call__(self, function: F) -> F:
        """Put the policy around a function or coroutine function."""
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def protected_async(*args: Any, **kwargs: Any) -> Any:
                return await self.acall(function, *args, **kwargs)

            return cast("F", protected_async)

        @functools.wraps(function)
        def protected(*args: Any, **kwargs: Any) -> Any:
            return self.call(function, *args, **kwargs)

        return cast("F", protected)

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `function` within the policy.

        Raises:
            ResilienceError: the service was not called, or failed; `__cause__` is its own error.
            Exception: an answer of the service that is no fault of it (not found…), as it came.
        """
        try:
            return self._call(function, args, kwargs)
        except ResilienceError as error:
            fallback = self._fallback_for(error)
            if fallback is None:
                raise
            return cast("T", fallback(error, *args, **kwargs))

    async def acall(self, function: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Await `function` within the policy. A fallback may be a function or a coroutine function."""
        try:
            return await self._acall(function, args, kwargs)
        except ResilienceError as error:
            fallback = self._fallback_for(error)
            if fallback is None:
                raise
            answer = fallback(error, *args, **kwargs)
            return cast("T", await answer if inspect.isawaitable(answer) else answer)

    # Outer layers

    def _call(self, function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        place = self.bulkhead.enter() if self.bulkhead else None
        token = enter_deadline(self.service.deadline)
        started = time.perf_counter()
        failed = False
        try:
            self.budget.earn()
            return attempt_sync(
                functools.partial(self._attempts, function), functools.partial(self._attempt, function, args, kwargs)
            )
        except ResilienceError:
            failed = True
            raise
        finally:
            leave_deadline(token)
            self._observe(started)
            if place is not None and self.bulkhead is not None:
                self.bulkhead.leave(place, failed=failed)

    async def _acall(self, function: Callable[..., Awaitable[T]], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        place = self.bulkhead.enter() if self.bulkhead else None
        token = enter_deadline(self.service.deadline)
        started = time.perf_counter()
        failed = False
        try:
            self.budget.earn()
            return await attempt_async(
                functools.partial(self._attempts, function), functools.partial(self._aattempt, function, args, kwargs)
            )
        except ResilienceError:
            failed = True
            raise
        finally:
            leave_deadline(token)
            self._observe(started)
            if place is not None and self.bulkhead is not None:
                self.bulkhead.leave(place, failed=failed)

    # One attempt: breaker, rate limit, timeout

    def _attempt(self, function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        limit = self._time_left()
        circuit = self.breaker.circuit
        permit = circuit.admit()
        try:
            self._wait_your_turn()
            if self.service.watchdog:
                result = run_with_watchdog(limit, self.name, function, *args, **kwargs)
            else:
                result = function(*args, **kwargs)
        except BaseException as error:
            refusal = self._asked_to_wait(error)
            circuit.settle(permit, Outcome.IGNORED if refusal else self.breaker.judge(error), error)
            if refusal is not None and refusal is not error:
                raise refusal from error
            raise
        circuit.succeed(permit)
        return self.service.retry.wanted(result)

    async def _aattempt(
        self, function: Callable[..., Awaitable[T]], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> T:
        limit = self._time_left()
        circuit = self.breaker.circuit
        permit = await self.breaker.admit_async()
        try:
            self._wait_your_turn()
            result = await run_async(limit, self.name, function, *args, **kwargs)
        except BaseException as error:
            refusal = self._asked_to_wait(error)
            circuit.settle(permit, Outcome.IGNORED if refusal else self.breaker.judge(error), error)
            if refusal is not None and refusal is not error:
                raise refusal from error
            raise
        circuit.succeed(permit)
        return self.service.retry.wanted(result)

    def _time_left(self) -> float:
        # Before the circuit is asked: a call that was never made says nothing about the service.
        left = remaining(self.service.deadline)
        if left <= 0:
            raise DeadlineExceeded(f"No time was left to call the service {self.name!r}.", service=self.name)
        return left

    def _wait_your_turn(self) -> None:
        """Our own limit, or the pause for which the service asked. Refused, not slept through."""
        pause = self.breaker.circuit.paused_for()
        if not pause and self.limiter is not None:
            pause = self.limiter.take()
        if pause:
            detail = f"The service {self.name!r} is not to be called for another {pause:.1f} s."
            raise RateLimited(detail, service=self.name, retry_after=pause)

    def _asked_to_wait(self, error: BaseException) -> RateLimited | None:
        """A 429 from outside sets the limit for all processes."""
        if isinstance(error, RateLimited):
            return error
        if status_of(error) != TOO_MANY_REQUESTS:
            return None
        pause = retry_after_of(error)
        pause = DEFAULT_PAUSE if pause is None else pause
        self.breaker.circuit.pause(min(pause, self.service.longest_pause))
        detail = f"The service {self.name!r} answered 429: not for another {pause:.1f} s."
        return RateLimited(detail, service=self.name, retry_after=pause)

    # Inside

    def _attempts(self, function: Callable[..., object]) -> Attempts:
        name = getattr(function, "__qualname__", repr(function))
        return Attempts(self.service.retry, function=name, service=self.name, budget=self.budget)

    def _fallback_for(self, error: ResilienceError) -> Fallback | None:
        fallback = self.fallback or self.fallbacks.find(self.name)
        if fallback is not None:
            FALLBACKS.labels(service_label(self.name), type(error).__name__).inc()
        return fallback

    def _observe(self, started: float) -> None:
        correlation_id = current_correlation_id()
        exemplar = {"correlation_id": correlation_id} if correlation_id else None
        duration_of(service_label(self.name)).observe(time.perf_counter() - started, exemplar)
