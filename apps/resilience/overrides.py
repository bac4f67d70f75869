"""What an operator may change while everything runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from apps.resilience.config import CircuitBreakerConfig, InvalidConfig, Mode

NUMBERS = (
    "failure_threshold",
    "failure_rate",
    "volume_threshold",
    "failure_window",
    "recovery_timeout",
    "success_threshold",
    "half_open_max_calls",
    "slow_call_duration",
)
"""Fields of `CircuitBreakerConfig` that an override may set; None leaves the settings' number."""


def overridden(config: CircuitBreakerConfig, override: Mapping[str, Any]) -> CircuitBreakerConfig:
    """The settings with an override on top.

    Raises:
        InvalidConfig: the numbers together can't work.
    """
    changes: dict[str, Any] = {name: override[name] for name in NUMBERS if override.get(name) is not None}
    if override.get("mode"):
        try:
            changes["mode"] = Mode(override["mode"])
        except ValueError:
            raise InvalidConfig(f"There is no mode {override['mode']!r}.") from None
    if "recovery_timeout" in changes:
        changes["recovery_cap"] = max(config.recovery_cap, changes["recovery_timeout"])
    return replace(config, **changes)
