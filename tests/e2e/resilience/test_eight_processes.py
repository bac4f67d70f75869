"""Eight real processes and a real server that dies and comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.e2e.resilience.cluster import Cluster
from tests.e2e.resilience.conftest import StartCluster
from tests.integration.resilience.flaky_server import FlakyServer, serving

PROCESSES = 8


@pytest.fixture
def server() -> Iterator[FlakyServer]:
    with serving() as state:
        yield state


def wait_for_events(cluster: Cluster, *, target: str, number: int) -> None:
    deadline = time.monotonic() + 60
    while sum(event["event"][1] == target for event in cluster.events()) < number:
        assert time.monotonic() < deadline, cluster.events()
        time.sleep(0.01)


def most_at_once(intervals: list[tuple[float, float]]) -> int:
    """How many requests the server had inside at the same time."""
    edges = sorted([(begin, 1) for begin, _ in intervals] + [(end, -1) for _, end in intervals])
    inside = most = 0
    for _, step in edges:
        inside += step
        most = max(most, inside)
    return most


@pytest.mark.timeout(180)
@pytest.mark.parametrize("places", [1, 2])
def test_a_dead_service_is_left_alone_and_a_recovered_one_is_found(
    start_cluster: StartCluster, server: FlakyServer, places: int
) -> None:
    breaker = {
        "failure_threshold": 5,
        "volume_threshold": 1,
        "recovery_timeout": 1.0,
        "recovery_cap": 1.0,
        "success_threshold": 3,
        "half_open_max_calls": places,
        "probe_lease": 10.0,
    }
    cluster = start_cluster(PROCESSES, url=server.url, breaker=breaker, pause=0.02)
    cluster.wait_for_outcome("done")

    # The service dies.
    server.delay = 0.05  # so that probes would overlap if there were too many
    server.status = 503
    refused_at = cluster.wait_for_outcome("refused")
    opened_at = next(event["at"] for event in cluster.events() if event["event"][1] == "open")
    seen_until_all_refuse = len(server.intervals)
    # Nobody has anything under way from before: a call takes 50 ms, and each refusal came after the last of them.
    wait_for_events(cluster, target="open", number=4)
    wait_for_events(cluster, target="half_open", number=4)

    # It comes back.
    server.status = 200
    cluster.wait_for_outcome("done")
    done_at = [max(line["at"] for line in lines if line.get("outcome") == "done") for lines in cluster.said]
    events = cluster.events()
    closed_at = next(event["at"] for event in events if event["event"][1] == "closed")
    probes = [interval for interval in server.intervals[seen_until_all_refuse:] if interval[0] < closed_at - 0.05]
    words = cluster.finish()

    refusing, calling = max(refused_at) - opened_at, max(done_at) - closed_at
    print(
        f"\n{PROCESSES} processes, {places} probes: all refuse after {refusing:.3f} s, all call after {calling:.3f} s"
    )
    assert most_at_once(probes) <= places
    failed_probes = sum(event["event"][:2] == ["half_open", "open"] for event in events)
    # While it was dead each half-open period let its probes through and no other call; then three had to succeed.
    assert failed_probes + 3 - places <= len(probes) <= (failed_probes + 3) * places
    generations = [event["event"][2] for event in events]
    assert generations == list(range(2, len(events) + 2)), "exactly one event for each transition"
    assert {event["scope"] for event in events} == {"cluster"}
    assert {word["state"] for word in words} == {"closed"}
    assert {word["generation"] for word in words} == {len(events) + 1}
