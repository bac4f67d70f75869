"""Probes side by side: what one does is nothing to the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from apps.core import clock
from apps.operations.health import Probe, ProbeFailed, Prober

LIMIT = 10.0


class Gate:
    """A dependency that does not answer until the test lets it."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.calls = 0

    def check(self) -> None:
        self.calls += 1
        assert self.opened.wait(LIMIT)


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.opened.set()


def fine() -> None:
    """Answers."""


def failing(error: Exception) -> Callable[[], None]:
    def check() -> None:
        raise error

    return check


def test_all_is_well_when_every_probe_answers() -> None:
    report = Prober([Probe("database", fine, limit=1, vital=True), Probe("cache", fine, limit=1)]).report()

    assert report["status"] == "ok"
    assert {name: (check["status"], check["detail"]) for name, check in report["checks"].items()} == {
        "database": ("ok", ""),
        "cache": ("ok", ""),
    }


@pytest.mark.parametrize(("vital", "status"), [(True, "unavailable"), (False, "degraded")])
def test_only_what_is_vital_makes_podium_unavailable(vital: bool, status: str) -> None:
    error = ProbeFailed("3 are missing")
    report = Prober([Probe("tables", failing(error), limit=1, vital=vital), Probe("x", fine, limit=1)]).report()

    assert report["status"] == status
    assert report["checks"]["tables"]["detail"] == "3 are missing"


def test_a_drivers_message_with_its_address_is_not_told() -> None:
    error = ConnectionError("redis://:secret@10.0.0.7:6379 refused")
    report = Prober([Probe("cache", failing(error), limit=1)]).report()

    assert report["checks"]["cache"]["detail"] == "does not answer"


def test_a_probe_that_hangs_delays_nobody_and_is_not_started_twice(gate: Gate) -> None:
    prober = Prober([Probe("slow", gate.check, limit=0.02), Probe("quick", fine, limit=LIMIT, vital=True)])
    started = clock.monotonic()
    reports = [prober.report() for _ in range(5)]
    took = clock.monotonic() - started

    assert [report["status"] for report in reports] == ["degraded"] * 5
    assert {report["checks"]["slow"]["detail"] for report in reports} == {"no answer within 20 ms"}
    assert {report["checks"]["quick"]["status"] for report in reports} == {"ok"}
    assert gate.calls == 1
    assert took < LIMIT


def test_a_probe_that_came_back_is_asked_again(gate: Gate) -> None:
    prober = Prober([Probe("slow", gate.check, limit=0.02)])
    before = prober.report()["status"]
    gate.opened.set()
    prober._running["slow"].result(LIMIT)

    assert (before, prober.report()["status"], gate.calls) == ("degraded", "ok", 2)


def test_probes_run_side_by_side() -> None:
    together = threading.Barrier(3)

    def meet() -> None:
        together.wait(LIMIT)

    report = Prober([Probe(name, meet, limit=LIMIT) for name in ("a", "b", "c")]).report()

    assert report["status"] == "ok"
