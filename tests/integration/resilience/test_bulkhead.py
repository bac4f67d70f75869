"""Places that a cluster shares, on a real store."""

from __future__ import annotations

import pytest

from apps.resilience.errors import BulkheadFull
from apps.resilience.leases import ClusterSlots
from apps.resilience.registry import Registry
from apps.resilience.store import CircuitStore
from tests.integration.resilience.valkey_process import ValkeyProcess


def test_processes_share_their_places_and_give_them_back(circuits: Registry, other_process: Registry) -> None:
    ours, theirs = (each.policy("ai").bulkhead for each in (circuits, other_process))
    assert ours is not None
    assert theirs is not None
    places = [bulkhead.enter() for bulkhead in (ours, theirs) for _ in range(4)]
    with pytest.raises(BulkheadFull, match="4 calls in this process"):
        ours.enter()
    theirs.limit = 5
    with pytest.raises(BulkheadFull, match="8 calls in the cluster"):
        theirs.enter()
    ours.leave(places[0], failed=False)
    assert theirs.enter()[0] is not None
    assert (ours.in_use, theirs.in_use) == (3, 5)


def test_the_place_of_a_process_that_never_gives_it_back_returns_by_itself(valkey: ValkeyProcess) -> None:
    store = CircuitStore(valkey.url, timeout=10.0, probe_timeout=10.0)
    killed = ClusterSlots(store, "ai", limit=1, seconds=0.05)
    assert killed.take("a")
    patient = ClusterSlots(store, "ai", limit=1, seconds=60.0)
    while not patient.take("b"):
        pass  # until the lease is over, on the server's clock
    assert not patient.take("c")
    store.close()


def test_a_place_that_was_taken_before_the_clock_was_set_back_returns_too(valkey: ValkeyProcess) -> None:
    store = CircuitStore(valkey.url, timeout=10.0, probe_timeout=10.0)
    an_hour_ahead = ClusterSlots(store, "ai", limit=1, seconds=3600.0)
    assert an_hour_ahead.take("a")
    today = ClusterSlots(store, "ai", limit=1, seconds=60.0)
    assert today.take("b")
    assert not today.take("c")
    store.close()


def test_with_the_store_away_each_process_keeps_its_own_limit(circuits: Registry, valkey: ValkeyProcess) -> None:
    bulkhead = circuits.policy("ai").bulkhead
    assert bulkhead is not None
    valkey.kill()
    places = [bulkhead.enter() for _ in range(4)]
    assert [lease for lease, _ in places] == [None] * 4
    with pytest.raises(BulkheadFull, match="4 calls in this process"):
        bulkhead.enter()
