"""How many calls of one service may be under way at a time; one too many is refused at once, not queued."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

from apps.resilience.adaptive import AdaptiveLimit
from apps.resilience.errors import BulkheadFull
from apps.resilience.leases import ClusterSlots
from apps.resilience.store import StoreAwayError


class Bulkhead:
    """A limit for this process, optionally one for the cluster, optionally one that follows the latency.

    The cluster's limit costs a round trip for each call, so it is for services that sell few places. With the store
    away only the process's own limit holds.
    """

    def __init__(
        self,
        service: str,
        *,
        limit: int,
        cluster: ClusterSlots | None = None,
        adaptive: AdaptiveLimit | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.service = service
        self.limit = limit
        self.in_use = 0
        self._cluster = cluster
        self._adaptive = adaptive
        self._clock = clock
        self._lock = threading.Lock()

    @property
    def current_limit(self) -> int:
        """The process's limit at present."""
        return min(self.limit, self._adaptive.limit) if self._adaptive else self.limit

    def enter(self) -> tuple[str | None, float]:
        """Take a place, or raise `BulkheadFull`. What it returns is given to `leave`."""
        with self._lock:
            limit = self.current_limit
            if self.in_use >= limit:
                raise self._full(f"{limit} calls in this process")
            self.in_use += 1
        if self._cluster is None:
            return None, self._clock()
        lease = uuid4().hex
        try:
            granted = self._cluster.take(lease)
        except StoreAwayError:
            return None, self._clock()
        except BaseException:
            self._give_back()
            raise
        if not granted:
            self._give_back()
            raise self._full(f"{self._cluster.limit} calls in the cluster")
        return lease, self._clock()

    def leave(self, place: tuple[str | None, float], *, failed: bool) -> None:
        """Give the place back."""
        lease, entered = place
        self._give_back()
        if self._adaptive is not None:
            self._adaptive.observe(self._clock() - entered, failed=failed, in_use=self.in_use + 1)
        if lease is not None and self._cluster is not None:
            with suppress(StoreAwayError):
                self._cluster.give_back(lease)

    def forked(self) -> None:
        """In a child after fork: what the parent has under way holds no place here."""
        self._lock = threading.Lock()
        self.in_use = 0
        if self._adaptive is not None:
            self._adaptive.forked()

    def _give_back(self) -> None:
        with self._lock:
            self.in_use -= 1

    def _full(self, how_many: str) -> BulkheadFull:
        detail = f"The service {self.service!r} is busy with {how_many}; it was not called."
        return BulkheadFull(detail, service=self.service, retry_after=1.0)
