"""What is answered when a service is not: one named function for each service, registered by the app that knows.

    @fallbacks.register("email")
    def queue_mail(error, message): ...

A fallback gets the error and the call's own arguments; it returns an answer or raises. `StaleAnswers` is the one
fallback that needs no knowledge of the service.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from apps.resilience.forking import renew_after_fork

T = TypeVar("T")
Fallback = Callable[..., Any]


class Fallbacks:
    """Fallbacks by service."""

    def __init__(self) -> None:
        self._functions: dict[str, Fallback] = {}

    def register(self, service: str) -> Callable[[Fallback], Fallback]:
        """Make a function the fallback of `service`. The same one may come twice, another one may not."""

        def add(function: Fallback) -> Fallback:
            known = self._functions.setdefault(service, function)
            if known is not function:
                raise ValueError(f"The service {service!r} has a fallback already: {known!r}.")
            return function

        return add

    def find(self, service: str) -> Fallback | None:
        """The fallback of a service, if it has one."""
        return self._functions.get(service)

    def names(self) -> dict[str, str]:
        """Service and its fallback's name, for pages and docs."""
        return {service: function.__name__ for service, function in sorted(self._functions.items())}


fallbacks = Fallbacks()


@dataclass(frozen=True, slots=True)
class Stale(Generic[T]):
    """An answer from before. `age` is in seconds, for the headers `Age` and `Warning: 110` (RFC 9111)."""

    value: T
    age: float

    @property
    def headers(self) -> dict[str, str]:
        """What the response should say."""
        return {"Age": str(int(self.age)), "Warning": '110 - "Response is Stale"'}


class StaleAnswers(Generic[T]):
    """The last good answers, for reads that are marked safe to be served stale."""

    def __init__(
        self, *, size: int = 1000, max_age: float = 3600.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._size = size
        self._max_age = max_age
        self._clock = clock
        self._answers: OrderedDict[Hashable, tuple[T, float]] = OrderedDict()
        self._lock = threading.Lock()
        renew_after_fork(self)

    def forked(self) -> None:
        """In a child after fork, where another thread of the parent may have held the lock."""
        self._lock = threading.Lock()

    def keep(self, key: Hashable, value: T) -> T:
        """Remember a fresh answer."""
        with self._lock:
            self._answers[key] = (value, self._clock())
            self._answers.move_to_end(key)
            while len(self._answers) > self._size:
                self._answers.popitem(last=False)
        return value

    def last(self, key: Hashable) -> Stale[T] | None:
        """The last answer, None if there is none that is young enough."""
        with self._lock:
            value_and_time = self._answers.get(key)
        if value_and_time is None:
            return None
        value, kept_at = value_and_time
        age = self._clock() - kept_at
        return Stale(value, age) if age <= self._max_age else None
