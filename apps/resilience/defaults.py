"""The registry of this process, made from `settings.RESILIENCE` when it is first needed."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from apps.resilience.config import CircuitBreakerConfig, InvalidConfig
from apps.resilience.keeper import Keeper
from apps.resilience.policy import Policy, ServiceConfig
from apps.resilience.registry import Registry
from apps.resilience.retry import RetryConfig, RetryStrategy
from apps.resilience.store import CircuitStore
from apps.resilience.verdicts import says_fault, says_nothing

_lock = threading.Lock()
_registry: Registry | None = None


_keeper = Keeper()

PROBE_SLACK = 5.0
"""Seconds that a probe's lease outlives the call's deadline."""


def registry() -> Registry:
    """The one registry of this process."""
    global _registry  # noqa: PLW0603 - the process's, by purpose
    if _registry is None:
        with _lock:
            if _registry is None:
                _registry = build(settings.RESILIENCE)
                atexit.register(_registry.close)
    return _registry


def install(replacement: Registry | None) -> Registry | None:
    """Use another registry from now on (None: make one anew) and return the one before; for tests."""
    global _registry
    previous, _registry = _registry, replacement
    return previous


def keep_with(keeper: Keeper) -> None:
    """Say where overrides and history are kept; asked when the store knows no overrides, and while it is away."""
    global _keeper  # noqa: PLW0603
    _keeper = keeper


def policy(name: str) -> Policy:
    """The policy of a configured service, such as `policy("storage")`."""
    return registry().policy(name)


def build(configuration: Mapping[str, Any], *, threads: bool = True) -> Registry:
    """A registry from the form of `config/settings/resilience.py`."""
    services = {name: read_service(name, numbers) for name, numbers in configuration["SERVICES"].items()}
    url = configuration["STORE_URL"]
    store = None
    if url:
        store = CircuitStore(
            url,
            prefix=configuration["STORE_PREFIX"],
            timeout=configuration["STORE_TIMEOUT"],
            probe_timeout=configuration["PROBE_TIMEOUT"],
        )
    # The keeper is looked up when it is needed: the registry may be older.
    return Registry(services, store, threads=threads, keeper=lambda: _keeper)


def read_service(name: str, numbers: Mapping[str, Any]) -> ServiceConfig:
    """One service from its row of the settings.

    Raises:
        InvalidConfig: a number that can't work, or a name that means nothing.
    """
    rest = dict(numbers)
    retry = dict(rest.pop("retry"))
    breaker = dict(rest.pop("breaker"))
    deadline = float(rest.pop("deadline"))
    if "strategy" in retry:
        retry["strategy"] = RetryStrategy(retry["strategy"])
    breaker.setdefault("probe_lease", deadline + PROBE_SLACK)
    breaker.setdefault("counts_as_failure", says_fault)
    breaker.setdefault("ignores", says_nothing)
    try:
        return ServiceConfig(
            name=name,
            breaker=CircuitBreakerConfig(**breaker),
            retry=RetryConfig(**retry),
            deadline=deadline,
            **rest,
        )
    except (TypeError, InvalidConfig) as error:
        raise InvalidConfig(f"RESILIENCE: service {name!r}: {error}") from error
