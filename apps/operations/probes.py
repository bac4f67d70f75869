"""What `/health/ready` looks at. Without the database or its tables nothing can be served.

With Valkey, the broker or the file storage away, Podium goes on: limits and circuits are kept per process, tasks wait
in their rows for the sweeper, uploads are refused. Taking web processes out of rotation would make an outage of it.
"""

from __future__ import annotations

from functools import lru_cache

from celery import current_app
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.messaging.selectors import outbox_figures
from apps.operations.health import Probe, ProbeFailed, Prober

PROBE_FILE = "health/probe"


def check_database() -> None:
    """A connection can be had, and a statement is answered."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()  # this thread's own: back to the pool, or closed


def check_migrations() -> None:
    """The tables are those of this code."""
    try:
        applied = MigrationRecorder(connection).applied_migrations()
    finally:
        connection.close()
    missing = len(_migrations_of_this_code() - applied.keys())
    if missing:
        raise ProbeFailed(f"migrations to apply: {missing}")


@lru_cache(maxsize=1)
def _migrations_of_this_code() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)


def check_cache() -> None:
    """Valkey answers."""
    if settings.LIMITS_URL.startswith("memory:"):
        raise ProbeFailed("none is configured; each process counts for itself")
    with _valkey(settings.LIMITS_URL) as client:
        client.ping()


def _valkey(url: str) -> Redis:
    # redis-py's own retries would multiply the limit.
    return Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0))


def check_broker() -> None:
    """The task queue takes a connection. With Valkey or Redis as broker, connecting pings it."""
    with current_app.connection_for_write(connect_timeout=1) as broker:
        broker.connect()


def check_storage() -> None:
    """Files can be found, and at first written."""
    if not default_storage.exists(PROBE_FILE):
        default_storage.save(PROBE_FILE, ContentFile(b"ok"))


def check_outbox() -> None:
    """Messages leave: no relay, or a consumer that refuses everything, shows in the age of the oldest."""
    try:
        figures = outbox_figures()
    finally:
        connection.close()
    if figures.oldest_seconds > settings.OUTBOX_STUCK_AFTER.total_seconds():
        raise ProbeFailed(f"{figures.waiting} messages wait, the oldest for {figures.oldest_seconds:.0f} s")


@lru_cache(maxsize=1)
def prober() -> Prober:
    """The process's prober; made at the first question, since threads don't survive a fork."""
    return Prober(
        [
            Probe("database", check_database, limit=1.0, vital=True),
            Probe("migrations", check_migrations, limit=1.0, vital=True),
            Probe("cache", check_cache, limit=0.5),
            Probe("broker", check_broker, limit=1.0),
            Probe("outbox", check_outbox, limit=1.0),
            Probe("storage", check_storage, limit=1.5),
        ]
    )
