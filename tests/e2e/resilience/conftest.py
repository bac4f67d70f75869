"""A Valkey to break, and processes that share it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e.resilience.cluster import Cluster
from tests.integration.resilience.valkey_process import ValkeyProcess

StartCluster = Callable[..., Cluster]


@pytest.fixture
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyProcess]:
    """A server of the test's own."""
    server = ValkeyProcess(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def start_cluster(valkey: ValkeyProcess) -> Iterator[StartCluster]:
    """Start processes; whatever is left of them at the end is killed."""
    clusters: list[Cluster] = []

    def start(number: int, environment: dict[str, str] | None = None, **order: Any) -> Cluster:
        clusters.append(Cluster(number, {"store": valkey.url, **order}, environment))
        return clusters[-1]

    yield start
    for cluster in clusters:
        cluster.kill()
