"""Retries: when, how long, how often, and when not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
import structlog.testing

from apps.resilience import RetryConfig, RetryStrategy, async_retry, retry
from apps.resilience.buckets import RetryBudget
from apps.resilience.config import InvalidConfig
from apps.resilience.errors import (
    BulkheadFull,
    CircuitOpen,
    DeadlineExceeded,
    RateLimited,
    RetriesExhausted,
    RetryPostponed,
)
from apps.resilience.retry import Attempts, attempt_async, attempt_sync, may_sleep
from apps.resilience.timeout import deadline
from tests.unit.resilience.hands import Hands

NO_JITTER = RetryConfig(attempts=6, base=1.0, cap=10.0, jitter=False)


class Service:
    """Fails as often as it is told to."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def run(
    service: Callable[[], str], config: RetryConfig = NO_JITTER, budget: RetryBudget | None = None
) -> tuple[str, list[float]]:
    pauses: list[float] = []

    def attempts() -> Attempts:
        return Attempts(config, function="service", service="email", budget=budget)

    return attempt_sync(attempts, service, sleep=pauses.append), pauses


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        (RetryStrategy.EXPONENTIAL, [1, 2, 4, 8, 10]),
        (RetryStrategy.LINEAR, [1, 2, 3, 4, 5]),
        (RetryStrategy.CONSTANT, [1, 1, 1, 1, 1]),
    ],
)
def test_pauses_grow_by_strategy_up_to_the_cap(strategy: RetryStrategy, expected: list[float]) -> None:
    config = RetryConfig(attempts=6, base=1.0, cap=10.0, jitter=False, strategy=strategy)
    answer, pauses = run(Service(*[ConnectionError()] * 5), config)
    assert (answer, pauses) == ("done", expected)


def test_full_jitter_takes_any_part_of_the_pause() -> None:
    for chance, expected in ((0.0, 0.0), (0.25, 0.25), (0.999, 0.999)):
        attempts = Attempts(RetryConfig(), function="f", service="s", chance=lambda chance=chance: chance)
        assert attempts.pause_after(ConnectionError()) == pytest.approx(expected)


def test_a_call_that_works_at_once_never_meets_tenacity() -> None:
    def attempts() -> Attempts:
        raise AssertionError("made for nothing")

    assert attempt_sync(attempts, Service()) == "done"


def test_after_the_last_attempt_the_error_is_ours_and_names_theirs() -> None:
    service = Service(*[ConnectionError("refused")] * 9)
    with pytest.raises(RetriesExhausted) as caught:
        run(service, RetryConfig(attempts=3, jitter=False))
    assert service.calls == 3
    assert (caught.value.service, caught.value.cause) == ("email", "ConnectionError: refused")
    assert isinstance(caught.value.__cause__, ConnectionError)
    assert caught.value.detail == "The service 'email' failed 3 times."


def test_a_timeout_at_the_end_is_a_timeout() -> None:
    with pytest.raises(DeadlineExceeded):
        run(Service(TimeoutError()), RetryConfig(attempts=1))


@pytest.mark.parametrize(
    "error",
    [
        CircuitOpen("open", service="email", retry_after=1),
        BulkheadFull("full", service="email", retry_after=1),
        FileNotFoundError(),
        TypeError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_another_attempt_cannot_help_is_raised_as_it_is(error: Exception) -> None:
    service = Service(error)
    with pytest.raises(type(error)) as caught:
        run(service)
    assert caught.value is error
    assert service.calls == 1


def test_retry_after_is_honoured_beyond_the_cap() -> None:
    error = RateLimited("wait", service="email", retry_after=33.0)
    assert run(Service(error)) == ("done", [33.0])


def test_no_attempt_is_planned_behind_the_deadline() -> None:
    service = Service(*[RateLimited("wait", service="email", retry_after=33.0)] * 2)
    with pytest.raises(RateLimited), deadline(5, service="email"):
        run(service)
    assert service.calls == 1


def test_the_budget_ends_retries() -> None:
    budget = RetryBudget(clock=Hands())
    while budget.spend():
        pass
    with pytest.raises(RetriesExhausted, match="budget is used up"):
        run(Service(ConnectionError()), budget=budget)


def test_own_conditions_by_exception_and_by_result() -> None:
    by_error = RetryConfig(attempts=3, jitter=False, retry_on=lambda kind, _error: kind is KeyError)
    assert run(Service(KeyError()), by_error) == ("done", [1])
    not_repeated = Service(ConnectionError())
    with pytest.raises(RetriesExhausted):
        run(not_repeated, by_error)
    assert not_repeated.calls == 1

    answers = iter(["pending", "pending", "ready"])

    @retry(RetryConfig(base=0.0, retry_result=lambda answer: answer == "pending"))
    def poll() -> str:
        return next(answers)

    assert poll() == "ready"


def test_a_result_that_never_comes_ends_as_an_error() -> None:
    @retry(RetryConfig(base=0.0, retry_result=lambda answer: answer == "pending"), name="export")
    def poll() -> str:
        return "pending"

    with pytest.raises(RetriesExhausted, match="'export' failed 3 times"):
        poll()


def test_inside_a_task_the_next_attempt_is_left_to_a_new_task() -> None:
    token = may_sleep.set(False)
    try:
        with pytest.raises(RetryPostponed) as caught:
            run(Service(ConnectionError()))
    finally:
        may_sleep.reset(token)
    assert caught.value.retry_after == 1.0


def test_coroutines_are_retried_in_the_same_way() -> None:
    service, pauses = Service(ConnectionError(), ConnectionError()), []

    async def call() -> str:
        return service()

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    def attempts() -> Attempts:
        return Attempts(NO_JITTER, function="service", service="email")

    assert asyncio.run(attempt_async(attempts, call, sleep=pause)) == "done"
    assert pauses == [1, 2]


def test_the_decorator_for_coroutines() -> None:
    service = Service(ConnectionError())

    @async_retry(RetryConfig(base=0.0))
    async def call() -> str:
        return service()

    assert asyncio.run(call()) == "done"


def test_a_cancelled_coroutine_is_not_repeated() -> None:
    calls = []

    async def cancelled() -> None:
        calls.append(1)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(attempt_async(lambda: Attempts(NO_JITTER, function="f", service="s"), cancelled))
    assert calls == [1]


def test_each_retry_is_logged_with_its_number_and_pause() -> None:
    with structlog.testing.capture_logs() as logs:
        run(Service(ConnectionError()), RetryConfig(attempts=3, jitter=False))
    assert logs == [
        {
            "event": "retry",
            "log_level": "warning",
            "function": "service",
            "attempt": 1,
            "max_attempts": 3,
            "error_type": "ConnectionError",
            "retry_delay": 1.0,
        }
    ]


@pytest.mark.parametrize("numbers", [{"attempts": 0}, {"base": 5.0, "cap": 1.0}, {"base": -1.0}], ids=str)
def test_a_number_that_cannot_work_is_refused(numbers: dict[str, float]) -> None:
    with pytest.raises(InvalidConfig):
        RetryConfig(**numbers)  # type: ignore[arg-type]
