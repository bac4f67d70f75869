"""A job inside its worker: claimed, done in one transaction, and ended in that same transaction.

A task gets the job's id and says `return run_job(job_id=UUID(job_id), work=...)`, nothing more.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import F

from apps.core import clock
from apps.core.errors import PodiumError, RetryableError
from apps.core.jobs.errors import JobCancelled, JobTookTooLong, LeaseLost
from apps.core.jobs.heartbeat import Heartbeat
from apps.core.jobs.models import Job, JobState
from apps.core.jobs.rows import claim_job, end_job, job_context, queue_again
from apps.core.rest.constraints import explain_violation
from apps.core.rest.problems import internal_problem, problem_of

log = structlog.get_logger("podium.job")

# Between attempts when nobody has said how long to wait; doubled at each.
WAIT = timedelta(seconds=5)
IDLE_AT_MOST = "5min"  # between two statements of the work
# A job that is told to wait (an open circuit) does so without spending attempts, for no longer than this.
WAITS_AT_MOST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class JobRun:
    """What the work of a job is given: the job as it was claimed, and a way to say how far it is."""

    job: Job
    heartbeat: Heartbeat

    def report(self, progress: int, *, total: int, message: str) -> None:
        """Say how far the work is. It is cheap: call it often, since it is where the work learns to stop.

        Raises:
            JobCancelled: somebody asked for that.
            LeaseLost: the job was taken for abandoned, and is another worker's.
        """
        self.heartbeat.tell(progress=progress, total=total, message=message[:300])
        if self.heartbeat.lost:
            raise LeaseLost
        if self.heartbeat.cancelled:
            raise JobCancelled


Work = Callable[[JobRun], Mapping[str, object]]


def run_job(*, job_id: UUID, work: Work) -> str:
    """Do the job's work, unless another worker has it or it has ended.

    The work runs in one transaction. The job's end is recorded in the same one, by an `UPDATE` that names the
    attempt: what a worker without its lease has done can't be committed, and what is committed is never done again.

    Args:
        work: gets a `JobRun` and returns the job's result, JSON values only.

    Returns:
        the state that the job is in as far as this worker knows; `held` or `lost` where it is another's.
    """
    job = claim_job(job_id)
    if job is None:
        log.info("job not taken", job_id=str(job_id))
        return "held"
    with job_context(job):
        log.info("job started", job_id=str(job.pk), kind=job.kind, attempt=job.attempts)
        outcome = _attempt(job, work)
        log.info("job left", job_id=str(job.pk), kind=job.kind, attempt=job.attempts, outcome=outcome)
    return outcome


def _attempt(job: Job, work: Work) -> str:
    try:
        with transaction.atomic():
            _limit_idleness()
            with Heartbeat(job) as heartbeat:
                result = work(JobRun(job, heartbeat))
            # The heartbeat has ended: nothing else writes the row, and the fence below holds it until the commit.
            _succeed(job, result, heartbeat.total)
    except LeaseLost:
        return "lost"
    except JobCancelled:
        return _end(job, JobState.CANCELLED)
    except SoftTimeLimitExceeded:
        error = JobTookTooLong("The work was stopped at the worker's time limit. Nothing of it was kept.")
        return _end(job, JobState.FAILED, problem=problem_of(error))
    except (RetryableError, OperationalError, InterfaceError) as error:
        return _retry_or_fail(job, error)
    except Exception as error:  # noqa: BLE001 - whatever happens in the work, the job's row must tell
        return _fail(job, error)
    return JobState.SUCCEEDED.value


def _limit_idleness() -> None:
    """Have the database end this transaction if its worker freezes: whoever does the job next may need its locks."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('idle_in_transaction_session_timeout', %s, true)", [IDLE_AT_MOST])


def _succeed(job: Job, result: Mapping[str, object], total: object) -> None:
    values = {"result": _plain(result), "problem": None, "message": "", "total": total, "progress": total or 0}
    if not end_job(job, JobState.SUCCEEDED, **values):
        raise LeaseLost


def _end(job: Job, state: JobState, **values: object) -> str:
    with transaction.atomic():
        return state.value if end_job(job, state, **values) else "lost"


def _fail(job: Job, error: Exception) -> str:
    if isinstance(error, IntegrityError):
        error = explain_violation(error) or error
    if isinstance(error, PodiumError):
        log.warning("job failed", job_id=str(job.pk), code=error.code)
        return _end(job, JobState.FAILED, problem=_plain(problem_of(error)))
    log.error("job failed", job_id=str(job.pk), error_type=type(error).__name__, exc_info=error)
    return _end(job, JobState.FAILED, problem=internal_problem(None))


def _retry_or_fail(job: Job, error: Exception) -> str:
    """Queue the job again, for as long as it may be tried."""
    asked_to_wait: float | None = getattr(error, "retry_after", None)
    is_young = clock.now() - job.created_at < WAITS_AT_MOST
    if asked_to_wait is not None and is_young:
        again, more = timedelta(seconds=asked_to_wait), 1
    elif job.attempts < job.max_attempts:
        again, more = WAIT * 2**job.attempts, 0
    else:
        return _fail(job, error)
    log.warning("job waits", job_id=str(job.pk), error_type=type(error).__name__, seconds=again.total_seconds())
    with transaction.atomic():
        message = "Waiting for a service that it needs."
        queued = queue_again(job, wait=again, message=message, max_attempts=F("max_attempts") + more)
    return JobState.QUEUED.value if queued else "lost"


def _plain(value: Mapping[str, object]) -> Any:
    """Decimals, ids and times as the strings that the API shows."""
    return json.loads(json.dumps(dict(value), cls=DjangoJSONEncoder))
