"""Gauges that are read from the tables when somebody scrapes."""

from __future__ import annotations

import structlog
from django.db import Error as DatabaseError
from prometheus_client import Gauge

from apps.core.deadletters.models import FailedTask
from apps.messaging.metrics import look_at_outbox

log = structlog.get_logger("podium.metrics")

FAILED_TASKS = Gauge(
    "tasks_dead_letters", "Tasks that failed for good, until they are sent again.", multiprocess_mode="mostrecent"
)


def look_at_tables() -> None:
    """Bring the gauges up to date; without the database they stay as they were."""
    try:
        look_at_outbox()
        FAILED_TASKS.set(FailedTask.objects.filter(replayed_at=None).count())
    except DatabaseError as error:
        log.warning("gauges not read", error_type=type(error).__name__)
