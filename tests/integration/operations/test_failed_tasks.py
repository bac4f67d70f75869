"""Tasks that failed for good: kept without personal data, and sent again once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from celery import current_app, shared_task
from celery.signals import task_failure
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from rest_framework.test import APIClient

from apps.core import clock
from apps.core.correlation.celery import HEADER, outgoing_headers
from apps.core.correlation.context import Correlation, correlated
from apps.core.deadletters.models import FailedTask
from apps.core.deadletters.services import is_plain, remove_old_failures
from apps.core.ids import new_id
from apps.core.outbox.catalogue import EXAMPLE_ID
from apps.core.tenancy import organization_scope
from tests.api import problem, signed_in
from tests.factories.accounts import OperatorFactory
from tests.factories.core import FailedTaskFactory

pytestmark = pytest.mark.django_db

LIST = "/api/v1/failed-tasks/"
TRACE = f"00-{'a' * 32}-{'b' * 16}-01"


ERROR = ValueError("no such thing\nDETAIL: Olivia")


@shared_task(name="tests.fail", bind=True, max_retries=2)
def fail(self: Any, *_args: object, again: bool = False) -> None:
    """Fail, with retries where `again` says so."""
    if again:
        raise self.retry(exc=ERROR, countdown=0)
    raise ERROR


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[object], dict[str, Any]]]:
    """What goes to the broker."""
    found: list[tuple[str, list[object], dict[str, Any]]] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, args, **options: found.append((name, args, options)))
    return found


@pytest.fixture
def operator() -> APIClient:
    return signed_in(OperatorFactory.create())


def run(*args: object, **kwargs: object) -> FailedTask:
    """The row of a run that fails, as a worker's process sees it: with the headers that travelled with it."""
    run_id = str(new_id())
    carried = {HEADER: outgoing_headers(), "delivery_info": {"routing_key": "mail"}, "id": run_id}
    fail.push_request(**carried)
    try:
        task_failure.send(
            sender=fail, task_id=run_id, exception=ERROR, args=args, kwargs=kwargs, traceback=None, einfo=None
        )
    finally:
        fail.pop_request()
    row: FailedTask = FailedTask.objects.get(run_id=run_id)
    return row


def test_a_failed_task_is_kept_with_its_ids_and_its_story() -> None:
    organization, person, thing = new_id(), new_id(), new_id()
    with correlated(Correlation("r", "the-story", TRACE, person)), organization_scope(organization):
        row = run(str(thing), 3)

    assert (row.task, row.arguments, row.queue) == ("tests.fail", [str(thing), 3], "mail")
    assert (row.error_type, row.error, row.retries) == ("ValueError", "no such thing", 0)
    assert (row.organization_id, row.actor_id) == (organization, person)
    assert (row.correlation_id, row.traceparent) == ("the-story", TRACE)


def test_only_the_last_attempt_is_a_failure() -> None:
    fail.apply(kwargs={"again": True})
    row = FailedTask.objects.get()

    assert (row.retries, row.error_type, row.arguments) == (2, "ValueError", None)


@pytest.mark.parametrize("argument", ["olivia@podium.example", "Olivia Owner", ["a", "b c"], {"name": "x y"}, 1j])
def test_arguments_that_may_name_somebody_are_not_kept(argument: object) -> None:
    assert is_plain(argument) is False


@pytest.mark.parametrize("argument", [None, 7, 1.5, True, "core.sweep", EXAMPLE_ID, [1, ["a"]], {"id": 3}])
def test_ids_and_words_are_kept(argument: object) -> None:
    assert is_plain(argument) is True


def test_it_is_sent_again_once_in_its_own_story(
    sent: list[Any],
    operator: APIClient,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    organization = new_id()
    failed = FailedTaskFactory.create(
        arguments=["a-1"], queue="mail", organization_id=organization, correlation_id="the-story", traceparent=TRACE
    )
    address = f"{LIST}{failed.pk}/replay/"
    with django_capture_on_commit_callbacks(execute=True):
        answer = operator.post(address).json()

    ((name, args, options),) = sent
    assert (name, args, options["queue"]) == ("core.sweep_jobs", ["a-1"], "mail")
    assert options["headers"][HEADER] == {
        "correlation_id": "the-story",
        "traceparent": TRACE,
        "organization_id": str(organization),
    }
    assert answer["replayed_at"] is not None
    assert UUID(answer["replayed_by"])
    problem(operator.post(address), 409, "ALREADY_REPLAYED")


def test_without_its_arguments_it_can_not_be_sent(sent: list[Any], operator: APIClient) -> None:
    failed = FailedTaskFactory.create(arguments=None)

    problem(operator.post(f"{LIST}{failed.pk}/replay/"), 409, "ARGUMENTS_NOT_KEPT")
    assert (sent, failed.can_be_replayed) == ([], False)


def test_the_list_is_filtered_by_what_is_left_to_do(operator: APIClient) -> None:
    left = FailedTaskFactory.create(task="core.purge_due")
    FailedTaskFactory.create(replayed_at=clock.now())

    def ids(**query: str) -> list[str]:
        return [row["id"] for row in operator.get(LIST, query).json()["results"]]

    assert ids(replayed="false") == [str(left.pk)]
    assert len(ids(replayed="true")) == 1
    assert ids(task="core.purge_due") == [str(left.pk)]


def test_the_admin_sends_again(
    sent: list[Any], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    FailedTaskFactory.create(arguments=["a-1"])
    FailedTaskFactory.create(arguments=None)
    client = Client()
    client.force_login(OperatorFactory.create())
    body = {"action": "replay", "_selected_action": [str(one.pk) for one in FailedTask.objects.all()]}
    with django_capture_on_commit_callbacks(execute=True):
        page = client.post("/admin/core/failedtask/", body, follow=True).content.decode()

    assert ("Tasks that were sent again: 1." in page, "not written down" in page) == (True, True)
    assert [args for _, args, _ in sent] == [["a-1"]]


@pytest.mark.parametrize(
    "path",
    [
        "core/failedtask/",
        "django_celery_results/taskresult/",
        "django_celery_beat/periodictask/",
        "django_celery_beat/periodictask/add/",
        "django_celery_beat/intervalschedule/",
        "django_celery_beat/crontabschedule/",
    ],
)
def test_operators_have_pages_for_tasks_and_their_schedule(path: str, settings: Settings) -> None:
    client = Client()
    client.force_login(OperatorFactory.create())

    assert client.get(f"/admin/{path}").status_code == 200


def test_failures_are_forgotten_in_the_end() -> None:
    FailedTaskFactory.create(failed_at=clock.now() - timedelta(days=91))
    FailedTaskFactory.create()

    assert (remove_old_failures(), FailedTask.objects.count()) == (1, 1)
