"""Real Celery workers that are stopped, lose their processes, and run out of time."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.db import connection, transaction

from apps.core.correlation.context import correlated, new_correlation
from apps.core.deadletters.models import FailedTask
from apps.core.ids import new_id
from apps.core.queue import enqueue_on_commit
from apps.core.tenancy import organization_scope
from tests.e2e.imports.worker import Worker, running_worker, wait_for
from tests.zoo.models import Park
from tests.zoo.tasks import GATE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _an_empty_queue() -> Iterator[None]:
    current_app.control.purge()
    yield
    current_app.control.purge()


def parks() -> list[str]:
    return sorted(Park.objects.values_list("name", flat=True))


def test_a_worker_that_is_told_to_stop_ends_what_it_has_begun_and_nothing_else(tmp_path: Path) -> None:
    with running_worker(tmp_path) as worker:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [GATE])
            current_app.send_task("zoo.wait", args=["first"], queue="default")
            current_app.send_task("zoo.wait", args=["second"], queue="default")
            wait_for(lambda: "zoo.wait" in worker.log.read_text(), worker, "the first task")
            worker.process.send_signal(signal.SIGTERM)
            wait_for(lambda: "Warm shutdown" in worker.log.read_text(), worker, "the warm shutdown")
            assert worker.process.poll() is None
        assert worker.process.wait(30) == 0
    assert parks() == ["first"]

    with running_worker(tmp_path) as next_one:
        wait_for(lambda: parks() == ["first", "second"], next_one, "the second task")


def test_lost_processes_and_lost_time_end_as_dead_letters_and_not_as_loops(tmp_path: Path) -> None:
    organization = new_id()
    with correlated(new_correlation(correlation_id="a-sad-story")), organization_scope(organization):
        for task, *args in (("zoo.stumble", "luck"), ("zoo.fall", "down"), ("zoo.dawdle",)):
            enqueue_on_commit(task, *args)
    with running_worker(tmp_path) as worker:
        wait_for(lambda: FailedTask.objects.count() == 2, worker, "two dead letters")
        wait_for(lambda: "luck" in parks(), worker, "the task that was tried again")
        assert_quiet(worker)

    assert parks() == ["down 1", "down 2", "luck", "luck has stumbled"]
    rows = FailedTask.objects.order_by("task")
    assert [(row.task, row.error_type, row.arguments, row.retries) for row in rows] == [
        ("zoo.dawdle", "TimeLimitExceeded", [], 0),
        ("zoo.fall", "WorkerLostError", ["down"], 1),
    ]
    assert {(row.correlation_id, row.organization_id, row.queue) for row in rows} == {
        ("a-sad-story", organization, "default")
    }


def assert_quiet(worker: Worker) -> None:
    """Nothing goes round: a task that is sent now is the next that is done."""
    current_app.send_task("zoo.stumble", args=["luck"], queue="default")
    lines = worker.log.read_text().count("task done")
    wait_for(lambda: worker.log.read_text().count("task done") > lines, worker, "one more task")
