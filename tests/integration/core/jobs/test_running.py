"""A job inside its worker: one transaction, one end, one worker."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError

from apps.accounts.models import Organization
from apps.core import clock
from apps.core.correlation.context import correlated, current_correlation_id, new_correlation
from apps.core.errors import FieldError, Invalid, PodiumError, Unavailable
from apps.core.jobs import heartbeat
from apps.core.jobs.models import Job, JobState
from apps.core.jobs.rows import LEASE, claim_job
from apps.core.jobs.running import JobRun, run_job
from apps.core.jobs.services import request_cancel, sweep_jobs
from apps.core.tenancy import current_organization_id
from tests.conftest import FakeClock
from tests.integration.core.jobs.conftest import NewJob

pytestmark = pytest.mark.django_db(transaction=True)

Sent = list[dict[str, Any]]
LIMIT = 10.0


def fresh(job: Job) -> Job:
    return Job.of_all_organizations.get(pk=job.pk)


def leave_a_mark() -> None:
    """What a job's work writes, here a row that anybody can count."""
    Organization.objects.create(name="Made by a job", slug="made-by-a-job")


def marks_left() -> int:
    return Organization.objects.filter(slug="made-by-a-job").count()


def raising(error: Exception) -> Callable[[JobRun], Mapping[str, object]]:
    def work(_run: JobRun) -> Mapping[str, object]:
        leave_a_mark()
        raise error

    return work


def test_a_job_ends_with_its_work(new_job: NewJob) -> None:
    job = new_job()

    def work(_run: JobRun) -> Mapping[str, object]:
        leave_a_mark()
        return {"counted": 10, "mean": Decimal("2.50")}

    assert run_job(job_id=job.pk, work=work) == "succeeded"
    ended = fresh(job)
    assert (ended.state, ended.result, ended.attempts) == (
        JobState.SUCCEEDED,
        {"counted": 10, "mean": "2.50"},
        1,
    )
    assert (marks_left(), ended.lease_until) == (1, None)
    assert run_job(job_id=job.pk, work=work) == "held"


def test_the_work_runs_under_the_ids_and_the_organization_of_the_request(new_job: NewJob) -> None:
    with correlated(new_correlation(correlation_id="story-9")):
        job = new_job()
    seen: list[object] = []

    def work(_run: JobRun) -> Mapping[str, object]:
        seen.extend([current_correlation_id(), current_organization_id()])
        return {}

    run_job(job_id=job.pk, work=work)

    assert seen == ["story-9", job.organization_id]


def test_progress_is_seen_while_the_transaction_of_the_work_is_open(
    new_job: NewJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "LOOK_EVERY", 0.01)
    job, seen = new_job(), threading.Event()

    def look() -> None:
        deadline = clock.monotonic() + LIMIT
        while clock.monotonic() < deadline and not seen.is_set():
            row = fresh(job)
            if (row.progress, row.total, row.message, marks_left()) == (3, 10, "three", 0):
                seen.set()
        heartbeat.connection.close()

    def work(run: JobRun) -> Mapping[str, object]:
        leave_a_mark()
        run.report(3, total=10, message="three")
        watcher = threading.Thread(target=look)
        watcher.start()
        watcher.join(LIMIT)
        return {}

    run_job(job_id=job.pk, work=work)

    assert seen.is_set()
    assert (fresh(job).progress, fresh(job).percent, marks_left()) == (10, 100, 1)


def test_a_refused_job_keeps_the_problem_and_nothing_of_its_work(new_job: NewJob) -> None:
    job = new_job()
    error = Invalid("Bad rows.", errors=[FieldError("#/rows/2/score", "OUT_OF_SCALE", "Too high.")])

    assert run_job(job_id=job.pk, work=raising(error)) == "failed"
    problem = fresh(job).problem
    assert (problem["status"], problem["code"], problem["correlation_id"]) == (
        422,
        "INVALID",
        job.correlation_id,
    )
    assert problem["errors"] == [{"pointer": "#/rows/2/score", "code": "OUT_OF_SCALE", "detail": "Too high."}]
    assert marks_left() == 0


