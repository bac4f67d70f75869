"""Every circuit of this process by name, made from the settings, with the operators' overrides on top."""

from __future__ import annotations

import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

import structlog
from circuitbreaker import CircuitBreakerMonitor

from apps.resilience.adaptive import AdaptiveLimit
from apps.resilience.breaker import Breaker
from apps.resilience.buckets import RetryBudget, TokenBucket
from apps.resilience.bulkhead import Bulkhead
from apps.resilience.config import CircuitBreakerConfig, InvalidConfig
from apps.resilience.errors import UnknownService
from apps.resilience.forking import renew_after_fork
from apps.resilience.hub import Hub, Overrides
from apps.resilience.keeper import Keeper, Scribe
from apps.resilience.leases import ClusterSlots
from apps.resilience.metrics import BULKHEAD, RETRY_BUDGET, STORE_UP, WEBHOOK_PREFIX, Exporter, count_open_seconds
from apps.resilience.overrides import overridden
from apps.resilience.policy import Policy, ServiceConfig
from apps.resilience.store import CircuitStore, StoreAwayError

logger = structlog.get_logger(__name__)

MOST_ENDPOINTS = 1000
"""Circuits of webhook endpoints that one process keeps; the least recently used goes first."""
ENDPOINT_IDLE = 3600.0
"""Seconds after which an unused one goes anyway."""
TELL_EVERY = 600.0
"""Seconds after which a process tells the others again that an endpoint is in use."""


