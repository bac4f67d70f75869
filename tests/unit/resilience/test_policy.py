"""All layers together, in their order, without a store."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from apps.resilience.errors import BulkheadFull, CircuitOpen, DeadlineExceeded, RateLimited, RetriesExhausted
from apps.resilience.fallbacks import Fallbacks, StaleAnswers
from apps.resilience.policy import Policy, ServiceConfig
from apps.resilience.registry import Registry
from apps.resilience.retry import RetryConfig
from apps.resilience.timeout import remaining
from apps.resilience.verdicts import says_fault, says_nothing
from tests.unit.resilience.hands import Hands, config, never

AT_ONCE = RetryConfig(attempts=3, base=0.0, jitter=False)


@pytest.fixture
def hands() -> Hands:
    return Hands()


MakePolicy = Callable[..., Policy]


@pytest.fixture
def make(hands: Hands) -> MakePolicy:
    def new(**changes: Any) -> Policy:
        breaker = config(counts_as_failure=says_fault, ignores=says_nothing, **changes.pop("breaker", {}))
        service = ServiceConfig(name="storage", breaker=breaker, retry=changes.pop("retry", AT_ONCE), deadline=30.0)
        registry = Registry({"storage": replace(service, **changes)}, None, clock=hands, chance=never)
        return replace(registry.policy("storage"), fallbacks=Fallbacks())

    return new


class Service:
    """Raises what it is given, in turn, then works."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self, *_args: object, **_kwargs: object) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def test_a_call_that_works_returns_its_answer_and_passes_its_arguments(make: MakePolicy) -> None:
    assert make().call(lambda a, *, b: (a, b), 1, b=2) == (1, 2)


def test_the_breaker_sees_each_attempt(make: MakePolicy) -> None:
    policy, service = make(), Service(*[ConnectionError()] * 9)
    with pytest.raises(RetriesExhausted):
        policy.call(service)
    assert (service.calls, policy.breaker.circuit.totals().failed, policy.breaker.state) == (3, 3, "open")


def test_an_open_circuit_ends_the_attempts(make: MakePolicy) -> None:
    policy = make(breaker={"failure_threshold": 2})
    service = Service(*[ConnectionError()] * 9)
    with pytest.raises(CircuitOpen):
        policy.call(service)
    assert service.calls == 2


def test_an_answer_that_is_no_fault_comes_as_it_is_and_counts_as_a_success(make: MakePolicy) -> None:
    policy, error = make(), FileNotFoundError("nothing there")
    with pytest.raises(FileNotFoundError) as caught:
        policy.call(Service(error))
    assert caught.value is error
    assert policy.breaker.circuit.totals().succeeded == 1


def too_many(headers: dict[str, str]) -> Exception:
    error = Exception("429")
    error.response = SimpleNamespace(status_code=429, headers=headers)  # type: ignore[attr-defined]
    return error


def test_a_429_holds_everybody_back_and_is_no_failure(make: MakePolicy, hands: Hands) -> None:
    policy = make(retry=RetryConfig(attempts=1))
    with pytest.raises(RateLimited) as caught:
        policy.call(Service(too_many({"retry-after": "20"})))
    assert caught.value.retry_after == 20.0
    with pytest.raises(RateLimited):
        policy.call(Service())
    totals = policy.breaker.circuit.totals()
    assert (totals.failed, totals.ignored, policy.breaker.state) == (0, 2, "closed")
    hands.go_on(20)
    assert policy.call(Service()) == "done"


def test_a_429_without_a_time_pauses_for_a_second(make: MakePolicy, hands: Hands) -> None:
    policy = make(retry=RetryConfig(attempts=1))
    with pytest.raises(RateLimited):
        policy.call(Service(too_many({})))
    hands.go_on(1)
    assert policy.call(Service()) == "done"


def test_our_own_rate_is_kept(make: MakePolicy, hands: Hands) -> None:
    policy = make(rate=2.0, burst=2.0, retry=RetryConfig(attempts=1))
    answers = []
    for _ in range(3):
        try:
            answers.append(policy.call(Service()))
        except RateLimited as error:
            answers.append(f"wait {error.retry_after}")
    assert answers == ["done", "done", "wait 0.5"]
    hands.go_on(0.5)
    assert policy.call(Service()) == "done"


def test_a_full_bulkhead_refuses_before_anything_else_is_asked(make: MakePolicy) -> None:
    policy = make(concurrency=1)

    def inner() -> str:
        return policy.call(Service())

    with pytest.raises(BulkheadFull):
        policy.call(inner)
    assert policy.bulkhead is not None
    assert policy.bulkhead.in_use == 0
    assert policy.breaker.circuit.totals().failed == 0