def test_what_nobody_foresaw_says_nothing_of_its_insides(new_job: NewJob) -> None:
    job = new_job()

    assert run_job(job_id=job.pk, work=raising(ZeroDivisionError("secret"))) == "failed"
    assert fresh(job).problem["code"] == "INTERNAL_ERROR"
    assert "secret" not in str(fresh(job).problem)


def test_a_job_that_takes_too_long_says_so(new_job: NewJob) -> None:
    job = new_job()

    assert run_job(job_id=job.pk, work=raising(SoftTimeLimitExceeded())) == "failed"
    assert fresh(job).problem["code"] == "JOB_TIMEOUT"


@pytest.mark.parametrize("error", [Unavailable("Storage is away."), OperationalError("gone")])
def test_a_job_whose_service_is_away_is_tried_again_and_then_fails(
    new_job: NewJob, sent: Sent, error: PodiumError | OperationalError
) -> None:
    job = new_job(max_attempts=2)
    sent.clear()

    first = run_job(job_id=job.pk, work=raising(error))
    waits = [message["countdown"] for message in sent]
    second = run_job(job_id=job.pk, work=raising(error))

    assert (first, waits, second) == ("queued", [10.0], "failed")
    assert marks_left() == 0


def test_being_told_to_wait_costs_no_attempt(new_job: NewJob, sent: Sent, fake_clock: FakeClock) -> None:
    job = new_job(max_attempts=1)
    sent.clear()
    error = Unavailable("The circuit is open.", retry_after=42)

    assert [run_job(job_id=job.pk, work=raising(error)) for _ in range(3)] == ["queued"] * 3
    assert [message["countdown"] for message in sent] == [42.0] * 3
    fake_clock.advance(timedelta(days=1).total_seconds())
    assert run_job(job_id=job.pk, work=raising(error)) == "failed"


def test_a_worker_without_its_lease_commits_nothing(new_job: NewJob, fake_clock: FakeClock) -> None:
    job = new_job()

    def work_too_slowly(_run: JobRun) -> Mapping[str, object]:
        leave_a_mark()
        fake_clock.advance(LEASE.total_seconds())
        in_another_connection(sweep_jobs)
        in_another_connection(lambda: claim_job(job.pk))
        return {"counted": 10}

    assert run_job(job_id=job.pk, work=work_too_slowly) == "lost"
    assert marks_left() == 0
    assert (fresh(job).state, fresh(job).attempts, fresh(job).result) == (JobState.RUNNING, 2, None)


def test_a_cancelled_job_stops_at_its_next_report(new_job: NewJob) -> None:
    job = new_job()

    def work(run: JobRun) -> Mapping[str, object]:
        leave_a_mark()
        in_another_connection(lambda: request_cancel(job_id=job.pk))
        in_another_connection(run.heartbeat.beat)
        run.report(5, total=10, message="half")
        return {}

    assert run_job(job_id=job.pk, work=work) == "cancelled"
    assert (fresh(job).state, marks_left()) == (JobState.CANCELLED, 0)


def test_a_lost_lease_is_noticed_at_the_next_report(new_job: NewJob, fake_clock: FakeClock) -> None:
    job = new_job()
    reached: list[str] = []

    def work(run: JobRun) -> Mapping[str, object]:
        fake_clock.advance(LEASE.total_seconds())
        in_another_connection(lambda: claim_job(job.pk))
        in_another_connection(run.heartbeat.beat)
        run.report(5, total=10, message="half")
        reached.append("past the report")
        return {}

    assert run_job(job_id=job.pk, work=work) == "lost"
    assert reached == []


def in_another_connection(action: Callable[[], object]) -> None:
    """Do it as another process would, outside the transaction of the work."""

    def run() -> None:
        try:
            action()
        finally:
            heartbeat.connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(LIMIT)
    assert not thread.is_alive()
