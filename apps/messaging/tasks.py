"""What beat asks of the outbox."""

from __future__ import annotations

from celery import shared_task

from apps.core.correlation.celery import QuietTask
from apps.messaging.services import remove_published


@shared_task(name="messaging.remove_published", ignore_result=True, base=QuietTask)
def remove_old_messages() -> int:
    """Remove what was published long ago."""
    return remove_published()
