"""The cache behind its policy: a Valkey that does not answer is skipped after a few requests waited for it."""

from __future__ import annotations

from typing import Any

from apps.core import rates
from apps.core.ids import new_id
from apps.resilience.registry import Registry
from tests.integration.resilience.valkey_process import ValkeyProcess


def test_rates_skip_a_frozen_store_once_its_circuit_is_open(
    circuits: Registry, valkey: ValkeyProcess, settings: Any
) -> None:
    settings.LIMITS_URL = valkey.url
    circuits.apply_overrides({"cache": {"stamp": 1, "volume_threshold": 1, "failure_threshold": 2}})
    key = str(new_id())
    assert rates.hit("3/minute", key).remaining == 2
    valkey.freeze()
    try:
        windows = [rates.hit("3/minute", key).allowed for _ in range(4)]
    finally:
        valkey.thaw()
        rates._limiter.cache_clear()
    assert windows == [True, True, True, False], "this process counts for itself"
    totals = circuits.get("cache").circuit.totals()
    assert (totals.succeeded, totals.failed, totals.rejected) == (1, 2, 2)
