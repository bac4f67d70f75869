"""The decorator's wrappers: the path that every protected call takes, so they are as short as can be.

While the gate passes, a call costs one attribute read, one counter and one look at the clock; while it refuses, the
same and the making of an error. Anything else goes through the breaker's methods.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import aclosing
from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

if TYPE_CHECKING:
    from apps.resilience.breaker import Breaker

F = TypeVar("F", bound=Callable[..., Any])
P = ParamSpec("P")
R = TypeVar("R")
Y = TypeVar("Y")
S = TypeVar("S")


def wrap(breaker: Breaker, function: F) -> F:
    """The protected form of a function of any of the four kinds."""
    if iscoroutinefunction(function):
        return cast("F", _coroutine(breaker, function))
    if isasyncgenfunction(function):
        return cast("F", _async_generator(breaker, function))
    if isgeneratorfunction(function):
        return cast("F", _generator(breaker, function))
    return cast("F", _function(breaker, function))


def _function(breaker: Breaker, function: Callable[P, R]) -> Callable[P, R]:
    circuit = breaker.circuit
    count, clock, judge = circuit.ledger.successes.advance, circuit.clock, breaker.judge

    @wraps(function)
    def protected(*args: P.args, **kwargs: P.kwargs) -> R:
        gate = circuit.gate
        if not gate[0]:
            if gate[1] and (seconds := gate[2] - clock()) > 0 and not breaker.fallback_function:
                raise circuit.refusal(seconds)
            return breaker.call(function, *args, **kwargs)
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            circuit.settle_passed(gate, judge(error), error)
            raise
        count()
        if clock() >= circuit.roll_at:
            circuit.roll()
        return result

    return protected


def _coroutine(breaker: Breaker, function: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    circuit = breaker.circuit
    count, clock, judge = circuit.ledger.successes.advance, circuit.clock, breaker.judge

    @wraps(function)
    async def protected(*args: P.args, **kwargs: P.kwargs) -> R:
        gate = circuit.gate
        if not gate[0]:
            if gate[1] and (seconds := gate[2] - clock()) > 0 and not breaker.fallback_function:
                raise circuit.refusal(seconds)
            return await breaker.call_async(function, *args, **kwargs)
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            circuit.settle_passed(gate, judge(error), error)
            raise
        count()
        if clock() >= circuit.roll_at:
            circuit.roll()
        return result

    return protected


def _generator(breaker: Breaker, function: Callable[P, Generator[Y, S, R]]) -> Callable[P, Generator[Y, S, R]]:
    @wraps(function)
    def protected(*args: P.args, **kwargs: P.kwargs) -> Generator[Y, S, R]:
        return (yield from breaker.call_generator(function, *args, **kwargs))

    return protected


def _async_generator(
    breaker: Breaker, function: Callable[P, AsyncGenerator[R, None]]
) -> Callable[P, AsyncGenerator[R, None]]:
    @wraps(function)
    async def protected(*args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[R, None]:
        async with aclosing(breaker.call_async_generator(function, *args, **kwargs)) as items:
            async for item in items:
                yield item

    return protected
