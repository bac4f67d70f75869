"""Eight real processes and a real server that dies and comes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from tests.e2e.resilience.cluster import Cluster
from tests.e2e.resilience.conftest import StartCluster
from tests.e2e.stack import wait_until
from tests.integration.resilience.flaky_server import FlakyServer, Visit, serving

pytestmark = [pytest.mark.alone, pytest.mark.timeout(240)]

PROCESSES = 8
SUCCESSES = 3
PATIENT = 10.0
"""Seconds that the store may take: how busy this machine is is not what is tested here."""


@pytest.fixture
def server() -> Iterator[FlakyServer]:
    with serving() as state:
        yield state


def wait_for_events(cluster: Cluster, *, target: str, number: int) -> None:
    wait_until(
        lambda: sum(event["event"][1] == target for event in cluster.events()) >= number,
        limit=60,
        what=f"{number} events of {target}",
    )


def most_at_once(visits: Sequence[Visit]) -> int:
    """How many requests the server had inside at the same time."""
    edges = sorted([(visit.began, 1) for visit in visits] + [(visit.ended, -1) for visit in visits])
    inside = most = 0
    for _, step in edges:
        inside += step
        most = max(most, inside)
    return most


@pytest.mark.parametrize("places", [1, 2])
def test_a_dead_service_is_left_alone_and_a_recovered_one_is_found(
    start_cluster: StartCluster, server: FlakyServer, places: int
) -> None:
    breaker = {
        "failure_threshold": 5,
        "volume_threshold": 1,
        "recovery_timeout": 1.0,
        "recovery_cap": 1.0,
        "success_threshold": SUCCESSES,
        "half_open_max_calls": places,
        "probe_lease": 60.0,
    }
    cluster = start_cluster(PROCESSES, url=server.url, breaker=breaker, pause=0.02, timeout=PATIENT)
    cluster.wait_for_outcome("done")

    # The service dies.
    server.delay = 0.05  # so that probes would overlap if there were too many
    server.status = 503
    refused_at = cluster.wait_for_outcome("refused")
    wait_for_events(cluster, target="open", number=4)
    wait_for_events(cluster, target="half_open", number=4)

    # It comes back.
    server.status = 200
    cluster.wait_for_outcome("done")
    done_at = [max(line["at"] for line in lines if line.get("outcome") == "done") for lines in cluster.said]
    words = cluster.finish()
    events = sorted(cluster.events(), key=lambda event: event["event"][2])
    opened_at, closed_at = events[0]["at"], events[-1]["at"]
    refusing, calling = max(refused_at) - opened_at, max(done_at) - closed_at
    print(f"\n{PROCESSES} processes, {places} at a time: all refuse after {refusing:.3f} s, all call {calling:.3f} s")

    # Whoever came after all had refused once was a probe, until three probes had been answered well: only then could
    # the circuit close.
    later = [visit for visit in server.visits if visit.began > max(refused_at)]
    third_success = sorted(visit.ended for visit in later if visit.status == 200)[SUCCESSES - 1]
    probes = [visit for visit in later if visit.began < third_success]
    assert most_at_once(probes) <= places
    reopened_at = [event["at"] for event in events if event["event"][:2] == ["half_open", "open"]]
    failed_periods = sum(at > max(refused_at) for at in reopened_at)
    failed_probes = sum(visit.status == 503 for visit in probes)
    assert failed_periods - 1 <= failed_probes <= (failed_periods + 1) * places, "nobody but probes called"

    assert [event["event"][2] for event in events] == list(range(2, len(events) + 2)), "one event for each transition"
    in_vain = [("open", "half_open"), ("half_open", "open")] * len(reopened_at)
    moves = [tuple(event["event"][:2]) for event in events]
    assert moves == [("closed", "open"), *in_vain, ("open", "half_open"), ("half_open", "closed")]
    assert {event["scope"] for event in events} == {"cluster"}
    assert {(word["state"], word["generation"]) for word in words} == {("closed", len(events) + 1)}
