"""What workers do for notifications."""

from __future__ import annotations

import mmap

from celery import shared_task
from celery.signals import worker_shutting_down

from apps.core.correlation.celery import QuietTask
from apps.notifications.services.webhooks.retention import forget_old
from apps.notifications.services.webhooks.sending import send_due

# One byte that the worker shares with the processes it forks: they are not told that it was told to stop. No lock, so
# that a process that was killed can't leave one behind.
_stopping = mmap.mmap(-1, 1)


@worker_shutting_down.connect(weak=False, dispatch_uid="webhooks-drain")
def _drain(**_kwargs: object) -> None:
    _stopping[0] = 1


def _is_stopping() -> bool:
    return _stopping[0] == 1


@shared_task(name="notifications.send_webhooks", base=QuietTask, ignore_result=True)
def send_webhooks() -> int:
    """Send every webhook that is due."""
    return send_due(is_stopping=_is_stopping)


@shared_task(name="notifications.forget_old_webhooks", base=QuietTask, ignore_result=True)
def forget_old_webhooks() -> dict[str, int]:
    """Remove attempts and payloads that were kept long enough."""
    return forget_old()
