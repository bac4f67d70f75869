"""Erasure at work. Imported by `apps.core.tasks`, where Celery looks."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from celery import shared_task

from apps.core.erasure.services import erase_person
from apps.core.jobs.running import JobRun, run_job


@shared_task(name="core.erase_person", ignore_result=True)
def erase(job_id: str) -> str:
    """Erase the person whom the job names."""
    return run_job(job_id=UUID(job_id), work=_work)


def _work(run: JobRun) -> Mapping[str, object]:
    return erase_person(user_id=UUID(run.job.parameters["user_id"]))
