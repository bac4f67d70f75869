"""A job's row, changed only by conditional `UPDATE`s: who finds no row has come too late.

`attempts` is the fence. It counts up with every claim, so that a worker which was given up for dead, and comes back,
matches nothing any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from apps.core import clock
from apps.core.correlation.context import Correlation, correlated
from apps.core.ids import new_id
from apps.core.jobs.hooks import job_finished
from apps.core.jobs.models import UNFINISHED, Job, JobState
from apps.core.queue import enqueue_on_commit
from apps.core.tenancy import organization_scope, platform_scope

# How long a worker keeps a job without a sign of life: what a killed worker held is taken up again after it.
LEASE = timedelta(seconds=30)
# A queued job that no worker has taken up for so long is sent again: the broker may have lost it.
RESEND_AFTER = timedelta(seconds=30)


def claim_job(job_id: UUID) -> Job | None:
    """Take up a job for one `LEASE`; None when it is held, has ended, or has had all its attempts."""
    now = clock.now()
    free = Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, lease_until__lte=now)
    claimed = Job.of_all_organizations.filter(free, pk=job_id, attempts__lt=F("max_attempts")).update(
        state=JobState.RUNNING,
        attempts=F("attempts") + 1,
        lease_until=now + LEASE,
        started_at=Coalesce("started_at", now),
        progress=0,
        total=None,
        message="",
    )
    return Job.of_all_organizations.get(pk=job_id) if claimed else None


def as_read(job: Job) -> QuerySet[Job]:
    """The job's row, if it has not ended and is still in the state and attempt that `job` was read in."""
    unfinished = Job.of_all_organizations.filter(state__in=UNFINISHED)
    return unfinished.filter(pk=job.pk, state=job.state, attempts=job.attempts)


def end_job(job: Job, state: JobState, **values: object) -> bool:
    """Give the job its last state, and tell; False where it has gone on since `job` was read."""
    if not as_read(job).update(state=state, finished_at=clock.now(), lease_until=None, **values):
        return False
    job.refresh_from_db()
    job_finished(job)
    return True


def queue_again(job: Job, *, wait: timedelta = timedelta(0), **values: object) -> bool:
    """Put the job back in its queue, for in `wait`; False where it has gone on since `job` was read.

    The longer it has been there, the longer until it is sent once more: a long queue is not a lost message.
    """
    now = clock.now()
    patience = max(RESEND_AFTER, now - job.created_at)
    if not as_read(job).update(state=JobState.QUEUED, lease_until=now + wait + patience, **values):
        return False
    send(job, wait=wait)
    return True


def send(job: Job, *, wait: timedelta = timedelta(0)) -> None:
    """Name the job to a worker once the transaction has committed."""
    with job_context(job):
        enqueue_on_commit(job.task, str(job.pk), queue=job.queue, countdown=wait.total_seconds() or None)


@contextmanager
def job_context(job: Job) -> Iterator[None]:
    """The ids, the person and the organization of the request that made the job."""
    correlation = Correlation(str(new_id()), job.correlation_id, actor_id=job.created_by)
    scope = organization_scope(job.organization_id) if job.organization_id else platform_scope(f"job {job.kind}")
    with correlated(correlation), scope:
        yield
