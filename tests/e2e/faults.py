"""Ways in which the services of a test go away, and come back."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psycopg
import redis

from config.local_services import LocalServices, Services
from config.local_services.postgres import Postgres
from config.local_services.processes import Signature, is_running
from config.local_services.valkey import Valkey
from tests.e2e.stack import wait_until

LIMIT = 60.0


def crash_postgres(local: LocalServices, services: Services) -> Services:
    """PostgreSQL ends without a checkpoint, as by a failure, and recovers."""
    with psycopg.connect(services.database_url) as connection:
        backend = connection.info.backend_pid
        postmaster = int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(postmaster, signal.SIGQUIT)
    _wait_for_end(Postgres.signature(local._marker), "the end of PostgreSQL")
    return local.start(postgres=bool(services.database_url), valkey=bool(services.redis_url))


def lose_valkey(local: LocalServices, services: Services) -> Services:
    """Valkey ends, and the one that comes back knows nothing: no queue, no circuit, no task under way."""
    with redis.Redis.from_url(services.redis_url) as connection:
        connection.flushall()
        connection.shutdown(nosave=True)
    _wait_for_end(Valkey.signature(local._marker), "the end of Valkey")
    return local.start()


def _wait_for_end(servers: Signature, what: str) -> None:
    wait_until(lambda: not is_running(servers), limit=LIMIT, what=what)
