"""`LISTEN` on a connection of its own: the commit of a message rings it."""

from __future__ import annotations

import threading

import psycopg
import structlog

from apps.core import clock
from apps.core.outbox.numbering import CHANNEL

log = structlog.get_logger("podium.relay")

CONNECT_WITHIN = 5
CONNECT_AGAIN_AFTER = 5.0
SLICE = 0.5


class Bell:
    """Wakes a relay. Without a connection it wakes by time alone, which is late and never wrong.

    Args:
        url: of a server that takes `LISTEN`, so not of a pooler that hands out a connection per transaction.
        stopping: once set, waits end.
    """

    def __init__(self, url: str, stopping: threading.Event) -> None:
        self._url = url
        self._stopping = stopping
        self._connection: psycopg.Connection | None = None
        self._connect_at = 0.0

    def wait(self, seconds: float) -> bool:
        """Wait until it rings, at most `seconds`; whether it did."""
        deadline = clock.monotonic() + seconds
        while not self._stopping.is_set():
            left = deadline - clock.monotonic()
            if left <= 0:
                return False
            if self._rang(min(left, SLICE)):
                return True
        return False

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _rang(self, seconds: float) -> bool:
        try:
            connection = self._listening()
            if connection is None:
                self._stopping.wait(seconds)
                return False
            rings = list(connection.notifies(timeout=seconds, stop_after=1))
        except psycopg.Error as error:
            log.warning("relay polls", error_type=type(error).__name__)
            self.close()
            return False
        return bool(rings)

    def _listening(self) -> psycopg.Connection | None:
        if self._connection is None and clock.monotonic() >= self._connect_at:
            self._connect_at = clock.monotonic() + CONNECT_AGAIN_AFTER
            self._connection = psycopg.connect(self._url, autocommit=True, connect_timeout=CONNECT_WITHIN)
            self._connection.execute(f"LISTEN {CHANNEL}")
        return self._connection
