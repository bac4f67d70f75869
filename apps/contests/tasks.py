"""What workers do for contests."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from apps.contests.services.imports.uploads import TASK, run_import
from apps.core.jobs.running import run_job


@shared_task(name=TASK)
def import_isu(job_id: str) -> str:
    """Do the import that somebody has uploaded."""
    return run_job(job_id=UUID(job_id), work=run_import)
