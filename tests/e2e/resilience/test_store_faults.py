"""The store stopped, frozen and restarted while processes call: no call is lost and nobody waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pybreaker
import pytest
import redis

from apps.resilience.breaker import Breaker
from apps.resilience.hub import Hub
from apps.resilience.store import CircuitStore
from tests.e2e.resilience.cluster import Cluster
from tests.e2e.resilience.conftest import StartCluster
from tests.integration.resilience.valkey_process import ValkeyProcess

pytestmark = [pytest.mark.alone, pytest.mark.timeout(240)]

SOON = 3.0
"""Seconds: many times what ours may wait for the store, and less than redis-py's default retries take."""
BREAKER = {"failure_threshold": 5, "volume_threshold": 1, "recovery_timeout": 60.0}


def calls_go_on(cluster: Cluster, seconds: float) -> None:
    """Let the load run for a while: this is what is measured, not a wait for something."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert all(process.poll() is None for process in cluster.processes)
        time.sleep(0.05)


def was_away_and_is_back(lines: list[dict[str, Any]]) -> bool:
    """Whether a member went on alone and shares again."""
    return [line["shared"] for line in lines if "shared" in line][-2:] == [False, True]


def force_open(valkey: ValkeyProcess, mode: str, stamp: int) -> None:
    store = CircuitStore(valkey.url, timeout=10.0)
    store.put_overrides({"forced": {"stamp": stamp, "mode": mode}})
    store.close()


@pytest.mark.parametrize("fault", ["stopped and restarted", "frozen"])
def test_no_call_is_lost_while_the_store_is_away(
    start_cluster: StartCluster, valkey: ValkeyProcess, fault: str
) -> None:
    force_open(valkey, "forced_open", stamp=1)
    cluster = start_cluster(2, breaker=BREAKER, pause=0.0005)
    calls_go_on(cluster, 1.0)
    if fault == "frozen":
        valkey.freeze()
        calls_go_on(cluster, 2.5)
        valkey.thaw()
    else:
        valkey.kill()
        calls_go_on(cluster, 2.5)
        valkey.start()
    cluster.wait(was_away_and_is_back, what="shared")
    words = cluster.finish()

    decisions = max(word["p999"] for word in words), max(word["worst"] for word in words)
    print(f"\n{fault}: p99.9 of the decision {decisions[0] * 1000:.3f} ms, the worst {decisions[1] * 1000:.3f} ms")
    for word in words:
        assert word["outcomes"] == {"done": word["calls"]}, "every call was made and answered"
        assert word["totals"]["succeeded"] == word["calls"], "and counted"
        assert word["asked_by_callers"] == {}, "no caller asked the store"
        assert word["shared"], "the state is shared again"
        assert word["forced"] == {"refused": word["calls"]}, "forced open survived"
    store = CircuitStore(valkey.url, timeout=10.0)
    assert store.overrides()["forced"]["mode"] == "forced_open"
    if fault == "frozen":
        with redis.Redis(port=valkey.port, decode_responses=True) as client:
            known = client.hget("podium:circuit:{service}", "total_succeeded")
        assert int(known or 0) == sum(word["calls"] for word in words), "and every call was told, once"
    store.close()


def test_an_open_circuit_stays_open_through_a_restart_that_loses_everything(
    start_cluster: StartCluster, valkey: ValkeyProcess
) -> None:
    cluster = start_cluster(3, url="http://127.0.0.1:9/", breaker=BREAKER, pause=0.005)
    cluster.wait_for_outcome("refused")
    valkey.kill()
    calls_go_on(cluster, 1.5)
    valkey.start()
    cluster.wait(was_away_and_is_back, what="shared")
    words = cluster.finish()
    assert {word["state"] for word in words} == {"open"}
    assert [event["event"] for event in cluster.events() if event["circuit"] == "service"] == [["closed", "open", 2]]
    with redis.Redis(port=valkey.port, decode_responses=True) as client:
        assert client.hget("podium:circuit:{service}", "state") == "open"


def prepare_ours(valkey: ValkeyProcess) -> Callable[[], object]:
    hub = Hub(CircuitStore(valkey.url), threads=False)
    breaker = Breaker(failure_threshold=1, name="frozen", link=hub)
    breaker.call(lambda: None)
    return lambda: breaker.call(_refuse)


def prepare_pybreaker(valkey: ValkeyProcess) -> Callable[[], object]:
    client = redis.Redis(port=valkey.port, socket_timeout=0.05)
    breaker = pybreaker.CircuitBreaker(state_storage=pybreaker.CircuitRedisStorage(pybreaker.STATE_CLOSED, client))
    breaker.call(lambda: None)
    return lambda: breaker.call(_refuse)


def _refuse() -> None:
    raise ConnectionError


@pytest.mark.parametrize(
    "prepare",
    [
        prepare_ours,
        pytest.param(
            prepare_pybreaker,
            marks=pytest.mark.xfail(
                strict=True, raises=AssertionError, reason="pybreaker waits for redis-py's default retries"
            ),
        ),
    ],
)
def test_a_frozen_store_does_not_freeze_the_caller(
    valkey: ValkeyProcess, prepare: Callable[[ValkeyProcess], Callable[[], object]]
) -> None:
    call = prepare(valkey)
    answers: list[type[Exception]] = []

    def ask() -> None:
        try:
            call()
        except (ConnectionError, pybreaker.CircuitBreakerError, redis.RedisError) as error:
            answers.append(type(error))

    caller = threading.Thread(target=ask)
    valkey.freeze()
    try:
        caller.start()
        caller.join(SOON)
        assert answers == [ConnectionError]
    finally:
        valkey.thaw()
        caller.join()
