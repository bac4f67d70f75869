"""Retries. The first attempt runs bare; tenacity comes in only when it has failed, and decides from there.

Inside a Celery task (`apps.resilience.celery.ResilientTask`) nothing sleeps: the error says when to come back, and
the task reschedules itself.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

import structlog
import tenacity
from tenacity.wait import wait_base

from apps.resilience.buckets import RetryBudget
from apps.resilience.config import Classifier, InvalidConfig, Outcome
from apps.resilience.errors import (
    BulkheadFull,
    CircuitOpen,
    DeadlineExceeded,
    RateLimited,
    ResilienceError,
    RetriesExhausted,
    RetryPostponed,
)
from apps.resilience.metrics import RETRIES
from apps.resilience.outcomes import describe
from apps.resilience.timeout import remaining
from apps.resilience.verdicts import retry_after_of, verdict

logger = structlog.get_logger(__name__)
T = TypeVar("T")

may_sleep: ContextVar[bool] = ContextVar("resilience_may_sleep", default=True)
"""False inside a Celery task."""


class RetryStrategy(StrEnum):
    """How the pause grows."""

    EXPONENTIAL = "exponential"
    LINEAR = "linear"
    CONSTANT = "constant"


class UnwantedResultError(Exception):
    """A result for which `retry_result` asked for another attempt."""

    def __init__(self, result: object) -> None:
        super().__init__(f"the result {type(result).__name__} is not wanted")
        self.result = result


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryConfig:
    """How often and when to try again. Durations are seconds."""

    attempts: int = 3
    """All attempts, the first included; 1 never retries."""
    base: float = 1.0
    """The first pause."""
    cap: float = 10.0
    """The longest pause, unless the service asks for a longer one with `Retry-After`."""
    strategy: RetryStrategy = RetryStrategy.EXPONENTIAL
    jitter: bool = True
    """Full jitter: a pause is anything between 0 and its length, so that callers don't come back together."""
    retry_on: Classifier | None = None
    """Which exceptions are worth another attempt; by default the service's own faults."""
    retry_result: Callable[[Any], bool] | None = None
    """Which results are, though nothing was raised."""

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise InvalidConfig(f"attempts must be at least 1, not {self.attempts}.")
        if not 0 <= self.base <= self.cap:
            raise InvalidConfig(f"base ({self.base}) must be between 0 and cap ({self.cap}).")

    def waits(self) -> wait_base:
        """Tenacity's form of the pauses, without jitter."""
        if self.strategy is RetryStrategy.CONSTANT:
            return tenacity.wait_fixed(self.base)
        if self.strategy is RetryStrategy.LINEAR:
            return tenacity.wait_incrementing(start=self.base, increment=self.base, max=self.cap)
        return tenacity.wait_exponential(multiplier=self.base, max=self.cap)

    def wanted(self, result: T) -> T:
        """The result, or an error where it asks for another attempt."""
        if self.retry_result is not None and self.retry_result(result):
            raise UnwantedResultError(result)
        return result

    def is_worth_retrying(self, error: BaseException) -> bool:
        """Whether another attempt may help. An open circuit and a full bulkhead are never asked again here."""
        if not isinstance(error, Exception) or isinstance(error, CircuitOpen | BulkheadFull):
            return False
        if self.retry_on is not None:
            return self.retry_on(type(error), error)
        return isinstance(error, RateLimited) or verdict(error) is Outcome.FAILURE


class Attempts:
    """One call's attempts after the first has failed: how long to pause before the next, or that there is none."""

    def __init__(
        self,
        config: RetryConfig,
        *,
        function: str,
        service: str,
        budget: RetryBudget | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.config = config
        self.function = function
        self.service = service
        self.why_not = ""
        self._budget = budget
        self._chance = chance
        self._waits = config.waits()
        self._controller = tenacity.Retrying(
            wait=self._pause, stop=self._stop, before_sleep=self._say, retry_error_callback=lambda _state: None
        )
        self._controller.begin()
        self._state = tenacity.RetryCallState(self._controller, None, (), {})

    def pause_after(self, error: BaseException) -> float | None:
        """Seconds to wait before the next attempt; None when this error is the last word."""
        if not self.config.is_worth_retrying(error) and not isinstance(error, UnwantedResultError):
            return None
        self._state.set_exception((type(error), error, error.__traceback__))
        decision = self._controller.iter(retry_state=self._state)
        if decision is None:
            return None
        self._state.prepare_for_next_attempt()
        return float(self._state.upcoming_sleep)

    def final_error(self, error: BaseException) -> ResilienceError:
        """What the caller gets when there is no next attempt."""
        made = self._state.attempt_number
        tries = "once" if made == 1 else f"{made} times"
        detail = f"The service {self.service!r} failed {tries}{self.why_not}."
        kind = DeadlineExceeded if isinstance(error, TimeoutError) else RetriesExhausted
        return kind(detail, service=self.service, retry_after=retry_after_of(error), cause=describe(error))

    def postponed(self, error: BaseException, pause: float) -> RetryPostponed:
        """The next attempt, left to a rescheduled task."""
        detail = f"The service {self.service!r} failed; the next attempt is in {pause:.1f} s."
        return RetryPostponed(detail, service=self.service, retry_after=pause, cause=describe(error))

    def _pause(self, state: tenacity.RetryCallState) -> float:
        pause = float(self._waits(state))
        if self.config.jitter:
            pause *= self._chance()
        error = state.outcome.exception() if state.outcome else None
        return max(pause, (retry_after_of(error) or 0.0) if error else 0.0)

    def _stop(self, state: tenacity.RetryCallState) -> bool:
        if state.attempt_number >= self.config.attempts:
            return True
        if state.upcoming_sleep >= remaining():
            self.why_not = "; the deadline leaves no time for another attempt"
            return True
        if self._budget is not None and not self._budget.spend():
            self.why_not = "; the retry budget is used up"
            return True
        return False

    def _say(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        RETRIES.labels(self.service or self.function).inc()
        logger.warning(
            "retry",
            function=self.function,
            attempt=state.attempt_number,
            max_attempts=self.config.attempts,
            error_type=type(error).__name__,
            retry_delay=round(state.upcoming_sleep, 3),
        )


def attempt_sync(
    attempts: Callable[[], Attempts], call: Callable[[], T], *, sleep: Callable[[float], object] = time.sleep
) -> T:
    """Call until it works or `Attempts` gives up; `attempts` is only made once the first attempt has failed."""
    session: Attempts | None = None
    while True:
        try:
            return call()
        except Exception as error:
            session = session or attempts()
            pause = session.pause_after(error)
            if pause is None:
                _give_up(session, error)
            if not may_sleep.get():
                raise session.postponed(error, pause) from error
        sleep(pause)


async def attempt_async(
    attempts: Callable[[], Attempts],
    call: Callable[[], Awaitable[T]],
    *,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> T:
    """The same for coroutines."""
    session: Attempts | None = None
    while True:
        try:
            return await call()
        except Exception as error:  # noqa: BLE001 - raised again by `_give_up`
            session = session or attempts()
            pause = session.pause_after(error)
            if pause is None:
                _give_up(session, error)
        await sleep(pause)


def _give_up(session: Attempts, error: Exception) -> NoReturn:
    """Raise the service's fault as one of our errors; an answer, a refusal or a mistake of ours as it is."""
    fault = session.config.is_worth_retrying(error) or verdict(error) is Outcome.FAILURE
    if not fault or isinstance(error, ResilienceError):
        raise error
    raise session.final_error(error) from error
