"""The platform's own tasks."""

from __future__ import annotations

from celery import shared_task

from apps.core.correlation.celery import QuietTask
from apps.core.erasure import tasks as erasure
from apps.core.jobs.services import sweep_jobs
from apps.core.softdelete import tasks as retention

__all__ = ["erasure", "retention", "sweep"]


@shared_task(name="core.sweep_jobs", ignore_result=True, base=QuietTask)
def sweep() -> dict[str, int]:
    """Take up what killed workers left behind; beat asks for it every few seconds."""
    return sweep_jobs()
