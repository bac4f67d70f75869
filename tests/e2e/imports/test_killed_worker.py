"""A worker that dies, or freezes, in the middle of an import: the job ends, and nothing is half loaded."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from celery import current_app

from apps.accounts.models import Organization
from apps.contests.models import Contest, Score
from apps.contests.services.imports.isu import read_competitions
from apps.contests.services.imports.uploads import start_import
from apps.contests.services.imports.verifying import verify_competitions
from apps.core import clock
from apps.core.correlation.context import correlated, new_correlation
from apps.core.jobs.models import Job, JobState
from apps.core.jobs.rows import LEASE
from apps.core.jobs.services import sweep_jobs
from apps.core.tenancy import organization_scope, platform_scope
from apps.events.models import Event
from tests.e2e.imports.worker import Worker, running_worker, wait_for
from tests.unit.contests.imports.small_files import TEXTS

pytestmark = pytest.mark.django_db(transaction=True)

ANSI = re.compile(r"\x1b\[[0-9;]*m")
COMPETITIONS = 60
EVERYTHING = (COMPETITIONS, COMPETITIONS, COMPETITIONS * 24)
NOTHING = (0, 0, 0)


class LaterClock(clock.SystemClock):
    """The time after a lease has run out, so that nobody has to wait for it."""

    def now(self) -> datetime:
        return super().now() + LEASE + timedelta(seconds=1)


@pytest.fixture
def organization() -> Organization:
    return Organization.objects.create(name="Skating Union", slug="skating-union")


@pytest.fixture(autouse=True)
def _files_and_an_empty_queue(media: Path) -> Iterator[None]:
    """The worker's storage is this test's, and nobody else's messages are in the queue."""
    current_app.control.purge()
    yield
    current_app.control.purge()


def files() -> dict[str, BytesIO]:
    """Many small competitions: an import of some seconds."""
    texts = {}
    for name, text in TEXTS.items():
        header, *lines = text.splitlines(keepends=True)
        copies = [_numbered(name, line, number) for number in range(COMPETITIONS) for line in lines]
        texts[name] = header + "".join(copies)
    return {name: BytesIO(text.encode()) for name, text in texts.items()}


def _numbered(file: str, line: str, number: int) -> str:
    """The line of one copy: its ids and its competition's name carry a number."""
    cells = line.split(",")
    keys = {"performances.csv": (0, 1), "judged-aspects.csv": (0, 1), "judge-scores.csv": (0,)}[file]
    return ",".join(f"{cell} {number}" if place in keys else cell for place, cell in enumerate(cells))


def sweep_after_the_lease() -> dict[str, int]:
    previous = clock.install(LaterClock())
    try:
        return sweep_jobs()
    finally:
        clock.install(previous)


def loaded() -> tuple[int, int, int]:
    with platform_scope("a test counts"):
        return Event.objects.count(), Contest.objects.count(), Score.objects.count()


def fresh(job: Job) -> Job:
    return Job.of_all_organizations.get(pk=job.pk)


def wait_until_halfway(job: Job, worker: Worker) -> None:
    def is_halfway() -> bool:
        now = fresh(job)
        assert not now.is_finished, f"the import was too quick to be killed: {now.state} {now.problem}"
        return bool(now.total) and now.progress > 0

    wait_for(is_halfway, worker, "the middle of the import")


def wait_until_ended(job: Job, worker: Worker) -> Job:
    wait_for(lambda: fresh(job).is_finished, worker, "the job's end")
    return fresh(job)


def test_an_import_whose_worker_is_killed_is_complete_after_a_restart(
    organization: Organization, tmp_path: Path
) -> None:
    with correlated(new_correlation(correlation_id="story-of-a-kill")):
        job = start_import(organization_id=organization.pk, files=files())
    with running_worker(tmp_path) as first:
        wait_until_halfway(job, first)
        first.kill()
    assert loaded() == NOTHING

    with running_worker(tmp_path) as second:
        assert sweep_after_the_lease() == {"sent": 1, "given_up": 0, "cancelled": 0}
        ended = wait_until_ended(job, second)
        log = second.log.read_text()

    assert (ended.state, ended.attempts, ended.problem) == (JobState.SUCCEEDED, 2, None)
    assert loaded() == EVERYTHING
    assert "story-of-a-kill" in log
    with organization_scope(organization.pk):
        found = verify_competitions(organization_id=organization.pk, competitions=read_competitions(files()))
    performances = COMPETITIONS * 4
    assert tuple(found.as_data().values()) == (performances,) * 4
    assert list((tmp_path / "media").rglob("*.csv")) == []


def test_an_import_that_kills_each_of_its_workers_fails_and_leaves_nothing(
    organization: Organization, tmp_path: Path
) -> None:
    job = start_import(organization_id=organization.pk, files=files())
    Job.of_all_organizations.filter(pk=job.pk).update(max_attempts=1)
    with running_worker(tmp_path) as worker:
        wait_until_halfway(job, worker)
        worker.kill()

    assert sweep_after_the_lease() == {"sent": 0, "given_up": 1, "cancelled": 0}
    ended = fresh(job)
    assert (ended.state, ended.problem["code"]) == (JobState.FAILED, "JOB_ABANDONED")
    assert loaded() == NOTHING
    assert list((tmp_path / "media").rglob("*.csv")) == []


def test_a_frozen_worker_that_comes_back_commits_nothing(organization: Organization, tmp_path: Path) -> None:
    other_log = tmp_path / "other"
    other_log.mkdir()
    (other_log / "media").symlink_to(tmp_path / "media")
    job = start_import(organization_id=organization.pk, files=files())
    with running_worker(tmp_path) as frozen:
        wait_until_halfway(job, frozen)
        frozen.signal(signal.SIGSTOP)
        assert sweep_after_the_lease()["sent"] == 1
        with running_worker(other_log) as other:
            wait_for(lambda: fresh(job).attempts == 2, other, "the second attempt")
            frozen.signal(signal.SIGCONT)
            ended = wait_until_ended(job, other)
            wait_for(lambda: "job left" in frozen.log.read_text(), frozen, "the end of the frozen worker's attempt")
            outcome = re.findall(r"outcome=(\w+)", ANSI.sub("", frozen.log.read_text()))

    assert (ended.state, ended.attempts, outcome) == (JobState.SUCCEEDED, 2, ["lost"])
    assert loaded() == EVERYTHING
