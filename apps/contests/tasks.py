"""What workers do for contests."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from apps.contests.services.imports import csv_uploads, uploads
from apps.contests.services.totals import refresh_stale_totals
from apps.core.correlation.celery import QuietTask
from apps.core.jobs.running import run_job


@shared_task(name=uploads.TASK)
def import_isu(job_id: str) -> str:
    """Do the import of competitions that somebody has uploaded."""
    return run_job(job_id=UUID(job_id), work=uploads.run_import)


@shared_task(name=csv_uploads.TASK)
def import_csv(job_id: str) -> str:
    """Do the import of contestants, judges or marks that somebody has uploaded."""
    return run_job(job_id=UUID(job_id), work=csv_uploads.run_csv_import)


@shared_task(name="contests.refresh_totals", ignore_result=True, base=QuietTask)
def refresh_totals() -> dict[str, int]:
    """Do what readers of boards would otherwise do first; beat asks for it."""
    return refresh_stale_totals()
