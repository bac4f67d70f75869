"""Deadlines: one for a whole policy, carried in the context, passed on as connect and read timeouts.

    with deadline(10.0, service="email"):
        httpx.get(url, timeout=remaining(default=5.0))

Coroutines are stopped by `asyncio.timeout`. Synchronous code should pass `remaining()` to whatever it calls; for code
that has no timeout of its own there is a watchdog:

- on the main thread a timer signal interrupts the call, unless somebody else uses `SIGALRM` already;
- elsewhere the call runs in a helper thread. Python can't stop a thread: when time is up the caller gets
  `DeadlineExceeded`, while the helper goes on until the call returns. At most `MAX_HELPERS` may be stuck like that;
  beyond it, calls are refused with `BulkheadFull`.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn, ParamSpec, TypeVar, cast

from apps.resilience.errors import BulkheadFull, DeadlineExceeded

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

MAX_HELPERS = 32

_deadline: contextvars.ContextVar[float | None] = contextvars.ContextVar("resilience_deadline", default=None)
_helpers = threading.BoundedSemaphore(MAX_HELPERS)


def exceeded(service: str, seconds: float) -> DeadlineExceeded:
    """The error for a time limit of `seconds`."""
    return DeadlineExceeded(f"The service {service!r} did not answer within {seconds:g} s.", service=service)


def enter_deadline(seconds: float) -> contextvars.Token[float | None]:
    """Set the deadline, never later than the one in force; give the token to `leave_deadline`."""
    mine, outer = time.monotonic() + seconds, _deadline.get()
    return _deadline.set(mine if outer is None or mine < outer else outer)


def leave_deadline(token: contextvars.Token[float | None]) -> None:
    """Put the outer deadline back."""
    _deadline.reset(token)


@contextmanager
def deadline(seconds: float, *, service: str) -> Iterator[None]:
    """Carry a deadline through the block. It stops nothing by itself; entering it too late raises."""
    token = enter_deadline(seconds)
    try:
        if remaining() <= 0:
            raise exceeded(service, seconds)
        yield
    finally:
        leave_deadline(token)


def remaining(default: float = float("inf")) -> float:
    """Seconds left, never negative and never more than `default`; `default` where no deadline is set."""
    until = _deadline.get()
    return default if until is None else max(0.0, min(default, until - time.monotonic()))


def run_with_watchdog(seconds: float, service: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `function`, which knows no time limit of its own, for `seconds` at most."""
    on_main = threading.current_thread() is threading.main_thread()
    if on_main and signal.getsignal(signal.SIGALRM) in (signal.SIG_DFL, signal.SIG_IGN, None):
        return _run_with_alarm(seconds, service, functools.partial(function, *args, **kwargs))
    return _run_in_helper(seconds, service, functools.partial(function, *args, **kwargs))


def _run_with_alarm(seconds: float, service: str, call: Callable[[], T]) -> T:
    def ring(_number: int, _frame: FrameType | None) -> NoReturn:
        raise exceeded(service, seconds)

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return call()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _run_in_helper(seconds: float, service: str, call: Callable[[], T]) -> T:
    if not _helpers.acquire(blocking=False):
        detail = f"{MAX_HELPERS} calls without an end are under way; {service!r} was not called."
        raise BulkheadFull(detail, service=service, retry_after=seconds)
    future: Future[T] = Future()
    context = contextvars.copy_context()

    def work() -> None:
        try:
            future.set_result(context.run(call))
        except BaseException as error:  # noqa: BLE001 - handed to the caller as it is
            future.set_exception(error)
        finally:
            _helpers.release()

    threading.Thread(target=work, name=f"watchdog-{service}", daemon=True).start()
    try:
        return future.result(timeout=seconds)
    except FutureTimeoutError:
        if future.done():
            raise  # the call's own TimeoutError
        raise exceeded(service, seconds) from None


async def run_async(
    seconds: float, service: str, function: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Await `function` for `seconds` at most; a timeout or cancellation from further out stays what it is."""
    try:
        async with asyncio.timeout(seconds) as scope:
            return await function(*args, **kwargs)
    except TimeoutError as error:
        if scope.expired():
            raise exceeded(service, seconds) from error
        raise


def timeout(seconds: float, *, service: str = "") -> Callable[[F], F]:
    """Decorate a function or coroutine function so that it takes `seconds` at most."""

    def decorate(function: F) -> F:
        name = service or function.__qualname__

        @functools.wraps(function)
        async def limited_async(*args: Any, **kwargs: Any) -> Any:
            with deadline(seconds, service=name):
                return await run_async(seconds, name, function, *args, **kwargs)

        @functools.wraps(function)
        def limited(*args: Any, **kwargs: Any) -> Any:
            with deadline(seconds, service=name):
                return run_with_watchdog(seconds, name, function, *args, **kwargs)

        return cast("F", limited_async if inspect.iscoroutinefunction(function) else limited)

    return decorate
