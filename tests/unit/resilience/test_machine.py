"""The state machine by examples; `test_machine_properties.py` drives it at random."""

from __future__ import annotations

import pytest

from apps.resilience.config import CircuitBreakerConfig, InvalidConfig, Outcome, State
from apps.resilience.machine import Machine
from tests.unit.resilience.hands import config, never


def machine(**changes: object) -> Machine:
    return Machine(config(**changes), chance=never)


def fail(subject: Machine, times: int, now: float) -> None:
    for _ in range(times):
        subject.count(now, failed=1)
        subject.judge(now)


def open_machine(**changes: object) -> Machine:
    subject = machine(**changes)
    fail(subject, 3, 0.0)
    assert subject.state is State.OPEN
    return subject


def half_open_machine(**changes: object) -> Machine:
    subject = open_machine(**changes)
    subject.advance(10.0)
    assert subject.state is State.HALF_OPEN
    return subject


def test_it_opens_at_the_threshold_and_not_before() -> None:
    subject = machine()
    fail(subject, 2, 0.0)
    assert subject.state is State.CLOSED
    fail(subject, 1, 0.0)
    assert (subject.state, subject.until, subject.generation) == (State.OPEN, 10.0, 2)


def test_successes_between_failures_reset_nothing() -> None:
    subject = machine()
    for second in range(3):
        subject.count(float(second), succeeded=5)
        fail(subject, 1, float(second))
    assert subject.state is State.OPEN


def test_failures_older_than_the_window_no_longer_count() -> None:
    subject = machine()
    fail(subject, 2, 0.0)
    fail(subject, 2, 60.0)
    assert subject.state is State.CLOSED
    fail(subject, 1, 61.0)
    assert subject.state is State.OPEN


def test_nothing_is_judged_below_the_volume() -> None:
    subject = machine(volume_threshold=10)
    fail(subject, 9, 0.0)
    assert subject.state is State.CLOSED
    fail(subject, 1, 0.0)
    assert subject.state is State.OPEN


def test_half_of_the_calls_failing_opens_it_by_rate() -> None:
    subject = machine(failure_threshold=1000, failure_rate=0.5, volume_threshold=10)
    for _ in range(5):
        subject.count(0.0, succeeded=1)
        fail(subject, 1, 0.0)
    assert subject.state is State.OPEN


def test_slow_calls_open_it_by_their_share() -> None:
    subject = machine(slow_call_duration=1.0, slow_call_rate=0.5, volume_threshold=4)
    subject.count(0.0, succeeded=2)
    subject.count(0.0, succeeded=2, slow=2)
    assert [made.cause for made in subject.judge(0.0)] == ["slow call rate"]


def test_time_alone_turns_open_into_half_open() -> None:
    subject = open_machine()
    assert subject.advance(9.99) == []
    (made,) = subject.advance(10.0)
    assert (made.source, made.target, made.generation) == (State.OPEN, State.HALF_OPEN, 3)


def test_half_open_gives_as_many_places_as_configured() -> None:
    subject = half_open_machine(half_open_max_calls=2)
    assert [subject.lease_probe(name, 10.0) for name in "abc"] == [True, True, False]


def test_a_probe_without_verdict_gives_its_place_back() -> None:
    subject = half_open_machine()
    assert subject.lease_probe("a", 10.0)
    assert subject.settle_probe("a", Outcome.IGNORED, 10.1) == []
    assert subject.lease_probe("b", 10.2)


def test_the_place_of_a_probe_that_never_reports_returns_when_its_lease_ends() -> None:
    subject = half_open_machine()
    assert subject.lease_probe("killed", 10.0)
    subject.advance(14.9)
    assert not subject.lease_probe("b", 14.9)
    subject.advance(15.0)
    assert subject.lease_probe("b", 15.0)


def test_a_late_probe_whose_lease_has_ended_has_no_say() -> None:
    subject = half_open_machine()
    subject.lease_probe("late", 10.0)
    subject.advance(16.0)
    assert subject.settle_probe("late", Outcome.SUCCESS, 16.0) == []
    assert subject.state is State.HALF_OPEN


def test_enough_successful_probes_close_it_with_an_empty_window() -> None:
    subject = half_open_machine(success_threshold=2)
    for name in "ab":
        assert subject.lease_probe(name, 11.0)
        subject.settle_probe(name, Outcome.SUCCESS, 11.0)
    assert (subject.state, subject.window.counts(11.0).total, subject.reopenings) == (State.CLOSED, 0, 0)


def test_each_failed_recovery_doubles_the_time_open_up_to_the_cap() -> None:
    subject, now, lengths = open_machine(), 0.0, []
    for _ in range(5):
        lengths.append(subject.until - now)
        now = subject.until
        subject.advance(now)
        subject.lease_probe("p", now)
        subject.settle_probe("p", Outcome.FAILURE, now)
    assert lengths == [10.0, 20.0, 40.0, 80.0, 80.0]


def test_jitter_only_ever_adds() -> None:
    assert CircuitBreakerConfig(recovery_timeout=30.0, recovery_jitter=0.1).open_for(0, 0.5) == pytest.approx(31.5)


def test_half_open_ends_at_its_limit_lost_probes_reopen_it() -> None:
    subject = half_open_machine()
    subject.lease_probe("lost", 10.0)
    (made,) = subject.advance(40.0)
    assert (made.target, made.cause) == (State.OPEN, "probes were lost")


def test_half_open_ends_at_its_limit_successes_alone_close_it() -> None:
    subject = half_open_machine(success_threshold=2)
    subject.lease_probe("a", 10.0)
    subject.settle_probe("a", Outcome.SUCCESS, 10.5)
    (made,) = subject.advance(40.0)
    assert made.target is State.CLOSED


def test_half_open_without_any_call_stays_ready_for_a_probe() -> None:
    subject = half_open_machine()
    assert subject.advance(500.0) == []
    assert subject.lease_probe("a", 500.0)


def test_reset_closes_and_forgets() -> None:
    subject = open_machine()
    (made,) = subject.reset(1.0, "operator")
    assert (made.target, made.cause, subject.window.counts(1.0).total) == (State.CLOSED, "operator", 0)


def test_a_generation_never_returns() -> None:
    subject = open_machine()
    seen = [subject.generation]
    subject.reset(1.0)
    seen.append(subject.generation)
    subject.trip(2.0, "test")
    seen.append(subject.generation)
    assert seen == [2, 3, 4]


@pytest.mark.parametrize(
    "numbers",
    [
        {"failure_threshold": 0},
        {"volume_threshold": 0},
        {"half_open_max_calls": 0},
        {"failure_window": 0},
        {"failure_rate": 1.2},
        {"slow_call_rate": 0.5},
        {"recovery_timeout": 700.0},
        {"recovery_jitter": -0.1},
    ],
    ids=lambda numbers: next(iter(numbers)),
)
def test_a_number_that_cannot_work_is_refused(numbers: dict[str, float]) -> None:
    with pytest.raises(InvalidConfig):
        CircuitBreakerConfig(**numbers)  # type: ignore[arg-type]
