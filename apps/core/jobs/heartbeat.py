"""The sign of life of a running job, on a thread and a database connection of its own.

The job's work happens in one transaction, so nobody would see its progress before its end, and a long statement would
keep its lease from being renewed. The heartbeat's short transactions have nothing to do with that one.
"""

from __future__ import annotations

import threading
from contextvars import copy_context
from types import TracebackType
from typing import Self

import structlog
from django.db import Error as DatabaseError
from django.db import connection

from apps.core import clock
from apps.core.jobs.models import Job
from apps.core.jobs.rows import LEASE, as_read

log = structlog.get_logger("podium.job")

LOOK_EVERY = 0.5  # seconds until news of progress are written
BEAT_EVERY = 3.0  # seconds until the lease is renewed without any


class Heartbeat:
    """Writes a job's progress, renews its lease, and learns whether it is to stop.

    Within `with`, a thread calls `beat()`. `lost` and `cancelled` are only ever set, never taken back; `total` is the
    last one told, whether or not it was written.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.lost = False
        self.cancelled = False
        self.total: object = None
        self._news: dict[str, object] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        # A copy of the context, so that the thread's log lines carry the job's ids.
        self._thread = threading.Thread(target=copy_context().run, args=(self._run,), daemon=True)

    def tell(self, **news: object) -> None:
        """Leave news (`progress`, `total`, `message`) for the next beat: costs nothing, newer ones win."""
        with self._lock:
            self._news |= news
            self.total = news.get("total", self.total)

    def beat(self) -> None:
        """Renew the lease, write the news, and look whether somebody has cancelled."""
        with self._lock:
            news, self._news = self._news, {}
        rows = as_read(self.job)
        if not rows.update(lease_until=clock.now() + LEASE, **news):
            self.lost = True
            return
        self.cancelled = bool(rows.values_list("cancel_requested", flat=True).first())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        last = clock.monotonic()
        try:
            while not self._stopped.wait(LOOK_EVERY) and not self.lost:
                if self._news or clock.monotonic() - last >= BEAT_EVERY:
                    self._try_to_beat()
                    last = clock.monotonic()
        finally:
            connection.close()

    def _try_to_beat(self) -> None:
        """A database that does not answer now may do so next time; the lease has room for several beats."""
        try:
            self.beat()
        except DatabaseError as error:
            connection.close()
            log.warning("heartbeat failed", job_id=str(self.job.pk), error_type=type(error).__name__)
