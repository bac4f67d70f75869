"""A Valkey of this folder's own, which its tests may freeze and kill, and clusters on it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import pytest

from apps.resilience import defaults
from apps.resilience.history import KEPT, history
from apps.resilience.registry import Registry
from config.settings.resilience import RESILIENCE
from tests.integration.resilience.valkey_process import ValkeyProcess


@pytest.fixture(scope="session")
def valkey_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyProcess]:
    """One server for the session."""
    server = ValkeyProcess(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def valkey(valkey_process: ValkeyProcess) -> ValkeyProcess:
    """The session's server, running and empty."""
    valkey_process.kill()
    valkey_process.start()
    return valkey_process


@pytest.fixture(autouse=True)
def _history_of_this_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue of events is the process's: what circuits of other tests left there is not this test's to write."""
    monkeypatch.setattr(history, "_waiting", deque(maxlen=KEPT))


@pytest.fixture
def circuits(valkey: ValkeyProcess) -> Iterator[Registry]:
    """This process's registry on the server of this folder, moved by hand (`circuits.hub.round()`)."""
    registry = build_for(valkey)
    previous = defaults.install(registry)
    yield registry
    defaults.install(previous)
    registry.close()


@pytest.fixture
def other_process(valkey: ValkeyProcess) -> Iterator[Registry]:
    """Another process of the same cluster."""
    registry = build_for(valkey)
    yield registry
    registry.close()


def build_for(valkey: ValkeyProcess) -> Registry:
    """A registry with the real settings on this server; its store is patient, so that a slow machine is no fault."""
    settings = {**RESILIENCE, "STORE_URL": valkey.url, "STORE_TIMEOUT": 10.0, "PROBE_TIMEOUT": 10.0}
    return defaults.build(settings, threads=False)
