"""The process that publishes: it works while there is something due, and sleeps until the bell rings."""

from __future__ import annotations

import threading

import structlog
from django.db import InterfaceError, OperationalError, connection

from apps.core import clock
from apps.messaging.bell import Bell
from apps.messaging.publishing import BATCH, publish_due

log = structlog.get_logger("podium.relay")

# After work, one look more this soon: a commit that found the queue not yet empty has not rung.
LINGER = 0.05
LONGEST_PAUSE = 5.0


class Relay:
    """Publishes until it is told to stop, whatever becomes of the database meanwhile. Any number may run at once.

    Args:
        bell: tells of new messages.
        poll: seconds after which to look without it.
        stopping: once set, the batch in hand is the last one.
    """

    def __init__(self, *, bell: Bell, poll: float, stopping: threading.Event, batch: int = BATCH) -> None:
        self.bell = bell
        self.poll = poll
        self.stopping = stopping
        self.batch = batch
        self._failures = 0

    def run(self) -> None:
        """Until `stopping`."""
        log.info("relay started")
        linger = True
        while not self.stopping.is_set():
            done = self.publish()
            if done is None:
                self.stopping.wait(self._pause())
            elif done == 0:
                self.bell.wait(LINGER if linger else self.poll)
            linger = bool(done)
        log.info("relay stopped")

    def publish(self) -> int | None:
        """One round over what is due: how many messages, None while the database is away."""
        started = clock.monotonic()
        try:
            done = publish_due(limit=self.batch)
        except (OperationalError, InterfaceError) as error:
            connection.close()
            self._failures += 1
            log.warning("relay waits for the database", error_type=type(error).__name__, failures=self._failures)
            return None
        self._failures = 0
        if done:
            duration_ms = round((clock.monotonic() - started) * 1000, 2)
            log.info("messages published", count=done, duration_ms=duration_ms)
        return done

    def _pause(self) -> float:
        return min(LONGEST_PAUSE, 0.1 * float(2 ** min(self._failures, 6)))
