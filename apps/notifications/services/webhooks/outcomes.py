"""What an attempt means for its delivery and its endpoint: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import NamedTuple

from apps.notifications.enums import DeliveryState
from apps.resilience.errors import DeadlineExceeded, ResilienceError, RetriesExhausted
from apps.resilience.http import Answer, BadAnswerError, ForbiddenTarget, OutboundFaultError

UNKNOWN_PAUSE = 60.0
"""Seconds to leave an endpoint alone whose circuit does not say how long it stays open."""
PAUSING = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


class Try(NamedTuple):
    """What came of an attempt. Without one (`was_made` False) the delivery was deferred, and nothing is spent.

    `retry_after` is in seconds.
    """

    was_made: bool
    status: int | None = None
    error: str = ""
    answer: bytes = b""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to write down. `pause_until` holds back all of the endpoint's messages, `is_gone` ends it."""

    state: DeliveryState
    next_attempt_at: datetime | None
    pause_until: datetime | None = None
    is_gone: bool = False


DELIVERED = Verdict(DeliveryState.DELIVERED, None)


def read_answer(answer: Answer) -> Try:
    """Of an answer that is no fault of the receiver's."""
    error = "" if is_success(answer.status) else "redirect" if is_redirect(answer.status) else "refused"
    return Try(was_made=True, status=answer.status, error=error, answer=answer.head)


def read_error(error: Exception) -> Try:
    """Of what the policy raised; a refusal that never reached the receiver is no attempt."""
    cause = error.__cause__ if isinstance(error, ResilienceError) else error
    match cause:
        case BadAnswerError():
            return Try(
                was_made=True,
                status=cause.status_code,
                error="refused",
                answer=cause.head,
                retry_after=cause.retry_after if cause.status_code in PAUSING else None,
            )
        case OutboundFaultError():
            return Try(was_made=True, error=cause.code)
        case ForbiddenTarget():
            return Try(was_made=True, error="forbidden_target")
    if isinstance(error, DeadlineExceeded):
        return Try(was_made=True, error="timeout")
    if isinstance(error, RetriesExhausted):
        return Try(was_made=True, error="broken")  # a fault that nobody has foreseen; deferred, it would never end
    if isinstance(error, ResilienceError):
        return Try(was_made=False, retry_after=UNKNOWN_PAUSE if error.retry_after is None else error.retry_after)
    raise error


def judge(
    attempt: Try, *, attempts: int, schedule: Sequence[int], jitter: float, now: datetime, chance: float
) -> Verdict:
    """What follows.

    Args:
        attempts: made before this one.
        schedule: seconds before each attempt.
        jitter: the share that may be added to them; `chance`, in [0, 1), says how much of it.
    """
    if not attempt.was_made:
        pause = now + timedelta(seconds=(attempt.retry_after or 0.0) * (1 + jitter * chance))
        return Verdict(DeliveryState.PENDING, now, pause_until=pause)
    if attempt.status is not None and is_success(attempt.status):
        return DELIVERED
    if attempt.status == HTTPStatus.GONE:
        return Verdict(DeliveryState.FAILED, None, is_gone=True)
    asked = None if attempt.retry_after is None else now + timedelta(seconds=attempt.retry_after)
    made = attempts + 1
    if made >= len(schedule):
        return Verdict(DeliveryState.FAILED, None, pause_until=asked)
    planned = now + timedelta(seconds=schedule[made] * (1 + jitter * chance))
    return Verdict(DeliveryState.PENDING, max(planned, asked) if asked else planned, pause_until=asked)


def is_success(status: int) -> bool:
    """2xx."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def is_redirect(status: int) -> bool:
    """3xx: never followed, since it would lead past the guard and the signature's addressee."""
    return HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
