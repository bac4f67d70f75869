"""What workers do for notifications."""

from __future__ import annotations

import mmap

from celery import shared_task
from celery.signals import worker_shutting_down

from apps.core.correlation.celery import QuietTask
from apps.core.tenancy import platform_scope
from apps.notifications.services.email.purges import warn_of_purges
from apps.notifications.services.email.retention import forget_old_mail
from apps.notifications.services.email.sending import send_due_mail
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


@shared_task(name="notifications.send_mail", base=QuietTask, ignore_result=True)
def send_mail() -> int:
    """Send every mail that is due."""
    return send_due_mail(is_stopping=_is_stopping)


@shared_task(name="notifications.forget_old_mail", base=QuietTask, ignore_result=True)
def forget_mail() -> dict[str, int]:
    """Remove mails that were kept long enough."""
    return forget_old_mail()


@shared_task(name="notifications.warn_of_purges", base=QuietTask, ignore_result=True)
def tell_of_purges() -> int:
    """Tell of deletions that become final soon."""
    with platform_scope("the recycle bins of every organization"):
        return warn_of_purges()
