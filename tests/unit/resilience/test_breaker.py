"""The breaker's own behaviour, beyond the package's."""

from __future__ import annotations

import asyncio
import gc
import pickle
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from apps.resilience.breaker import Breaker
from apps.resilience.config import Mode, Outcome, State
from apps.resilience.errors import BulkheadFull, CircuitOpen, RateLimited
from apps.resilience.events import CircuitEvent, listen, stop_listening
from tests.unit.resilience.hands import Hands, config, never


@pytest.fixture
def hands() -> Hands:
    return Hands()


def make(hands: Hands, **changes: Any) -> Breaker:
    return Breaker(name="email", config=config(**changes), clock=hands, chance=never)


def fails() -> None:
    raise ConnectionError("refused")


def open_it(breaker: Breaker) -> None:
    for _ in range(3):
        with pytest.raises(ConnectionError):
            breaker.call(fails)
    assert breaker.state == "open"


def test_a_refusal_says_what_when_and_why(hands: Hands) -> None:
    breaker = make(hands)
    open_it(breaker)
    hands.go_on(4)
    with pytest.raises(CircuitOpen) as caught:
        breaker.call(fails)
    error = caught.value
    assert (error.service, error.retry_after, error.cause) == ("email", 6.0, "ConnectionError: refused")
    assert error.extra == {"service": "email"}


def test_a_refusal_survives_pickling_as_celery_needs() -> None:
    error = CircuitOpen("open", service="email", retry_after=2.0, cause="why", breaker=Breaker(name="x"))
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(copy) is CircuitOpen
    assert (copy.detail, copy.service, copy.retry_after, copy.cause) == ("open", "email", 2.0, "why")


def test_the_last_failure_does_not_keep_frames_alive(hands: Hands) -> None:
    class Big:
        pass

    breaker, big = make(hands), Big()
    watched = weakref.ref(big)

    def use(payload: Big) -> None:
        raise ConnectionError("refused" if payload else "")

    with pytest.raises(ConnectionError):
        breaker.call(use, big)
    del big
    gc.collect()
    assert watched() is None
    assert str(breaker.last_failure) == "refused"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(), asyncio.CancelledError()])
def test_an_interruption_counts_as_nothing(hands: Hands, error: BaseException) -> None:
    breaker = make(hands)

    def interrupted() -> None:
        raise error

    for _ in range(5):
        with pytest.raises(type(error)):
            breaker.call(interrupted)
    assert (breaker.state, breaker.circuit.totals().ignored) == ("closed", 5)


@pytest.mark.parametrize("kind", [CircuitOpen, BulkheadFull, RateLimited])
def test_a_refusal_from_further_in_counts_as_nothing(hands: Hands, kind: type[Any]) -> None:
    breaker = make(hands)

    def refused() -> None:
        raise kind("no", service="inner")

    for _ in range(5):
        with pytest.raises(kind):
            breaker.call(refused)
    assert (breaker.state, breaker.circuit.totals().ignored) == ("closed", 5)


def test_a_slow_call_counts_as_failed(hands: Hands) -> None:
    breaker = make(hands, slow_call_duration=2.0)
    for _ in range(3):
        assert breaker.call(lambda: hands.go_on(2.0) or "done") == "done"
    assert breaker.state == "open"
    assert breaker.circuit.totals()._asdict() == {
        "succeeded": 0,
        "failed": 3,
        "ignored": 0,
        "rejected": 0,
        "slow": 3,
    }


def test_a_call_that_was_cancelled_for_being_slow_counts_as_failed(hands: Hands) -> None:
    breaker = make(hands, slow_call_duration=2.0)

    def cancelled() -> None:
        hands.go_on(5.0)
        raise asyncio.CancelledError

    for _ in range(3):
        with pytest.raises(asyncio.CancelledError):
            breaker.call(cancelled)
    assert breaker.state == "open"


def test_the_decorated_function_times_slow_calls_too(hands: Hands) -> None:
    protected = make(hands, slow_call_duration=2.0)(lambda: hands.go_on(3.0))
    for _ in range(3):
        protected()
    with pytest.raises(CircuitOpen):
        protected()


def test_monitor_mode_reports_and_refuses_nothing(hands: Hands) -> None:
    breaker = make(hands, mode=Mode.MONITOR)
    for _ in range(5):
        with pytest.raises(ConnectionError):
            breaker.call(fails)
    assert (breaker.state, breaker.circuit.totals().rejected) == ("open", 0)
    hands.go_on(10)
    assert breaker.call(lambda: "done") == "done"
    assert breaker.state == "closed"


def test_disabled_mode_neither_counts_nor_refuses(hands: Hands) -> None:
    breaker = make(hands, mode=Mode.DISABLED)
    for _ in range(9):
        with pytest.raises(ConnectionError):
            breaker.call(fails)
    assert (breaker.state, breaker.circuit.totals().requests) == ("closed", 0)


def test_forced_open_refuses_until_it_is_taken_back(hands: Hands) -> None:
    breaker = make(hands)
    breaker.circuit.reconfigure(config(mode=Mode.FORCED_OPEN))
    hands.go_on(1e6)
    with pytest.raises(CircuitOpen) as caught:
        breaker.call(lambda: "done")
    assert (breaker.state, caught.value.retry_after) == ("open", None)
    breaker.circuit.reconfigure(config())
    assert breaker.call(lambda: "done") == "done"


