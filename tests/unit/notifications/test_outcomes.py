"""What follows from an attempt, by the schedule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.core.errors import NotFound
from apps.notifications.enums import DeliveryState
from apps.notifications.services.webhooks.outcomes import Try, Verdict, judge, read_answer, read_error
from apps.resilience.errors import CircuitOpen, DeadlineExceeded, RateLimited, RetriesExhausted
from apps.resilience.http import Answer, BadAnswerError, ForbiddenTarget, OutboundFaultError

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SCHEDULE = (0, 5, 300, 1800, 7200, 18_000, 36_000, 36_000)


def verdict(attempt: Try, attempts: int = 0, chance: float = 0.0) -> Verdict:
    return judge(attempt, attempts=attempts, schedule=SCHEDULE, jitter=0.2, now=NOW, chance=chance)


def seconds(moment: datetime | None) -> float | None:
    return None if moment is None else (moment - NOW).total_seconds()


def test_a_receiver_that_never_answers_well_is_tried_eight_times_over_a_day() -> None:
    failed = Try(was_made=True, error="timeout")
    waits = [seconds(verdict(failed, made).next_attempt_at) for made in range(len(SCHEDULE))]

    assert waits == [*SCHEDULE[1:], None]
    assert verdict(failed, len(SCHEDULE) - 1).state is DeliveryState.FAILED


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
def test_jitter_only_adds(chance: float) -> None:
    assert seconds(verdict(Try(was_made=True, error="timeout"), 1, chance).next_attempt_at) == 300 * (
        1 + 0.2 * chance
    )


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_2xx_is_a_success(status: int) -> None:
    assert verdict(read_answer(Answer(status, b""))) == Verdict(DeliveryState.DELIVERED, None)


@pytest.mark.parametrize(
    ("status", "error"), [(301, "redirect"), (304, "redirect"), (400, "refused"), (404, "refused")]
)
def test_other_answers_are_failures(status: int, error: str) -> None:
    attempt = read_answer(Answer(status, b"why"))

    assert (attempt.error, attempt.answer, verdict(attempt).state) == (error, b"why", DeliveryState.PENDING)


def test_gone_is_the_end() -> None:
    assert verdict(read_answer(Answer(410, b""))) == Verdict(DeliveryState.FAILED, None, is_gone=True)


@pytest.mark.parametrize("status", [429, 503])
def test_an_asked_pause_is_for_the_whole_endpoint_and_at_least_as_long(status: int) -> None:
    attempt = read_error(caused(BadAnswerError(status, b"", 60.0)))
    short, long = verdict(attempt, 0), verdict(attempt, 1)

    assert (seconds(short.next_attempt_at), seconds(short.pause_until)) == (60, 60)
    assert (seconds(long.next_attempt_at), seconds(long.pause_until)) == (300, 60)


def test_a_500_asks_for_no_pause() -> None:
    assert verdict(read_error(caused(BadAnswerError(500, b"", 60.0)))).pause_until is None


def caused(cause: Exception) -> Exception:
    error = RetriesExhausted("tried", service="webhook:1")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (caused(OutboundFaultError("connection_lost", "")), "connection_lost"),
        (ForbiddenTarget("no"), "forbidden_target"),
        (DeadlineExceeded("late", service="webhook:1"), "timeout"),
        (caused(EOFError("which nobody had thought of")), "broken"),
    ],
)
def test_no_answer_is_an_attempt_with_its_reason(error: Exception, code: str) -> None:
    assert read_error(error) == Try(was_made=True, error=code)


@pytest.mark.parametrize(("wait", "paused"), [(12.0, 12.0), (None, 60.0)])
def test_a_refusal_of_our_own_spends_nothing_and_pauses(wait: float | None, paused: float) -> None:
    for error in (
        CircuitOpen("open", service="w", retry_after=wait),
        RateLimited("not now", service="w", retry_after=wait),
    ):
        found = verdict(read_error(error), attempts=7)

        assert (found.state, found.next_attempt_at, seconds(found.pause_until)) == (
            DeliveryState.PENDING,
            NOW,
            paused,
        )


def test_a_fault_of_our_own_is_not_swallowed() -> None:
    with pytest.raises(NotFound):
        read_error(NotFound("ours"))


def test_pauses_of_open_circuits_are_spread() -> None:
    error = read_error(CircuitOpen("open", service="w", retry_after=10.0))

    assert verdict(error, chance=0.5).pause_until == NOW + timedelta(seconds=11)
