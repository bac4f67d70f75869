"""Changes of state, told to whoever listens: log and metrics here, upper apps through a hook of core.

An event of scope `cluster` is told by the one process whose script made the transition, so a cluster of N
processes tells it once. Scope `process` is for circuits without a store, and for while the store is away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import structlog

from apps.core import clock
from apps.core.correlation.context import current_correlation_id
from apps.resilience.config import State
from apps.resilience.machine import Transition

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitEvent:
    """One transition of one circuit."""

    circuit_name: str
    source: State
    target: State
    generation: int
    cause: str
    failure_count: int
    last_error: str
    scope: Literal["cluster", "process"]
    at: datetime
    correlation_id: str = ""
    """The story of the call that tipped the balance, as far as this process knows it."""


Listener = Callable[[CircuitEvent], object]
_listeners: list[Listener] = []


def listen(listener: Listener) -> Listener:
    """Call `listener` with every event of this process; registering it twice changes nothing."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def stop_listening(listener: Listener) -> None:
    """Take a listener back."""
    if listener in _listeners:
        _listeners.remove(listener)


def tell(
    name: str,
    transition: Transition,
    *,
    last_error: str,
    scope: Literal["cluster", "process"],
    correlation_id: str = "",
) -> CircuitEvent:
    """Hand the event of a transition to every listener; a listener that fails hurts nobody else."""
    event = CircuitEvent(
        circuit_name=name,
        source=transition.source,
        target=transition.target,
        generation=transition.generation,
        cause=transition.cause,
        failure_count=transition.failures,
        last_error=last_error,
        scope=scope,
        at=clock.now(),
        correlation_id=current_correlation_id() or correlation_id,
    )
    for listener in tuple(_listeners):
        try:
            listener(event)
        except Exception:
            logger.exception("circuit_listener_failed", circuit_name=name, listener=repr(listener))
    return event