def test_the_deadline_is_passed_on(make: MakePolicy) -> None:
    left = make().call(remaining)
    assert 0 < left <= 30
    assert remaining() == float("inf")


def test_a_deadline_of_further_out_counts_for_all_inside(make: MakePolicy) -> None:
    policy = make()
    with pytest.raises(DeadlineExceeded):
        policy.with_options(deadline=0.0).call(Service())
    assert policy.breaker.circuit.totals().requests == 0


def test_code_without_a_limit_of_its_own_is_watched(make: MakePolicy) -> None:
    policy = make(watchdog=True, retry=RetryConfig(attempts=1)).with_options(deadline=0.5)
    over = threading.Event()
    try:
        with pytest.raises(DeadlineExceeded):
            policy.call(over.wait)
    finally:
        over.set()
    assert policy.breaker.circuit.totals().failed == 1


def test_a_fallback_answers_for_a_service_that_fails_or_is_refused(make: MakePolicy) -> None:
    asked: list[tuple[str, object]] = []

    def queue(error: Exception, message: str) -> str:
        asked.append((type(error).__name__, message))
        return "queued"

    policy = make().with_options(fallback=queue)
    service = Service(*[ConnectionError()] * 9)
    assert [policy.call(service, "hello"), policy.call(service, "again")] == ["queued", "queued"]
    assert asked == [("RetriesExhausted", "hello"), ("CircuitOpen", "again")]


def test_an_answer_needs_no_fallback(make: MakePolicy) -> None:
    with pytest.raises(FileNotFoundError):
        make().with_options(fallback=lambda _error: "instead").call(Service(FileNotFoundError()))


def test_a_fallback_registered_for_the_service_is_found(make: MakePolicy) -> None:
    policy = make()

    @policy.fallbacks.register("storage")
    def cached(_error: Exception) -> str:
        return "cached"

    assert policy.call(Service(*[ConnectionError()] * 3)) == "cached"
    assert policy.fallbacks.names() == {"storage": "cached"}
    with pytest.raises(ValueError, match="has a fallback already"):
        policy.fallbacks.register("storage")(lambda _error: "other")


def test_the_same_layers_for_coroutines(make: MakePolicy) -> None:
    policy = make(concurrency=2, breaker={"failure_threshold": 4})
    service = Service(*[ConnectionError()] * 2)

    async def call() -> str:
        await asyncio.sleep(0)
        return service()

    async def hang() -> None:
        await asyncio.Event().wait()

    async def run() -> None:
        assert await policy.acall(call) == "done"
        with pytest.raises(DeadlineExceeded):
            await policy.with_options(deadline=0.02).acall(hang)
        service.errors = [ConnectionError()] * 9
        with pytest.raises((CircuitOpen, RetriesExhausted)):
            await policy.acall(call)

        async def instead(_error: Exception) -> str:
            return "instead"

        assert await policy.with_options(fallback=instead).acall(call) == "instead"
        assert await policy.with_options(fallback=lambda _error: "at once").acall(call) == "at once"

    asyncio.run(run())
    assert policy.bulkhead is not None
    assert policy.bulkhead.in_use == 0


def test_a_cancelled_call_gives_everything_back(make: MakePolicy) -> None:
    policy = make(concurrency=1)

    async def run() -> None:
        task = asyncio.create_task(policy.acall(asyncio.Event().wait))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert policy.bulkhead is not None
    assert (policy.bulkhead.in_use, policy.breaker.circuit.totals().ignored) == (0, 1)


def test_as_a_decorator(make: MakePolicy) -> None:
    policy = make()

    @policy
    def send(name: str) -> str:
        """Sends."""
        return f"to {name}"

    @policy
    async def asend(name: str) -> str:
        return f"to {name}"

    assert (send("Alice"), asyncio.run(asend("Bob")), send.__doc__) == ("to Alice", "to Bob", "Sends.")


def test_stale_answers_say_how_old_they_are() -> None:
    hands = Hands()
    answers: StaleAnswers[str] = StaleAnswers(size=2, max_age=60, clock=hands)
    for key in ("a", "b", "c"):
        answers.keep(key, key.upper())
    hands.go_on(30)
    assert answers.last("a") is None
    found = answers.last("c")
    assert found is not None
    assert (found.value, found.headers) == ("C", {"Age": "30", "Warning": '110 - "Response is Stale"'})
    hands.go_on(31)
    assert answers.last("c") is None
