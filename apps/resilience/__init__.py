"""Resilience: what stands between Podium and everything outside its process.

    policy("storage").call(client.upload, path)          # a configured service, all layers
    policy("email").with_options(fallback=queue_mail)    # the same with other words for one use

`policy(name)` is the way to call a service; `registry()` finds every circuit (`get(name)`, `all()`, and
`endpoint(id)` for webhook endpoints). For what is no configured service the layers are decorators of their own:
`retry`, `async_retry`, `circuit_breaker`, `async_circuit_breaker`, `timeout`, with `RetryConfig`, `RetryStrategy` and
`CircuitBreakerConfig`. `Breaker` is a `circuitbreaker.CircuitBreaker`, for `@circuit(cls=Breaker)`.
`fallbacks.register(service)` says what is answered instead; `listen` hears every change of state. Errors:
`apps.resilience.errors`. Outbound HTTP: `apps.resilience.http`. Celery tasks: `apps.resilience.celery`. Guide:
docs/circuit-breakers.md.
"""

from apps.resilience.breaker import Breaker
from apps.resilience.config import CircuitBreakerConfig
from apps.resilience.decorators import async_circuit_breaker, async_retry, circuit_breaker, retry
from apps.resilience.defaults import policy, registry
from apps.resilience.events import CircuitEvent, listen
from apps.resilience.fallbacks import fallbacks
from apps.resilience.policy import Policy
from apps.resilience.retry import RetryConfig, RetryStrategy
from apps.resilience.timeout import timeout

__all__ = [
    "Breaker",
    "CircuitBreakerConfig",
    "CircuitEvent",
    "Policy",
    "RetryConfig",
    "RetryStrategy",
    "async_circuit_breaker",
    "async_retry",
    "circuit_breaker",
    "fallbacks",
    "listen",
    "policy",
    "registry",
    "retry",
    "timeout",
]