class Registry:
    """Policies and breakers by name."""

    def __init__(
        self,
        services: Mapping[str, ServiceConfig],
        store: CircuitStore | None,
        *,
        threads: bool = True,
        keeper: Callable[[], Keeper] = Keeper,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._services = dict(services)
        self._clock = clock
        self._chance = chance
        self._numbers: dict[str, CircuitBreakerConfig] = {}
        self._overrides: dict[str, Mapping[str, Any]] = {}
        self._policies: dict[str, Policy] = {}
        self._owners: dict[str, UUID | None] = {}
        self._told_endpoints: dict[str, float] = {}
        self._endpoints: OrderedDict[str, Policy] = OrderedDict()
        self._others: dict[str, Breaker] = {}
        self._lock = threading.RLock()
        self._exporter = Exporter()
        self._scribe = Scribe(keeper, threads=threads)
        self.hub: Hub | None = None
        renew_after_fork(self)
        if store is not None:
            self.hub = Hub(
                store,
                threads=threads,
                on_round=self._after_round,
                on_overrides=self.apply_overrides,
                load_overrides=lambda: keeper().load_overrides(),
                on_open_seconds=count_open_seconds,
                on_availability=lambda available: STORE_UP.set(int(available)),
                give_back=lambda: keeper().give_back(),
            )

    # Finding

    def policy(self, name: str) -> Policy:
        """The policy of a configured service."""
        found = self._policies.get(name)
        if found is not None:
            return found
        with self._lock:
            if name not in self._services:
                raise UnknownService(f"No service is called {name!r}.")
            return self._policies.setdefault(name, self._make(self._services[name]))

    def endpoint(self, endpoint_id: str, organization_id: UUID | None = None) -> Policy:
        """The policy of one webhook endpoint: the numbers of `webhook`, a circuit of its own.

        `organization_id` is whose endpoint it is: only they see its circuit.
        """
        name = f"{WEBHOOK_PREFIX}{endpoint_id}"
        with self._lock:
            found = self._endpoints.get(name)
            if found is None:
                found = self._make(replace(self._services["webhook"], name=name))
                self._endpoints[name] = found
                self._drop_endpoints()
            if organization_id is not None:
                self._owners[name] = organization_id
            self._endpoints.move_to_end(name)
            return found

    def breaker(self, name: str, config: CircuitBreakerConfig | None = None) -> Breaker:
        """The breaker called `name`, made now if nobody asked for it before."""
        if name in self._services:
            return self.policy(name).breaker
        with self._lock:
            if name not in self._others:
                self._others[name] = self._breaker(name, config or CircuitBreakerConfig(), shared=True)
            return self._others[name]

    def get(self, name: str) -> Breaker:
        """A breaker that exists.

        Raises:
            UnknownService: no such service, and no circuit of that name in this process.
        """
        if name in self._services:
            return self.policy(name).breaker
        with self._lock:
            if name in self._endpoints:
                return self._endpoints[name].breaker
            if name in self._others:
                return self._others[name]
        raise UnknownService(f"No circuit is called {name!r}.")

    def owner_of(self, name: str) -> UUID | None:
        """The organization of a webhook endpoint's circuit."""
        return self._owners.get(name)

    def all(self) -> dict[str, Breaker]:
        """Every breaker: the configured services, called yet or not, and what was made at run time."""
        services = {name: self.policy(name).breaker for name in self._services if name != "webhook"}
        with self._lock:
            endpoints = {name: policy.breaker for name, policy in self._endpoints.items()}
            return {**services, **self._others, **endpoints}

    def policies(self) -> list[Policy]:
        """The policies that were used so far."""
        with self._lock:
            return [*self._policies.values(), *self._endpoints.values()]

    # Keeping in step

    def refresh(self) -> bool:
        """Learn what the cluster knows now; False when only this process's own numbers can be told."""
        if self.hub is None:
            return False
        try:
            elsewhere = self.hub.store.endpoints(time.time(), ENDPOINT_IDLE)
        except StoreAwayError:
            elsewhere = {}
        for name, owner in elsewhere.items():
            self.endpoint(name.removeprefix(WEBHOOK_PREFIX), UUID(owner) if owner else None)
        for breaker in self.all().values():
            breaker.circuit.join()
        return self.hub.refresh()

    def apply_overrides(self, overrides: Overrides) -> None:
        """Operators' numbers and modes, by service; one that is gone falls back to the settings."""
        with self._lock:
            self._overrides = {**self._overrides, **overrides}
            breakers = self.all()
        for name, breaker in breakers.items():
            if name in overrides or ("webhook" in overrides and name.startswith(WEBHOOK_PREFIX)):
                breaker.circuit.reconfigure(self._numbers_of(name))

    def put_overrides(self, overrides: Overrides) -> None:
        """Apply overrides here and tell the others."""
        if self.hub is None or not self.hub.put_overrides(overrides):
            self.apply_overrides(overrides)

    def export(self) -> None:
        """Bring the counts to Prometheus."""
        self._exporter.export(breaker.circuit for breaker in self.all().values())
        for policy in self.policies():
            if not policy.name.startswith(WEBHOOK_PREFIX):
                RETRY_BUDGET.labels(policy.name).set(policy.budget.tokens)
                if policy.bulkhead is not None:
                    BULKHEAD.labels(policy.name).set(policy.bulkhead.in_use)

    def forked(self) -> None:
        """In a child: its own lock and counts; calls that the parent has under way are not the child's."""
        self._lock = threading.RLock()
        self._told_endpoints.clear()
        self._exporter.forked()
        for policy in self.policies():
            policy.forked()

    def close(self) -> None:
        """Tell the last counts and end the threads."""
        if self.hub is not None:
            self.hub.stop()
            self._scribe.finish()
            self.hub.store.close()

    # Making

    def _after_round(self) -> None:
        self.export()
        self._tell_endpoints()
        self._scribe.write()

    def _make(self, service: ServiceConfig) -> Policy:
        breaker = self._breaker(service.name, service.breaker, shared=service.shared)
        limiter = None
        if service.rate is not None:
            limiter = TokenBucket(capacity=max(1.0, service.burst), per_second=service.rate, clock=self._clock)
        return Policy(
            service=service,
            breaker=breaker,
            budget=RetryBudget(clock=self._clock),
            bulkhead=self._bulkhead(service),
            limiter=limiter,
        )

    def _tell_endpoints(self) -> None:
        """Let the others know which endpoints this process has called lately."""
        with self._lock:
            used = {name: policy.breaker.circuit.last_used for name, policy in self._endpoints.items()}
            fresh = {name: at for name, at in used.items() if self._is_news(name, at)}
        if not fresh or self.hub is None or not self.hub.available:
            return
        owners = {name: str(self._owners.get(name) or "") for name in fresh}
        with suppress(StoreAwayError):
            self.hub.store.put_endpoints(owners, time.time())
            self._told_endpoints |= fresh

    def _is_news(self, name: str, used_at: float) -> bool:
        told_at = self._told_endpoints.get(name)
        return told_at is None or used_at >= told_at + TELL_EVERY

    def _bulkhead(self, service: ServiceConfig) -> Bulkhead | None:
        if service.concurrency is None:
            return None
        cluster = None
        if service.cluster_concurrency is not None and self.hub is not None:
            cluster = ClusterSlots(
                self.hub.store, service.name, limit=service.cluster_concurrency, seconds=service.deadline + 10
            )
        adaptive = AdaptiveLimit(largest=service.concurrency) if service.adaptive else None
        return Bulkhead(service.name, limit=service.concurrency, cluster=cluster, adaptive=adaptive)

    def _breaker(self, name: str, config: CircuitBreakerConfig, *, shared: bool) -> Breaker:
        self._numbers.setdefault(name, config)
        breaker = Breaker(
            name=name,
            config=self._numbers_of(name),
            link=self.hub if shared else None,
            clock=self._clock,
            chance=self._chance,
        )
        CircuitBreakerMonitor.register(breaker)
        return breaker

    def _numbers_of(self, name: str) -> CircuitBreakerConfig:
        """The numbers in force: settings, then the override of all endpoints, then the service's own."""
        config = self._numbers[name]
        templates = ["webhook", name] if name.startswith(WEBHOOK_PREFIX) else [name]
        for override in filter(None, (self._overrides.get(template) for template in templates)):
            try:
                config = overridden(config, override)
            except InvalidConfig as error:
                logger.warning("resilience_override_ignored", service=name, error=str(error))
        return config

    def _drop_endpoints(self) -> None:
        idle_since = self._clock() - ENDPOINT_IDLE
        while len(self._endpoints) > 1:
            name, oldest = next(iter(self._endpoints.items()))
            if len(self._endpoints) <= MOST_ENDPOINTS and oldest.breaker.circuit.last_used > idle_since:
                return
            del self._endpoints[name]
            self._owners.pop(name, None)
            self._told_endpoints.pop(name, None)
            CircuitBreakerMonitor.circuit_breakers.pop(name, None)
            self._numbers.pop(name, None)
            self._exporter.forget(name)
            if self.hub is not None:
                self.hub.leave(name)
