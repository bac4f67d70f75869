"""The platform's own tasks."""

from __future__ import annotations

from celery import shared_task

from apps.core.correlation.celery import QuietTask
from apps.core.deadletters.services import remove_old_failures
from apps.core.erasure import tasks as erasure
from apps.core.idempotency.services import forget_old_keys
from apps.core.jobs.services import sweep_jobs
from apps.core.softdelete import tasks as retention

__all__ = ["erasure", "retention", "sweep"]


@shared_task(name="core.remove_old_failures", ignore_result=True, base=QuietTask)
def forget_failures() -> int:
    """Forget failed tasks that nobody will ask for any more."""
    return remove_old_failures()


@shared_task(name="core.forget_idempotency_keys", ignore_result=True, base=QuietTask)
def forget_keys() -> int:
    """Forget the keys of requests that nobody sends again any more."""
    return forget_old_keys()


@shared_task(name="core.sweep_jobs", ignore_result=True, base=QuietTask)
def sweep() -> dict[str, int]:
    """Take up what killed workers left behind; beat asks for it every few seconds."""
    return sweep_jobs()
