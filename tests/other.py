"""Somebody else who works on the database while a test does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection

from apps.core.tenancy import platform_scope

DEADLINE = 20.0


class Other:
    """Somebody else, on a connection of their own."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(1)
        self.pid: int = self.do(self._pid).result(DEADLINE)

    @staticmethod
    def _pid() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        return int(pid)

    def do(self, work: Callable[[], Any]) -> Future[Any]:
        def scoped() -> Any:
            with platform_scope("somebody else"):
                return work()

        return self.pool.submit(scoped)

    def wait_until_it_waits(self) -> None:
        """Until it waits for a lock of ours."""
        until = time.monotonic() + DEADLINE
        while time.monotonic() < until:
            with connection.cursor() as cursor:
                cursor.execute("SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s", [self.pid])
                if cursor.fetchone() == ("Lock",):
                    return
            threading.Event().wait(0.005)
        raise AssertionError("it did not wait for us")

    def leave(self) -> None:
        self.pool.submit(lambda: connection.close()).result(DEADLINE)  # noqa: PLW0108 - its connection, not ours
        self.pool.shutdown()


@contextmanager
def somebody_else() -> Iterator[Other]:
    """Somebody who leaves at the end."""
    somebody = Other()
    try:
        yield somebody
    finally:
        somebody.leave()
