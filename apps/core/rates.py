"""Counts of what happens how often, shared by every process, by the `limits` package on Valkey.

With Valkey away each process goes on counting for itself: a limit is looser then, and never off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar, cast

import structlog
from django.conf import settings
from limits import RateLimitItem, parse
from limits.storage import storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.core import clock

log = structlog.get_logger("podium.rates")

IN_PROCESS = "memory://"

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Window:
    """What a limit says about one key. `reset_in` is in seconds."""

    allowed: bool
    limit: int
    seconds: int
    remaining: int
    reset_in: int


Through = Callable[[Callable[[], Any]], Any]
_through: Through = lambda question: question()  # noqa: E731 - until somebody protects it


def protect_with(through: Through) -> None:
    """Ask the shared store through this; what it raises means that the store is not to be had."""
    global _through  # noqa: PLW0603 - the process's, set once at its start
    _through = through


@lru_cache(maxsize=4)
def _limiter(url: str) -> SlidingWindowCounterRateLimiter:
    options: dict[str, Any] = {}
    if url != IN_PROCESS:
        # By default redis-py asks a store that is away again and again, for seconds, in every request.
        options = {"socket_timeout": 0.2, "socket_connect_timeout": 0.2, "retry": Retry(NoBackoff(), 0)}
    return SlidingWindowCounterRateLimiter(storage_from_string(url, wrap_exceptions=True, **options))


def hit(rate: str, *key: str) -> Window:
    """Count one more of `key`; not `allowed` when `rate` (`10/minute`) was used up before."""
    item = parse(rate)
    return _ask(lambda limiter: _window(limiter, item, key, allowed=limiter.hit(item, *key)))


def peek(rate: str, *key: str) -> Window:
    """Whether one more of `key` would be allowed, without counting it."""
    item = parse(rate)
    return _ask(lambda limiter: _window(limiter, item, key, allowed=limiter.test(item, *key)))


def forget(rate: str, *key: str) -> None:
    """Start to count `key` anew."""
    item = parse(rate)
    _ask(lambda limiter: limiter.clear(item, *key))


def _window(
    limiter: SlidingWindowCounterRateLimiter, item: RateLimitItem, key: tuple[str, ...], *, allowed: bool
) -> Window:
    stats = limiter.get_window_stats(item, *key)
    reset_in = max(1, round(stats.reset_time - clock.now().timestamp()))
    return Window(allowed, item.amount, item.get_expiry(), stats.remaining, min(reset_in, item.get_expiry()))


def _ask(question: Callable[[SlidingWindowCounterRateLimiter], R]) -> R:
    try:
        return cast("R", _through(lambda: question(_limiter(settings.LIMITS_URL))))
    except Exception as error:  # noqa: BLE001 - whatever the store says, the request goes on
        log.warning("rate limits are counted per process", error_type=type(error).__name__)
        return question(_limiter(IN_PROCESS))
