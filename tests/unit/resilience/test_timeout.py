"""Deadlines and watchdogs. The waits here end by themselves, at the limit under test."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.resilience import timeout as timeout_decorator
from apps.resilience.errors import BulkheadFull, DeadlineExceeded
from apps.resilience.timeout import MAX_HELPERS, deadline, remaining, run_async, run_with_watchdog

Hang = Callable[[], None]


@pytest.fixture
def hang() -> Iterator[Hang]:
    """Something that does not end before the test does."""
    over = threading.Event()
    yield lambda: over.wait(60) and None
    over.set()
    for thread in threading.enumerate():
        if thread.name.startswith("watchdog-"):
            thread.join()


def test_without_a_deadline_the_default_is_what_is_left() -> None:
    assert (remaining(), remaining(default=7.0)) == (float("inf"), 7.0)


def test_an_inner_deadline_never_outlasts_the_outer() -> None:
    with deadline(2000, service="outer"):
        with deadline(3000, service="inner"):
            assert 1000 < remaining() <= 2000
        with deadline(500, service="inner"):
            assert 0 < remaining() <= 500
        assert 1000 < remaining() <= 2000


def test_a_deadline_that_is_over_refuses_to_begin() -> None:
    with pytest.raises(DeadlineExceeded) as caught, deadline(0, service="late"):
        raise AssertionError("began")
    assert caught.value.service == "late"


@pytest.mark.timeout(0)  # pytest-timeout would hold the signal
def test_on_the_main_thread_a_signal_interrupts_and_is_put_back(hang: Hang) -> None:
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        run_with_watchdog(0.05, "slow", hang)
    assert time.monotonic() - began < 20, "long before the call would have ended"
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_elsewhere_a_helper_thread_is_left_behind(hang: Hang) -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(DeadlineExceeded):
        pool.submit(run_with_watchdog, 0.05, "slow", hang).result()


def test_a_helper_hands_on_results_errors_and_context() -> None:
    def own_timeout() -> None:
        raise TimeoutError("its own")

    def left() -> float:
        return remaining()

    def run() -> float:
        with pytest.raises(TimeoutError, match="its own"):
            run_with_watchdog(60, "quick", own_timeout)
        with deadline(2000, service="quick"):
            return run_with_watchdog(60, "quick", left)

    with ThreadPoolExecutor(1) as pool:
        assert 1000 < pool.submit(run).result() <= 2000


def test_stuck_helpers_are_limited(hang: Hang) -> None:
    def exhaust() -> None:
        for _ in range(MAX_HELPERS):
            with pytest.raises(DeadlineExceeded):
                run_with_watchdog(0.001, "stuck", hang)
        with pytest.raises(BulkheadFull):
            run_with_watchdog(0.001, "stuck", hang)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(exhaust).result()


def test_a_coroutine_is_stopped() -> None:
    async def run() -> None:
        with pytest.raises(DeadlineExceeded):
            await run_async(0.02, "slow", asyncio.Event().wait)

    asyncio.run(run())


def test_a_cancellation_from_outside_stays_one() -> None:
    async def run() -> None:
        task = asyncio.create_task(run_async(30, "slow", asyncio.Event().wait))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())


def test_the_decorator_limits_functions_and_coroutines(hang: Hang) -> None:
    @timeout_decorator(0.02, service="both")
    def slow() -> None:
        hang()

    @timeout_decorator(0.02, service="both")
    async def slow_async() -> None:
        await asyncio.Event().wait()

    with pytest.raises(DeadlineExceeded):
        slow()
    with pytest.raises(DeadlineExceeded):
        asyncio.run(slow_async())
