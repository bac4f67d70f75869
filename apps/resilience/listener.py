"""The listener thread: hears of transitions and overrides as they happen."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import structlog
from redis.exceptions import RedisError

from apps.resilience.store import CircuitStore, Reply, StoreAwayError, read_reply

logger = structlog.get_logger(__name__)

LISTEN = 1.0
"""Seconds that one wait for a message takes at most, so that the thread can end."""
PAUSE = 0.5
"""Seconds before a broken connection is made again; until then the flusher's polling does."""


class Listener:
    """Hands every message to `heard`: the reply of another process's step, or None for changed overrides."""

    def __init__(
        self, store: CircuitStore, heard: Callable[[Reply | None], object], stopping: threading.Event
    ) -> None:
        self._store = store
        self._heard = heard
        self._stopping = stopping

    def listen_forever(self) -> None:
        """Until `stopping` is set; a lost connection is made anew."""
        while not self._stopping.is_set():
            try:
                self._listen()
            except (StoreAwayError, RedisError, OSError) as error:
                logger.debug("resilience_listener_lost_its_connection", error=str(error))
                self._stopping.wait(PAUSE)

    def _listen(self) -> None:
        with self._store.subscribe() as subscription:
            while not self._stopping.is_set():
                message = subscription.get_message(timeout=LISTEN)
                if message is not None and message["type"] == "message":
                    self._hear(message["data"])

    def _hear(self, data: str) -> None:
        try:
            content = json.loads(data)
            self._heard(None if "overrides" in content else read_reply(content))
        except Exception:
            logger.exception("resilience_message_not_understood")
