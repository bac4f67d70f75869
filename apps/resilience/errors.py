"""What a protected call may raise instead of the service's own error: one small family.

Each says which service it is about, when it makes sense to come back (`retry_after`, seconds, None when
nobody knows) and why (`cause`, text: an exception object would pin its frames). All of them survive pickling,
since Celery stores what a task raised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from circuitbreaker import CircuitBreakerError

from apps.core.errors import NotFound, RetryableError, TimedOut, TooManyRequests, Unavailable

if TYPE_CHECKING:
    from circuitbreaker import CircuitBreaker


class ResilienceError(RetryableError):
    """Base of the family; also inherits what a caller should do about it (`Unavailable`, `TimedOut`…)."""

    def __init__(
        self,
        detail: str,
        *,
        service: str,
        retry_after: float | None = None,
        cause: str = "",
    ) -> None:
        super().__init__(detail, retry_after=retry_after, service=service)
        self.service = service
        self.cause = cause

    def __str__(self) -> str:
        return self.detail

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.detail, self.service, self.retry_after, self.cause)


def _rebuild(
    kind: type[ResilienceError], detail: str, service: str, retry_after: float | None, cause: str
) -> ResilienceError:
    return kind(detail, service=service, retry_after=retry_after, cause=cause)


class CircuitOpen(ResilienceError, Unavailable, CircuitBreakerError):  # type: ignore[misc]  # untyped package
    """The circuit refuses: the service was not called."""

    code: ClassVar[str] = "CIRCUIT_OPEN"

    def __init__(
        self,
        detail: str,
        *,
        service: str,
        retry_after: float | None = None,
        cause: str = "",
        breaker: CircuitBreaker | None = None,
    ) -> None:
        # Not through four constructors: an open circuit raises this for every call.
        self.detail = detail
        self.errors = ()
        self.extra = {"service": service}
        self.retry_after = retry_after
        self.service = service
        self.cause = cause
        self._circuit_breaker = breaker


class BulkheadFull(ResilienceError, Unavailable):
    """As many calls as this service may have at a time are under way already: the service was not called."""

    code: ClassVar[str] = "BULKHEAD_FULL"


class DeadlineExceeded(ResilienceError, TimedOut, TimeoutError):
    """The time for the whole policy is over; the call may or may not have had its effect."""

    code: ClassVar[str] = "DEADLINE_EXCEEDED"


class RateLimited(ResilienceError, TooManyRequests):
    """Our own outgoing limit, or the service itself (429), says: not now. No failure of the service."""

    code: ClassVar[str] = "OUTGOING_RATE_LIMITED"


class RetriesExhausted(ResilienceError, Unavailable):
    """Each attempt failed, or the retry budget is used up. `__cause__` is the last attempt's error."""

    code: ClassVar[str] = "RETRIES_EXHAUSTED"


class RetryPostponed(RetriesExhausted):
    """Inside a Celery task: the next attempt is a rescheduled task in `retry_after` seconds, not a sleep."""

    code: ClassVar[str] = "RETRY_POSTPONED"


class UnknownService(NotFound):
    """Nobody configured a service or registered a circuit of this name."""

    code = "UNKNOWN_SERVICE"
    title = "There is no such circuit"
