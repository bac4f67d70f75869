"""What workers do for notifications."""

from __future__ import annotations

import multiprocessing

from celery import shared_task
from celery.signals import worker_shutting_down

from apps.core.correlation.celery import QuietTask
from apps.notifications.services.webhooks.retention import forget_old
from apps.notifications.services.webhooks.sending import send_due

# Made before the worker forks, so that its processes learn that it was told to stop.
_stopping = multiprocessing.get_context("fork").Event()


@worker_shutting_down.connect(weak=False, dispatch_uid="webhooks-drain")
def _drain(**_kwargs: object) -> None:
    _stopping.set()


@shared_task(name="notifications.send_webhooks", base=QuietTask, ignore_result=True)
def send_webhooks() -> int:
    """Send every webhook that is due."""
    return send_due(is_stopping=_stopping.is_set)


@shared_task(name="notifications.forget_old_webhooks", base=QuietTask, ignore_result=True)
def forget_old_webhooks() -> dict[str, int]:
    """Remove attempts and payloads that were kept long enough."""
    return forget_old()
