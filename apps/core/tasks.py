"""The platform's own tasks."""

from __future__ import annotations

from celery import shared_task

from apps.core.correlation.celery import QuietTask
from apps.core.jobs.services import sweep_jobs


@shared_task(name="core.sweep_jobs", ignore_result=True, base=QuietTask)
def sweep() -> dict[str, int]:
    """Take up what killed workers left behind; beat asks for it every few seconds."""
    return sweep_jobs()
