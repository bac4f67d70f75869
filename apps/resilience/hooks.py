"""Who wants to know when a circuit changes."""

from __future__ import annotations

from apps.core.hooks import Hook
from apps.resilience.events import CircuitEvent

circuit_changed: Hook[[CircuitEvent], None] = Hook(
    "circuit_changed",
    "A circuit opened, half-opened or closed: called once for the cluster, in the transaction that records it.",
)