def test_a_call_that_ends_in_a_later_generation_changes_nothing(hands: Hands) -> None:
    breaker = make(hands)
    late = [breaker.circuit.admit() for _ in range(5)]
    open_it(breaker)
    hands.go_on(10)
    breaker.call(lambda: "done")
    for permit in late:
        breaker.circuit.settle(permit, Outcome.FAILURE, ConnectionError())
    assert (breaker.state, breaker.failure_count) == ("closed", 0)


def test_a_with_block_gives_its_own_permit_back(hands: Hands) -> None:
    outer, inner = make(hands), make(hands)
    open_it(inner)
    hands.go_on(10)
    with pytest.raises(ConnectionError), outer, inner:
        fails()
    assert (outer.state, outer.failure_count, inner.state) == ("closed", 1, "open")


def test_coroutines_and_asynchronous_with_blocks(hands: Hands) -> None:
    breaker = make(hands)

    async def sick() -> None:
        raise ConnectionError

    protected = breaker(sick)

    async def run() -> None:
        with pytest.raises(ConnectionError):
            await protected()
        with pytest.raises(ConnectionError):
            await breaker.call_async(sick)
        with pytest.raises(ConnectionError):
            async with breaker:
                raise ConnectionError
        with pytest.raises(CircuitOpen):
            await protected()

    asyncio.run(run())


def test_with_blocks_of_interleaved_tasks_keep_their_permits_apart(hands: Hands) -> None:
    breaker = make(hands, half_open_max_calls=2, success_threshold=2)
    open_it(breaker)
    hands.go_on(10)

    async def probe(entered: asyncio.Event, go_on: asyncio.Event) -> None:
        async with breaker:
            entered.set()
            await go_on.wait()

    async def run() -> None:
        events = [asyncio.Event() for _ in range(4)]
        first = asyncio.create_task(probe(events[0], events[1]))
        await events[0].wait()
        second = asyncio.create_task(probe(events[2], events[3]))
        await events[2].wait()
        events[1].set()
        await first
        events[3].set()
        await second

    asyncio.run(run())
    assert breaker.state == "closed"


def test_a_stream_that_is_left_early_was_a_success(hands: Hands) -> None:
    breaker = make(hands)
    open_it(breaker)
    hands.go_on(10)

    @breaker
    def numbers() -> Iterator[int]:
        yield from range(100)

    stream = numbers()
    assert next(stream) == 0
    stream.close()
    assert breaker.state == "closed"


def test_a_stream_that_breaks_in_the_middle_was_a_failure(hands: Hands) -> None:
    breaker = make(hands)

    @breaker
    def breaks() -> Iterator[int]:
        yield 1
        raise ConnectionError

    for _ in range(3):
        with pytest.raises(ConnectionError):
            list(breaks())
    assert breaker.state == "open"


def test_an_asynchronous_stream_that_is_left_early_is_closed_and_a_success(hands: Hands) -> None:
    breaker, closed = make(hands), []
    open_it(breaker)
    hands.go_on(10)

    @breaker
    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.append(True)

    async def read_one() -> None:
        stream: Any = numbers()
        assert await anext(stream) == 1
        await stream.aclose()

    asyncio.run(read_one())
    assert (breaker.state, closed) == ("closed", [True])


def test_a_generator_can_be_sent_to_and_returns_its_value(hands: Hands) -> None:
    @make(hands)
    def echo() -> Any:
        received = yield "ready"
        return received

    talk = echo()
    assert next(talk) == "ready"
    with pytest.raises(StopIteration) as end:
        talk.send("hello")
    assert end.value.value == "hello"


def test_each_transition_is_told_once_with_its_reason(hands: Hands) -> None:
    heard: list[CircuitEvent] = []
    listen(heard.append)
    try:
        breaker = make(hands)
        open_it(breaker)
        hands.go_on(10)
        breaker.call(lambda: "done")
    finally:
        stop_listening(heard.append)
    assert [(event.source, event.target, event.cause) for event in heard] == [
        (State.CLOSED, State.OPEN, "failure threshold"),
        (State.OPEN, State.HALF_OPEN, "recovery time is over"),
        (State.HALF_OPEN, State.CLOSED, "probes succeeded"),
    ]
    assert (heard[0].failure_count, heard[0].last_error, heard[0].scope) == (3, "ConnectionError: refused", "process")


def test_a_listener_that_fails_hurts_nobody(hands: Hands) -> None:
    def bad(_event: CircuitEvent) -> None:
        raise RuntimeError("listener")

    listen(bad)
    try:
        open_it(make(hands))
    finally:
        stop_listening(bad)


def test_successes_on_the_hot_path_are_in_the_window(hands: Hands) -> None:
    breaker = make(hands, failure_threshold=100, failure_rate=0.5, volume_threshold=10)
    healthy, sick = breaker(lambda: "done"), breaker(fails)
    for _ in range(10):
        healthy()
    for _ in range(9):
        with pytest.raises(ConnectionError):
            sick()
    assert breaker.state == "closed"
    with pytest.raises(ConnectionError):
        sick()
    assert breaker.state == "open"


def test_old_successes_leave_the_window_in_their_own_time(hands: Hands) -> None:
    breaker = make(hands, failure_threshold=100, failure_rate=0.5, volume_threshold=2)
    healthy, sick = breaker(lambda: "done"), breaker(fails)
    for _ in range(1000):
        healthy()
    hands.go_on(1)
    healthy()
    hands.go_on(60)
    for _ in range(2):
        with pytest.raises(ConnectionError):
            sick()
    assert breaker.state == "open"
