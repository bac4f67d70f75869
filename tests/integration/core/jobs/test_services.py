"""Jobs from outside: made, cancelled, swept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from apps.core import clock
from apps.core.correlation.context import correlated, new_correlation, set_actor
from apps.core.ids import new_id
from apps.core.jobs.errors import JobFinished
from apps.core.jobs.hooks import job_finished
from apps.core.jobs.models import Job, JobState
from apps.core.jobs.rows import LEASE, RESEND_AFTER, claim_job, end_job
from apps.core.jobs.services import request_cancel, sweep_jobs
from tests.conftest import FakeClock
from tests.integration.core.jobs.conftest import NewJob

pytestmark = pytest.mark.django_db(transaction=True)

Sent = list[dict[str, Any]]


def fresh(job: Job) -> Job:
    return Job.of_all_organizations.get(pk=job.pk)


def test_a_job_is_sent_once_its_transaction_has_committed(new_job: NewJob, sent: Sent) -> None:
    with transaction.atomic():
        job = new_job(queue="datasets")
        before = list(sent)

    assert before == []
    assert [(message["task"], message["args"], message["queue"]) for message in sent] == [
        ("tests.count", [str(job.pk)], "datasets")
    ]


def test_a_job_that_is_rolled_back_is_never_sent(new_job: NewJob, sent: Sent) -> None:
    def make_and_fail() -> None:
        with transaction.atomic():
            new_job()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        make_and_fail()

    assert sent == []
    assert Job.of_all_organizations.count() == 0


def test_a_job_carries_the_ids_and_the_person_of_its_request(new_job: NewJob, sent: Sent) -> None:
    person = new_id()
    with correlated(new_correlation(correlation_id="story-7")):
        set_actor(person)
        job = new_job()

    assert (job.correlation_id, job.created_by) == ("story-7", person)
    assert sent[0]["headers"]["podium"] == {
        "correlation_id": "story-7",
        "actor_id": str(person),
        "organization_id": str(job.organization_id),
    }


def test_only_one_worker_gets_a_job(new_job: NewJob) -> None:
    job = new_job()

    first, second = claim_job(job.pk), claim_job(job.pk)

    assert (first and first.attempts, second) == (1, None)


def test_a_job_without_a_sign_of_life_is_another_workers(new_job: NewJob, fake_clock: FakeClock) -> None:
    job = new_job()
    first = claim_job(job.pk)
    fake_clock.advance(LEASE.total_seconds())

    second = claim_job(job.pk)

    assert (first and first.attempts, second and second.attempts) == (1, 2)
    assert first is not None
    assert end_job(first, JobState.SUCCEEDED) is False
    assert fresh(job).state == JobState.RUNNING


def test_the_sweeper_leaves_held_jobs_alone(new_job: NewJob, sent: Sent, fake_clock: FakeClock) -> None:
    claim_job(new_job().pk)
    sent.clear()
    fake_clock.advance(LEASE.total_seconds() - 1)

    assert sweep_jobs() == {"sent": 0, "given_up": 0, "cancelled": 0}
    assert sent == []


def test_the_sweeper_sends_a_killed_workers_job_again_under_its_own_ids(
    new_job: NewJob, sent: Sent, fake_clock: FakeClock
) -> None:
    with correlated(new_correlation(correlation_id="story-8")):
        job = new_job()
    claim_job(job.pk)
    sent.clear()
    fake_clock.advance(LEASE.total_seconds())

    assert sweep_jobs() == {"sent": 1, "given_up": 0, "cancelled": 0}
    assert [message["args"] for message in sent] == [[str(job.pk)]]
    assert sent[0]["headers"]["podium"] == {
        "correlation_id": "story-8",
        "organization_id": str(job.organization_id),
    }
    assert fresh(job).state == JobState.QUEUED


def test_the_sweeper_sends_what_the_broker_forgot_at_growing_intervals(
    new_job: NewJob, sent: Sent, fake_clock: FakeClock
) -> None:
    new_job()
    sent.clear()
    sent_after = []
    for second in range(1, 300):
        fake_clock.advance(1)
        if sweep_jobs()["sent"]:
            sent_after.append(second)

    first = int(RESEND_AFTER.total_seconds())
    assert sent_after == [first, first * 2, first * 4, first * 8]


def test_the_sweeper_fails_a_job_after_its_last_attempt(new_job: NewJob, sent: Sent, fake_clock: FakeClock) -> None:
    job = new_job(max_attempts=2)
    for _ in range(2):
        claim_job(job.pk)
        fake_clock.advance(LEASE.total_seconds())
    sent.clear()

    assert sweep_jobs() == {"sent": 0, "given_up": 1, "cancelled": 0}
    ended = fresh(job)
    assert (ended.state, ended.problem["code"], ended.finished_at) == (
        JobState.FAILED,
        "JOB_ABANDONED",
        clock.now(),
    )
    assert sent == []
    assert claim_job(job.pk) is None


def test_a_waiting_job_is_cancelled_at_once(new_job: NewJob) -> None:
    job = new_job()

    assert request_cancel(job_id=job.pk).state == JobState.CANCELLED
    assert request_cancel(job_id=job.pk).state == JobState.CANCELLED
    assert claim_job(job.pk) is None


def test_a_running_job_is_asked_to_stop_and_swept_as_cancelled(new_job: NewJob, fake_clock: FakeClock) -> None:
    job = new_job()
    claim_job(job.pk)

    asked = request_cancel(job_id=job.pk)
    fake_clock.advance(LEASE.total_seconds())
    swept = sweep_jobs()

    assert (asked.state, asked.cancel_requested) == (JobState.RUNNING, True)
    assert swept == {"sent": 0, "given_up": 0, "cancelled": 1}
    assert fresh(job).state == JobState.CANCELLED


def test_a_finished_job_cannot_be_cancelled(new_job: NewJob) -> None:
    job = claim_job(new_job().pk)
    assert job is not None
    end_job(job, JobState.SUCCEEDED)

    with pytest.raises(JobFinished):
        request_cancel(job_id=job.pk)


def test_whoever_asked_is_told_of_the_end_once(new_job: NewJob, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[object, str]] = []
    monkeypatch.setattr(job_finished, "_functions", [lambda job: told.append((job.pk, job.state))])
    job = claim_job(new_job().pk)
    assert job is not None

    assert [end_job(job, JobState.FAILED), end_job(job, JobState.SUCCEEDED)] == [True, False]
    assert told == [(job.pk, JobState.FAILED)]


def test_an_old_job_waits_longer_before_it_is_sent_again(new_job: NewJob, fake_clock: FakeClock) -> None:
    job = new_job()
    fake_clock.advance(3600)
    sweep_jobs()

    assert fresh(job).lease_until == clock.now() + timedelta(hours=1)
