"""Prometheus over several real processes: every call is counted, and every transition once for the cluster."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from tests.e2e.resilience.conftest import StartCluster

pytestmark = [pytest.mark.alone, pytest.mark.timeout(240)]


def test_the_sum_over_processes_is_the_truth(start_cluster: StartCluster, tmp_path: Path) -> None:
    breaker = {"failure_threshold": 5, "volume_threshold": 1, "recovery_timeout": 600.0, "recovery_cap": 600.0}
    cluster = start_cluster(
        3,
        environment={"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
        url="http://127.0.0.1:9/",
        breaker=breaker,
        pause=0.005,
        timeout=10.0,
    )
    cluster.wait_for_outcome("refused")
    opened_at = next(event["at"] for event in cluster.events())
    words = cluster.finish()

    def value(name: str, **labels: str) -> float:
        found = registry.get_sample_value(name, {"service": "service", **labels})
        return found or 0.0

    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(tmp_path))  # type: ignore[no-untyped-call]
    for outcome, told in (("failed", "failed"), ("rejected", "refused")):
        counted = value("circuit_breaker_calls_total", outcome=outcome)
        assert counted == sum(word["outcomes"].get(told, 0) for word in words)
    assert value("circuit_breaker_failures_total") == value("circuit_breaker_calls_total", outcome="failed")
    assert value("circuit_breaker_transitions_total", source="closed", target="open") == 1
    assert value("circuit_breaker_state") == 2
    last_word_at = max(word["at"] for word in words)
    assert 0 < value("circuit_breaker_open_seconds_total") <= last_word_at - opened_at + 1
