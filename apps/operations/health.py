"""Probes of what Podium stands on: side by side, each with its own limit, so that a slow one delays no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import TypedDict

import structlog

from apps.core import clock

log = structlog.get_logger("podium.health")


class Status(StrEnum):
    """Of the whole: degraded serves requests, with something of theirs queued or refused; unavailable does not."""

    OK = "ok"
    DEGRADED = "degraded"
    UNAVAILABLE = "unavailable"


class ProbeFailed(Exception):
    """What is wrong, in words that may be shown to anybody: no addresses, no names of machines."""


class ProbeResult(TypedDict):
    """One probe's answer; `detail` says what is wrong, and is empty where nothing is."""

    status: str
    duration_ms: float
    detail: str


class Report(TypedDict):
    """The answer of `/health/ready`."""

    status: str
    checks: dict[str, ProbeResult]


@dataclass(frozen=True, slots=True)
class Probe:
    """`check` returns, or raises. Without what is `vital`, no request can be served."""

    name: str
    check: Callable[[], None]
    limit: float
    vital: bool = False


class Prober:
    """Runs probes in a pool of threads that all requests share.

    A probe that hangs keeps its one thread and is not started again until it has come back, so that the pool always
    has a thread for each of the others.
    """

    def __init__(self, probes: Sequence[Probe]) -> None:
        self._probes = tuple(probes)
        self._pool = ThreadPoolExecutor(max_workers=len(self._probes), thread_name_prefix="health")
        self._running: dict[str, Future[ProbeResult]] = {}
        self._lock = Lock()

    def report(self) -> Report:
        """Ask all of them, and wait for each as long as its limit."""
        started = clock.monotonic()
        futures = {probe: self._ask(probe) for probe in self._probes}
        results = {}
        for probe in sorted(self._probes, key=lambda probe: probe.limit):
            wait([futures[probe]], timeout=max(0.0, probe.limit - (clock.monotonic() - started)))
            results[probe.name] = self._result(probe, futures[probe])
        checks = {probe.name: results[probe.name] for probe in self._probes}
        return Report(status=self._overall(checks).value, checks=checks)

    def _ask(self, probe: Probe) -> Future[ProbeResult]:
        with self._lock:
            running = self._running.get(probe.name)
            if running is None or running.done():
                running = self._running[probe.name] = self._pool.submit(_run, probe)
            return running

    def _result(self, probe: Probe, future: Future[ProbeResult]) -> ProbeResult:
        if future.done():
            return future.result()
        milliseconds = probe.limit * 1000
        return ProbeResult(
            status="failed", duration_ms=milliseconds, detail=f"no answer within {milliseconds:.0f} ms"
        )

    def _overall(self, checks: dict[str, ProbeResult]) -> Status:
        failed = [probe for probe in self._probes if checks[probe.name]["status"] != "ok"]
        if any(probe.vital for probe in failed):
            return Status.UNAVAILABLE
        return Status.DEGRADED if failed else Status.OK


def _run(probe: Probe) -> ProbeResult:
    started = clock.monotonic()
    detail = ""
    try:
        probe.check()
    except ProbeFailed as error:
        detail = str(error)
    except Exception as error:  # noqa: BLE001 - whatever a driver raises, it is down
        detail = "does not answer"
        log.warning("probe failed", probe=probe.name, error_type=type(error).__name__)
    duration_ms = round((clock.monotonic() - started) * 1000, 2)
    return ProbeResult(status="failed" if detail else "ok", duration_ms=duration_ms, detail=detail)
