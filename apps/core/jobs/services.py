"""Jobs from outside: made, cancelled, swept. What happens inside a worker is in `running`."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import structlog
from django.db import transaction

from apps.core import clock
from apps.core.correlation.context import current_actor_id, current_correlation_id, new_correlation
from apps.core.ids import new_id
from apps.core.jobs.errors import JobAbandoned, JobFinished
from apps.core.jobs.models import UNFINISHED, Job, JobState
from apps.core.jobs.rows import RESEND_AFTER, end_job, job_context, queue_again, send
from apps.core.rest.problems import problem_of

log = structlog.get_logger("podium.job")

SWEPT_AT_ONCE = 200


@transaction.atomic
def create_job(
    *,
    kind: str,
    task: str,
    label: str,
    parameters: Mapping[str, object],
    organization_id: UUID | None,
    queue: str = "default",
    max_attempts: int = 3,
    job_id: UUID | None = None,
) -> Job:
    """Record long work and, once that is committed, send it to a worker.

    Args:
        kind: what sort of work it is, for people and filters: `isu_import`.
        task: the registered name of the task that does it; it is called with the job's id alone.
        label: what people see.
        parameters: what the task needs, JSON values only.
        organization_id: the tenant that it is done for; None for the platform's own work.
        max_attempts: how many workers may take it up, one after the other, should they be killed.
        job_id: where something had to be named after the job before it was made.
    """
    now = clock.now()
    job = Job.of_all_organizations.create(
        id=job_id or new_id(),
        kind=kind,
        task=task,
        queue=queue,
        label=label[:200],
        parameters=dict(parameters),
        organization_id=organization_id,
        max_attempts=max_attempts,
        lease_until=now + RESEND_AFTER,
        correlation_id=current_correlation_id() or new_correlation().correlation_id,
        created_by=current_actor_id(),
        created_at=now,
    )
    send(job)
    return job


@transaction.atomic
def request_cancel(*, job_id: UUID) -> Job:
    """Stop a job: at once while it waits, else as soon as its worker looks up. Asking twice changes nothing.

    Raises:
        JobFinished: it has ended in another way; nothing is taken back by cancelling.
    """
    job = Job.of_all_organizations.select_for_update().get(pk=job_id)
    if job.state == JobState.QUEUED:
        end_job(job, JobState.CANCELLED, cancel_requested=True)
    elif job.state == JobState.RUNNING:
        Job.of_all_organizations.filter(pk=job_id).update(cancel_requested=True)
        job.refresh_from_db()
    elif job.state != JobState.CANCELLED:
        raise JobFinished(f"This job has {job.get_state_display().lower()} already.")
    return job


@transaction.atomic
def sweep_jobs() -> dict[str, int]:
    """Find unfinished jobs that nobody holds: send them again, or give them up after their last attempt.

    Returns:
        how many were `sent` again, `given_up` and `cancelled`.
    """
    due = list(
        Job.of_all_organizations.select_for_update(skip_locked=True)
        .filter(state__in=UNFINISHED, lease_until__lte=clock.now())
        .order_by("lease_until")[:SWEPT_AT_ONCE]
    )
    counts = {"sent": 0, "given_up": 0, "cancelled": 0}
    for job in due:
        with job_context(job):
            outcome = _sweep(job)
            log.warning("job swept", job_id=str(job.pk), kind=job.kind, outcome=outcome, attempts=job.attempts)
            counts[outcome] += 1
    return counts


def _sweep(job: Job) -> str:
    if job.cancel_requested:
        end_job(job, JobState.CANCELLED)
        return "cancelled"
    if job.attempts < job.max_attempts:
        queue_again(job)
        return "sent"
    error = JobAbandoned(
        f"{job.attempts} workers took this job up, and each went away without finishing it. Nothing of it was kept; "
        "start it again once the workers are well."
    )
    end_job(job, JobState.FAILED, problem=problem_of(error))
    return "given_up"
