"""Transitions on their way into the database.

A transition happens wherever a call ends: in a request that may roll back, in a coroutine, in the flusher. So it is
put in a queue, and a thread writes it in a transaction of its own, where the upper apps hear of it.
"""

from __future__ import annotations

import threading
from collections import deque

import structlog
from django.db import DatabaseError, transaction

from apps.core.correlation.context import correlated, new_correlation
from apps.resilience.events import CircuitEvent
from apps.resilience.forking import renew_after_fork
from apps.resilience.hooks import circuit_changed
from apps.resilience.models import CircuitTransition

logger = structlog.get_logger(__name__)

KEPT = 1000
"""Transitions that wait while the database is away; the oldest are forgotten first."""


class History:
    """Transitions that wait to be written."""

    def __init__(self) -> None:
        self.forked()
        renew_after_fork(self)

    def remember(self, event: CircuitEvent) -> None:
        """Log a transition and queue it for the database."""
        logger.warning(
            "circuit_changed",
            circuit_name=event.circuit_name,
            source=str(event.source),
            target=str(event.target),
            cause=event.cause,
            failure_count=event.failure_count,
            last_error=event.last_error,
            scope=event.scope,
        )
        self._waiting.append(event)

    def waiting(self) -> int:
        """How many are to be written."""
        return len(self._waiting)

    def write_waiting(self) -> int:
        """Write what waits and return how much that was. With the database away it goes on waiting."""
        written = 0
        with self._writing:
            while self._waiting:
                event = self._waiting[0]
                try:
                    record_transition(event=event)
                except DatabaseError as error:
                    logger.warning("circuit_history_waits", error=str(error), waiting=len(self._waiting))
                    break
                except Exception:
                    # A listener's mistake: it is undone with the row, and must not hold up what comes after.
                    logger.exception("circuit_history_lost", circuit_name=event.circuit_name)
                else:
                    written += 1
                self._waiting.popleft()
        return written

    def forked(self) -> None:
        """In a child after fork: what waits is the parent's to write."""
        self._writing = threading.Lock()
        self._waiting: deque[CircuitEvent] = deque(maxlen=KEPT)


history = History()


def record_transition(*, event: CircuitEvent) -> CircuitTransition:
    """Write one transition and tell the upper apps, in one transaction."""
    story = new_correlation(correlation_id=event.correlation_id or None)
    with transaction.atomic(), correlated(story):
        row = CircuitTransition.objects.create(
            circuit_name=event.circuit_name[:100],
            source=str(event.source),
            target=str(event.target),
            generation=event.generation,
            cause=event.cause[:600],
            failure_count=event.failure_count,
            last_error=event.last_error[:300],
            scope=event.scope,
            correlation_id=event.correlation_id,
            occurred_at=event.at,
        )
        circuit_changed(event)
    return row
