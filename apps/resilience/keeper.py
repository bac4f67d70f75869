"""What is kept for good, overrides and history, and the thread that writes.

The flusher keeps every circuit in step, so it must never wait for a database. What is to be written, a thread of its
own writes, which lives for as long as there is something.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from apps.resilience.forking import HELD_FOR_FORK, hold_during_fork, renew_after_fork

logger = structlog.get_logger(__name__)

LAST_WRITE = 2.0
"""Seconds that a process waits at its end for what is still to be written."""


@dataclass(frozen=True, slots=True)
class Keeper:
    """The way to the database; `waiting` is how many transitions are to be written."""

    load_overrides: Callable[[], Mapping[str, Mapping[str, Any]]] = dict
    waiting: Callable[[], int] = int
    write_history: Callable[[], object] = bool
    give_back: Callable[[], object] = bool
    """Called after each use by a thread of ours: none must sit on a connection."""


class Scribe:
    """Writes what waits, in the background (`threads`) or at once."""

    def __init__(self, keeper: Callable[[], Keeper], *, threads: bool) -> None:
        self._keeper = keeper
        self._threads = threads
        self._busy, self._held = threading.Lock(), False
        self._thread: threading.Thread | None = None
        renew_after_fork(self)
        hold_during_fork(self)

    def write(self) -> None:
        """Have it written if something waits."""
        keeper = self._keeper()
        if not keeper.waiting():
            return
        if not self._threads:
            keeper.write_history()
        elif self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._write, name="resilience-history", daemon=True)
            self._thread.start()

    def finish(self) -> None:
        """Give the last words a moment (at exit)."""
        if self._thread is not None:
            self._thread.join(timeout=LAST_WRITE)

    def hold(self) -> None:
        """Keep a write from beginning; one that is under way ends first."""
        self._held = self._busy.acquire(timeout=HELD_FOR_FORK)

    def release(self) -> None:
        """Let it go on."""
        if self._held:
            self._busy.release()

    def forked(self) -> None:
        """In a child after fork: no thread, and no lock that is held."""
        self._busy, self._held = threading.Lock(), False
        self._thread = None

    def _write(self) -> None:
        keeper = self._keeper()
        with self._busy:
            try:
                keeper.write_history()
            except Exception:
                logger.exception("resilience_history_not_written")
            finally:
                keeper.give_back()
