"""Retention and large deletes at work. Imported by `apps.core.tasks`, where Celery looks."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from celery import shared_task

from apps.core.jobs.running import JobRun, run_job
from apps.core.softdelete.services.large import delete_by_job
from apps.core.softdelete.services.purging import purge_claimed, purge_due
from apps.core.tenancy import platform_scope


@shared_task(name="core.purge_due", ignore_result=True)
def purge_expired() -> int:
    """Purge what has expired; beat asks for it."""
    with platform_scope("retention looks at every organization"):
        return purge_due()


@shared_task(name="core.purge_deletion", ignore_result=True)
def purge_deletion(deletion_id: str) -> bool:
    """Purge one deletion that an owner has claimed."""
    with platform_scope("the deletion was claimed by its owner"):
        return purge_claimed(deletion_id=UUID(deletion_id))


@shared_task(name="core.delete_object", ignore_result=True)
def delete_large(job_id: str) -> str:
    """Delete what is too large for a request."""
    return run_job(job_id=UUID(job_id), work=_delete_large)


def _delete_large(run: JobRun) -> Mapping[str, object]:
    wanted = run.job.parameters
    total = int(wanted["rows"])
    deletion = delete_by_job(
        model=wanted["model"],
        row_id=UUID(wanted["id"]),
        reason=wanted["reason"],
        progress=lambda rows: run.report(min(rows, total), total=total, message="Deleting"),
    )
    return {"deletion": str(deletion.pk), "rows": sum(deletion.counts.values())}
